"""Put two rankings of the same chunks together: weighted reciprocal rank fusion.

The constants were chosen by five-fold cross-validation on judged queries in English, German,
Chinese, code and across languages (``tests/benchmarks/quality.py`` makes the table); every fold
chose the same.
"""

from __future__ import annotations

from collections.abc import Sequence

# Ranks from 0 count as 1 / (RANK_OFFSET + rank): the larger, the less the first places stand out.
RANK_OFFSET = 5
KEYWORD_WEIGHT = 1.0
# A keyword rank counts in full where the chunk's BM25 score is this share of the most it could
# be, in proportion below: where the words of another language are missing, keyword search is
# blind. Plain fusion (offset 60, equal weights) lost 0.19 nDCG@10 from English to Chinese.
FULL_COVERAGE = 0.3
# Below this share of full coverage the words found are too few to say anything, such as "how
# long" without what it is that lasts: without the floor, a handful of documents is enough for
# them to beat the passage in another language that answers the question.
COVERAGE_FLOOR = 0.3


def fuse(
    dense: Sequence[tuple[int, float]],
    keyword: Sequence[tuple[int, float]],
    *,
    best_keyword_score: float,
) -> list[tuple[int, float]]:
    """Return (chunk id, fused score in [0, 1]), best first; 1 is first in both, words found.

    ``best_keyword_score`` is the score that a chunk with every term of the query would have.
    """
    scores: dict[int, float] = {}
    for rank, (chunk_id, _) in enumerate(dense):
        scores[chunk_id] = 1 / (RANK_OFFSET + rank)
    for rank, (chunk_id, score) in enumerate(keyword):
        share = KEYWORD_WEIGHT * _coverage(score, best_keyword_score) / (RANK_OFFSET + rank)
        scores[chunk_id] = scores.get(chunk_id, 0.0) + share
    most = (1 + KEYWORD_WEIGHT) / RANK_OFFSET
    # Equal scores: the dense order, in which they were entered, stands.
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return [(chunk_id, score / most) for chunk_id, score in ranked]


def _coverage(score: float, best: float) -> float:
    share = min(1.0, score / (best * FULL_COVERAGE)) if best > 0 else 0.0
    return max(0.0, (share - COVERAGE_FLOOR) / (1 - COVERAGE_FLOOR))
