"""Fuses several queries of one request by the confidence of their hits.

Every query has a search of its own, in its own mode. It gives its candidates (a hundred or more) a
score in [0, 1]: the confidence that the passage answers. The request's score is the weighted mean
of these (a linear opinion pool: Stone, "The Opinion Pool", Annals of Mathematical Statistics 32,
1961). A passage that is not a candidate of a query counts 0 for it, because its calibrated score
behind a hundred better ones would hardly be more.

So a passage found by two queries ranks before one that a single query finds with the same
confidence. A passage of high confidence in one query stays ahead of those doubtful in all. The mean
of equal scores is that score: a query alone, or twice the same one, gives its usual result. Ranks
are not fused, for the reason in :mod:`kb.search.fusion`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kb.records import SearchHit
from kb.search.hits import Found, Places, places


def fused(found: Sequence[Found], weights: Sequence[float]) -> Found:
    """Return the results of several queries as one ranking; that of a single query unchanged.

    Each stage shows a passage's best rank over all queries; ``query_1`` and so on show its rank and
    score in each query.
    """
    if len(found) == 1:
        return found[0]
    sums: dict[int, float] = {}
    for each, weight in zip(found, weights, strict=True):
        for chunk_id, sure in each.ranked:
            sums[chunk_id] = sums.get(chunk_id, 0.0) + weight * sure
    # Equal sums keep the order of the first query.
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
    """Return the query that contributes most to a hit's score, counted from 0."""
    shares = [weight * hit.scores.get(stage(at), 0.0) for at, weight in enumerate(weights)]
    return shares.index(max(shares))


def stage(at: int) -> str:
    """Return the name of a query's stage in hits."""
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
    # Equal sums keep the order of the first query.
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
