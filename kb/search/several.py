"""Several queries of one request: what each finds is put together by how sure it is.

Every query is searched for by itself, in its own mode, and gives its candidates (a hundred or more)
a score in [0, 1]: how sure it is that the passage answers. The request's score is the mean of
these, each with its query's weight (a linear opinion pool: Stone, "The Opinion Pool", Annals of
Mathematical Statistics 32, 1961). A passage that is no candidate of a query counts 0 for it: behind
a hundred better ones, a calibrated score is hardly more.

So a passage that two queries find comes before one that only one of them finds as surely, and one
that a single query is sure of stays ahead of what all find doubtful. The mean of equal scores is
that score: one query alone, or the same one twice, gives what it would give by itself. Ranks are
not fused, for the reason that :mod:`kb.search.fusion` gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kb.records import SearchHit
from kb.search.hits import Found, Places, places


def fused(found: Sequence[Found], weights: Sequence[float]) -> Found:
    """Return what several queries found as one ranking; what a single one found as it is.

    Each stage shows the best place that any query gave a passage; ``query_1`` and so on are what
    the queries gave it.
    """
    if len(found) == 1:
        return found[0]
    sums: dict[int, float] = {}
    for each, weight in zip(found, weights, strict=True):
        for chunk_id, sure in each.ranked:
            sums[chunk_id] = sums.get(chunk_id, 0.0) + weight * sure
    # Equal sums: what the first of the queries put first stays first.
    order = sorted(sums, key=lambda chunk_id: -sums[chunk_id])
    total = sum(weights)
    stages = dict.fromkeys(name for each in found for name in each.stages)
    return Found(
        found[0].collections,
        [(chunk_id, min(1.0, sums[chunk_id] / total)) for chunk_id in order],
        {chunk_id: one for each in found for chunk_id, one in each.passages.items()},
        {name: _best(each.stages[name] for each in found if name in each.stages) for name in stages}
        | {stage(at): places(each.ranked) for at, each in enumerate(found)},
    )


def leading(hit: SearchHit, weights: Sequence[float]) -> int:
    """Return which of the queries says most for a hit, counted from 0."""
    shares = [weight * hit.scores.get(stage(at), 0.0) for at, weight in enumerate(weights)]
    return shares.index(max(shares))


def stage(at: int) -> str:
    """Return the name under which hits show what a query gave them."""
    return f"query_{at + 1}"


def averaged(read: Sequence[Sequence[SearchHit]], weights: Sequence[float]) -> list[SearchHit]:
    """Return hits that a reranker has read once for each query, ordered by their mean scores."""
    if len(read) == 1:
        return list(read[0])
    total = sum(weights)
    sums: dict[int, float] = {}
    for each, weight in zip(read, weights, strict=True):
        for hit in each:
            sums[hit.chunk_id] = sums.get(hit.chunk_id, 0.0) + weight * hit.score / total
    # Equal sums: the order of the first query stands.
    order = sorted(read[0], key=lambda hit: -sums[hit.chunk_id])
    return [
        replace(
            hit,
            score=sums[hit.chunk_id],
            scores={**hit.scores, "reranked": sums[hit.chunk_id]},
            ranks={**hit.ranks, "reranked": rank},
        )
        for rank, hit in enumerate(order, start=1)
    ]


def _best(stages: Iterable[Places]) -> Places:
    best: dict[int, tuple[int, float]] = {}
    for each in stages:
        for chunk_id, place in each.items():
            if chunk_id not in best or place[0] < best[chunk_id][0]:
                best[chunk_id] = place
    return best
