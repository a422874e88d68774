"""Put what two searches say of the same chunks together: a weighted sum of their scores.

The exact score by meaning and the share of the query's words that a chunk has are both numbers that
mean the same for every query, so they can be added; ranks cannot tell a clear first place from a
narrow one. docs/ranking.md has the table of what else was tried, on sets left out of the choice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kb.languages.queries import query_languages

COVERAGE_WEIGHT = 0.2
"""Of the query's words that a chunk has, all of them being 1."""

LEAD_WEIGHT = 0.08
"""Of the share of its score that the chunk at ``_FIFTH`` does not reach: words that many chunks
have tell little."""

CODE_FACTOR = 4.0
"""How much more words count in a query that is a code, a number or a name: models know few."""

FOREIGN = 0.02
"""For a chunk in another language than the query, which cannot hold its words."""

_FIFTH = 4  # from 0

Ranking = Sequence[tuple[int, float]]
"""(chunk id, score), best first."""


def fuse(
    meaning: Ranking, words: Mapping[int, float], *, foreign: Collection[int] = ()
) -> list[tuple[int, float]]:
    """Return (chunk id, sum of its scores), best first.

    Args:
        meaning: exact scores of all candidates that have any, see :mod:`kb.search.rescoring`.
        words: what their words count for the chunks found by words, see :func:`evidence`.
        foreign: chunks in other languages than the query.
    """
    known = dict(meaning)
    # A chunk without a vector is no nearer than the last of those that were found.
    last = min(known.values(), default=0.0)
    sums = {
        chunk_id: known.get(chunk_id, last)
        + words.get(chunk_id, 0.0)
        + FOREIGN * (chunk_id in foreign)
        for chunk_id in dict.fromkeys((*known, *words))
    }
    # Equal sums: the order by meaning, in which they were entered, stands.
    return sorted(sums.items(), key=lambda each: -each[1])


def evidence(
    words: Ranking, best_score: float, query: str, *, stands: bool = True
) -> dict[int, float]:
    """Return what the words of each chunk count beside its score by meaning.

    Args:
        words: BM25 scores, best first.
        best_score: that of a chunk with every word of the query, as often as counts.
        query: its text.
        stands: whether the collection holds the codes of the query. A code that it does not hold is
            no reason to trust the code's letters.
    """
    coverage = covered(words, best_score)
    first = words[0][1] if words else 0.0
    factor = CODE_FACTOR if stands and is_code(query) else 1.0
    fifth = words[_FIFTH][1] if len(words) > _FIFTH else 0.0
    return {
        chunk_id: factor
        * (
            COVERAGE_WEIGHT * coverage[chunk_id]
            + LEAD_WEIGHT * (max(0.0, score - fifth) / first if first > 0 else 0.0)
        )
        for chunk_id, score in words
    }


def is_code(query: str) -> bool:
    """Say whether a query is one word of no language: a code, a number, a name."""
    return len(query.split()) == 1 and not query_languages(query)


def covered(words: Ranking, best_score: float) -> dict[int, float]:
    """Return which share of the query's words each chunk has, weighed as BM25 weighs them."""
    if best_score <= 0:
        return dict.fromkeys((chunk_id for chunk_id, _ in words), 0.0)
    return {chunk_id: min(1.0, score / best_score) for chunk_id, score in words}
