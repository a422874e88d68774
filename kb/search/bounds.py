"""The best chunks by BM25, without scoring those that cannot be among them.

Scoring a chunk costs thirty times as much as listing it under a term: FTS5 reads every position of
every term, and looks up the chunk's length. So the chunks of each term are listed first. A term
adds at most ``idf * (k1 + 1)`` to a score, however often it occurs in however short a chunk. So the
sum over its terms is an upper bound of a chunk's score (Turtle & Flood, "Query Evaluation:
Strategies and Optimizations", Information Processing & Management 31, 1995). The chunks with the
highest bounds are scored, then all others whose bound reaches the last score that counts. The
result is the same, and at 100,000 chunks it takes 7 ms instead of 16.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from kb.catalog.keywords import Ranking
from kb.catalog.state import State
from kb.search.kept_filters import Allowed

K1 = 1.2
"""A constant of FTS5's bm25()."""

# Below this number, scoring all postings is faster than bounding them.
_FEW_POSTINGS = 2_000
# Chunks for each wanted one, below which all are scored.
_FEW_CHUNKS = 3
# Expected share of its bound that the score of the last wanted chunk reaches. With 0.45 six of ten
# searches have to score more chunks, with 0.35 one of twenty.
_EXPECTED = 0.35
# Above this number of chunks that this share lets through, a few with the highest bounds are scored
# first, for a better estimate: one of five searches in a million chunks, which then scores 5,000 in
# place of 15,000.
_MANY_CHUNKS = 8_000
_SAMPLE = 300
# Share of the chunks with a term above which choosing among them takes longer than scoring all.
_NEARLY_ALL = 0.8
# The chunks of an index may have been counted a moment ago.
_ROOM = 1.01

Ids = npt.NDArray[np.int64]


def idf(chunks: float, frequency: int) -> float:
    """Return FTS5's inverse document frequency."""
    return max(1e-6, math.log((chunks - frequency + 0.5) / (frequency + 0.5)))


def best(
    state: State,
    collection_id: str,
    sought: Mapping[str, int],
    limit: int,
    *,
    chunks: int,
    postings: int,
    allowed: Allowed | None = None,
) -> Ranking:
    """Return up to ``limit`` (chunk id, BM25 score) of passing chunks with a term, best first.

    Args:
        state: a state of the catalog.
        collection_id: id of the collection.
        sought: FTS5 expressions of the terms, each with the weight of its score.
        limit: highest number of results.
        chunks: number of chunks of the collection.
        postings: approximate sum of the terms' chunk counts.
        allowed: the passing chunks; None if all pass.
    """
    whole = " OR ".join(each for name, weight in sought.items() for each in [name] * weight)
    if allowed is None and (len(sought) == 1 or postings < _FEW_POSTINGS):
        return state.best_by_words(collection_id, whole, limit)
    ids, bounds = _bounds(state, collection_id, sought, _ROOM * chunks)
    if allowed is not None:
        holds = allowed.hold(ids)
        ids, bounds = ids[holds], bounds[holds]

    def scored(chosen: npt.NDArray[np.bool_]) -> Ranking:
        if allowed is None and np.count_nonzero(chosen) > _NEARLY_ALL * len(ids):
            return state.best_by_words(collection_id, whole, limit)
        return state.best_by_words_among(collection_id, whole, ids[chosen].tolist(), limit)

    if len(sought) == 1 or len(ids) <= _FEW_CHUNKS * limit:
        return scored(np.ones(len(ids), bool))
    first = bounds >= _EXPECTED * np.partition(bounds, -limit)[-limit]
    if np.count_nonzero(first) > _MANY_CHUNKS:
        first = _highest(bounds, max(_SAMPLE, 2 * limit))
    found = dict(scored(first))
    others = ~first & (bounds >= min(found.values()))
    if others.any():
        found |= scored(others)
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))[:limit]


def _highest(values: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.bool_]:
    """Return which values are the ``count`` highest, any of equal ones."""
    chosen = np.zeros(len(values), bool)
    chosen[np.argpartition(values, -count)[-count:]] = True
    return chosen


def _bounds(
    state: State, collection_id: str, sought: Mapping[str, int], chunks: float
) -> tuple[Ids, npt.NDArray[np.float64]]:
    """Return the chunks with any term, and the upper bounds of their scores."""
    listed = [state.ids_with_words(collection_id, each) for each in sought]
    most = [
        (K1 + 1) * weight * idf(chunks, len(ids))
        for ids, weight in zip(listed, sought.values(), strict=True)
    ]
    each = np.concatenate(listed)
    adds = np.repeat(np.array(most), [len(ids) for ids in listed])
    if not len(each):
        return each, adds
    # Each term's chunks are in their order, so sorting merges: at a million chunks it takes a sixth
    # of the time of a sum for each chunk of the collection.
    order = np.argsort(each, kind="stable")
    each, adds = each[order], adds[order]
    first = np.flatnonzero(np.concatenate(([True], each[1:] != each[:-1])))
    return each[first], np.add.reduceat(adds, first)
