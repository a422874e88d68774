"""Put two rankings of the same chunks together: weighted reciprocal rank fusion."""

from __future__ import annotations

from collections.abc import Sequence

# Ranks count as 1 / (RANK_OFFSET + rank): the larger, the less the first places stand out.
RANK_OFFSET = 20
KEYWORD_WEIGHT = 1.0
# A chunk's keyword rank counts by the share of the query's weight in terms that the chunk holds,
# to this power: where the words of another language are missing, keyword search is blind.
COVERAGE_POWER = 1.0


def fuse(
    dense: Sequence[tuple[int, float]],
    keyword: Sequence[tuple[int, float]],
    *,
    best_keyword_score: float,
) -> list[tuple[int, float]]:
    """Return (chunk id, fused score in [0, 1]), best first; 1 is first in both, all terms found.

    ``best_keyword_score`` is the score that a chunk with every term of the query would have.
    """
    scores: dict[int, float] = {}
    for rank, (chunk_id, _) in enumerate(dense):
        scores[chunk_id] = 1 / (RANK_OFFSET + rank)
    for rank, (chunk_id, score) in enumerate(keyword):
        coverage = min(1.0, score / best_keyword_score) if best_keyword_score > 0 else 0.0
        share = KEYWORD_WEIGHT * coverage**COVERAGE_POWER / (RANK_OFFSET + rank)
        scores[chunk_id] = scores.get(chunk_id, 0.0) + share
    most = (1 + KEYWORD_WEIGHT) / RANK_OFFSET
    # Equal scores: the dense order, in which they were entered, stands.
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return [(chunk_id, score / most) for chunk_id, score in ranked]
