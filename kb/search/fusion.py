"""Put what two searches say of the same chunks together: a weighted sum of their scores.

The exact score by meaning and the share of the query's words that a chunk has are both numbers that
mean the same for every query, so they can be added; ranks cannot tell a clear first place from a
narrow one. docs/search.md has the table of what else was tried, on sets left out of the choice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kb.languages.queries import query_languages
from kb.search.calibration import BY_BOTH

COVERAGE_WEIGHT = 0.35
"""Of a chunk that has every word of the query, beside a score by meaning of at most 1."""

CODE_WEIGHT = 1.4
"""The same for a query of codes, numbers and names, of which a model understands little."""

FOREIGN = 0.02
"""For a chunk in another language than the query, which cannot hold its words."""

Ranking = Sequence[tuple[int, float]]
"""(chunk id, score), best first."""


def fuse(
    meaning: Ranking,
    coverage: Mapping[int, float],
    *,
    weight: float = COVERAGE_WEIGHT,
    foreign: Collection[int] = (),
) -> list[tuple[int, float]]:
    """Return (chunk id, how sure it is that the chunk answers, in [0, 1]), best first.

    Args:
        meaning: exact scores of all candidates that have any, see :mod:`kb.search.rescoring`.
        coverage: of the chunks found by words, the share in [0, 1] of the most that a chunk with
            every word of the query would score.
        weight: of a chunk that has every word of the query, see :func:`words_weight`.
        foreign: chunks in other languages than the query.
    """
    known = dict(meaning)
    # A chunk without a vector is no nearer than the last of those that were found.
    last = min(known.values(), default=0.0)
    sums = {
        chunk_id: known.get(chunk_id, last)
        + weight * coverage.get(chunk_id, 0.0)
        + FOREIGN * (chunk_id in foreign)
        for chunk_id in dict.fromkeys((*known, *coverage))
    }
    # Equal sums: the order by meaning, in which they were entered, stands.
    order = sorted(sums, key=lambda chunk_id: -sums[chunk_id])
    sure = BY_BOTH.probabilities([sums[chunk_id] for chunk_id in order])
    return list(zip(order, sure, strict=True))


def words_weight(query: str) -> float:
    """Return what the words of a query weigh beside its meaning."""
    return COVERAGE_WEIGHT if query_languages(query) else CODE_WEIGHT


def covered(words: Ranking, best_score: float) -> dict[int, float]:
    """Return which share of the query's words each chunk has, weighed as BM25 weighs them.

    ``best_score`` is that of a chunk with every word of the query, as often as counts.
    """
    if best_score <= 0:
        return dict.fromkeys((chunk_id for chunk_id, _ in words), 0.0)
    return {chunk_id: min(1.0, score / best_score) for chunk_id, score in words}
