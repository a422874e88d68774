"""The last stage of a search: a reranker reads the query with the best hits and orders them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kb.errors import InputTooLongError, ModelCallError, RerankingError
from kb.records import SearchHit, with_header
from kb.reranking.base import Reranker


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranking:
    """Which reranker orders the hits of one search, and how many of them it reads.

    ``known`` are the scores of passages that this search has had read, by query and text. A search
    begins anew when others commit meanwhile, and reading is what takes long: 30 passages may cost
    seconds.
    """

    reranker: Reranker
    candidates: int
    known: dict[tuple[str, str], float] = field(default_factory=dict)


def reranked(
    reranking: Reranking, query: str, read: Sequence[SearchHit], task: str
) -> list[SearchHit]:
    """Return hits ordered and scored by the reranker.

    Their scores in [0, 1] stand under ``reranked`` beside those of the stages before.

    Raises:
        InputTooLongError: the query is too long to be read with a passage.
        RerankingError: the reranker failed; says how to search without it.
    """
    scores = _scores(reranking, query, [with_header(hit.header, hit.text) for hit in read], task)
    # Equal scores: the order before stands.
    order = sorted(range(len(read)), key=lambda place: -scores[place])
    return [
        replace(
            read[place],
            score=scores[place],
            scores={**read[place].scores, "reranked": scores[place]},
            ranks={**read[place].ranks, "reranked": rank},
        )
        for rank, place in enumerate(order, start=1)
    ]


def _scores(reranking: Reranking, query: str, texts: Sequence[str], task: str) -> list[float]:
    known = reranking.known
    new = [text for text in dict.fromkeys(texts) if (query, text) not in known]
    if new:
        try:
            scores = reranking.reranker.score(query, new, task=task)
        except InputTooLongError:  # says itself what to do
            raise
        except ModelCallError as error:
            msg = f"{error}. Or search without reranking: --no-rerank, rerank=False"
            raise RerankingError(msg) from error
        known.update(zip([(query, text) for text in new], map(float, scores), strict=True))
    return [known[query, text] for text in texts]
