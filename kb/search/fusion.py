"""Fuses the two searches' scores of the same chunks: a weighted sum.

The exact score by meaning and a chunk's share of the query's words mean the same for every query,
so they can be added. Ranks could not tell a clear first place from a narrow one. docs/ranking.md
has a table of the alternatives, on sets left out of the choice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kb.languages.queries import query_languages

COVERAGE_WEIGHT = 0.2
"""Weight of a chunk's share of the query's words; all words are 1."""

LEAD_WEIGHT = 0.08
"""Weight of a chunk's lead by words over the chunk at ``_FIFTH``.

It is a share of the chunk's score: words that many chunks contain mean little.
"""

CODE_FACTOR = 4.0
"""Factor for the weight of words in a query of a code, number or name, which models know badly."""

FOREIGN = 0.02
"""Bonus of a chunk in another language than the query, which cannot contain its words."""

_FIFTH = 4  # counted from 0

Ranking = Sequence[tuple[int, float]]
"""(chunk id, score), best first."""


def fuse(
    meaning: Ranking, words: Mapping[int, float], *, foreign: Collection[int] = ()
) -> list[tuple[int, float]]:
    """Return (chunk id, sum of its scores), best first.

    Args:
        meaning: exact scores of the candidates that have one, see :mod:`kb.search.rescoring`.
        words: weights of the words of chunks found by words, see :func:`evidence`.
        foreign: chunks in other languages than the query.
    """
    known = dict(meaning)
    # A chunk without a vector is at most as near as the last one that was found.
    last = min(known.values(), default=0.0)
    sums = {
        chunk_id: known.get(chunk_id, last)
        + words.get(chunk_id, 0.0)
        + FOREIGN * (chunk_id in foreign)
        for chunk_id in dict.fromkeys((*known, *words))
    }
    # Equal sums keep the order by meaning, in which they were entered.
    return sorted(sums.items(), key=lambda each: -each[1])


def evidence(
    words: Ranking, best_score: float, query: str, *, stands: bool = True
) -> dict[int, float]:
    """Return the weight of each chunk's words, to add to its score by meaning.

    Args:
        words: BM25 scores of chunks, best first.
        best_score: the score of a chunk that contains every word of the query often enough.
        query: text of the query.
        stands: whether the collection contains the codes of the query. The letters of a code that
            it lacks are no evidence.
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
    """Return whether a query is one word without a language: a code, a number, a name."""
    return len(query.split()) == 1 and not query_languages(query)


def covered(words: Ranking, best_score: float) -> dict[int, float]:
    """Return each chunk's share of the query's words, weighted as in BM25."""
    if best_score <= 0:
        return dict.fromkeys((chunk_id for chunk_id, _ in words), 0.0)
    return {chunk_id: min(1.0, score / best_score) for chunk_id, score in words}
