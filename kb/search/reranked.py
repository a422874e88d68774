"""The last stage of a search: a reranker reads the query with the best hits and orders them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kb.records import SearchHit
from kb.reranking.base import Reranker


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranking:
    """Which reranker orders hits, and how many of them it reads."""

    reranker: Reranker
    candidates: int


def reranked(
    reranker: Reranker, query: str, read: Sequence[SearchHit], task: str
) -> list[SearchHit]:
    """Return hits ordered and scored by the reranker.

    Their scores in [0, 1] stand under ``reranked`` beside those of the stages before.
    """
    if not read:
        return []
    scores = reranker.score(query, [hit.text for hit in read], task=task)
    # Equal scores: the order before stands.
    order = sorted(range(len(read)), key=lambda place: -scores[place])
    return [
        replace(
            read[place],
            score=float(scores[place]),
            scores={**read[place].scores, "reranked": float(scores[place])},
            ranks={**read[place].ranks, "reranked": rank},
        )
        for rank, place in enumerate(order, start=1)
    ]
