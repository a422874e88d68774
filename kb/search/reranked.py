"""The last stage of a search: a reranker reads the query with each of the best hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kb.errors import InputTooLongError, ModelCallError, RerankingError
from kb.records import SearchHit, with_header
from kb.reranking.base import Reranker


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranking:
    """The reranker of one search, and the number of hits that it reads.

    ``known`` holds scores of this search by query and text. A search starts again when another
    process commits meanwhile, and reading takes longest: 30 passages may take seconds.
    """

    reranker: Reranker
    candidates: int
    known: dict[tuple[str, str], float] = field(default_factory=dict)


def reranked(
    reranking: Reranking, query: str, read: Sequence[SearchHit], task: str
) -> list[SearchHit]:
    """Return hits ordered and scored by the reranker.

    ``scores`` holds the reranker's score in [0, 1] as ``reranked``, beside those of the earlier
    stages.

    Raises:
        InputTooLongError: the query leaves no room for a passage.
        RerankingError: the reranker failed. The message says how to search without it.
    """
    scores = _scores(reranking, query, [with_header(hit.header, hit.text) for hit in read], task)
    # Equal scores keep their order.
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
        except InputTooLongError:  # its message already says what to do
            raise
        except ModelCallError as error:
            msg = f"{error}. Or search without reranking: --no-rerank, rerank=False"
            raise RerankingError(msg) from error
        known.update(zip([(query, text) for text in new], map(float, scores), strict=True))
    return [known[query, text] for text in texts]
