"""Put two rankings of the same chunks together: weighted reciprocal rank fusion.

Cormack, Clarke, Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods" (SIGIR 2009), with a weight that is judged for each query and chunk: plain fusion
loses where keyword search is blind (another language) or sees too much (code, whose functions
share their words). CONTRIBUTING.md has the table that chose the numbers; the shape of the formula
was found on the same queries. ``tests/benchmarks/fusion.py`` chooses again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Keyword search is sure of itself where the best chunk stands out: its score is twice that of
# the one at CONTRAST_RANK (from 0), or more. Below, the weight falls with the square.
CONTRAST_RANK = 4
FULL_CONTRAST = 0.5
# A chunk with (nearly) all of the query's words counts though others hold them as well: whoever
# looks for an error code wants the chunks that have it. Judged sets hardly ask for such.
HIGH_COVERAGE, FULL_HIGH_COVERAGE = 0.45, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What was chosen by judged queries.

    Attributes:
        rank_offset: ranks from 0 count as 1 / (offset + rank); the larger it is, the less the
            first places stand out.
        keyword: weight of the keyword ranking against 1 for the dense one.
        full_coverage: a keyword rank counts in full where the chunk's BM25 score is this share of
            the most it could be, in proportion below: where the words of another language are
            missing, keyword search is blind.
    """

    rank_offset: float = 2
    keyword: float = 3
    full_coverage: float = 0.5


CHOSEN = Weights()


def fuse(
    dense: Sequence[tuple[int, float]],
    keyword: Sequence[tuple[int, float]],
    *,
    best_keyword_score: float | Mapping[int, float],
    weights: Weights = CHOSEN,
) -> list[tuple[int, float]]:
    """Return (chunk id, fused score in [0, 1]), best first; 1 is first in both, words found.

    ``best_keyword_score`` is the score that a chunk with every term of the query would have; by
    chunk, where they are of several collections, in which words are rare to different degrees.
    """
    offset = weights.rank_offset
    scores: dict[int, float] = {}
    for rank, (chunk_id, _) in enumerate(dense):
        scores[chunk_id] = 1 / (offset + rank)
    contrast = _contrast([score for _, score in keyword])
    for rank, (chunk_id, score) in enumerate(keyword):
        best = (
            best_keyword_score
            if isinstance(best_keyword_score, float)
            else best_keyword_score[chunk_id]
        )
        coverage = min(1.0, score / best) if best > 0 else 0.0
        high = (coverage - HIGH_COVERAGE) / (FULL_HIGH_COVERAGE - HIGH_COVERAGE)
        trust = min(1.0, coverage / weights.full_coverage) * max(contrast, min(1.0, high))
        share = weights.keyword * trust / (offset + rank)
        scores[chunk_id] = scores.get(chunk_id, 0.0) + share
    most = (1 + weights.keyword) / offset
    # Equal scores: the dense order, in which they were entered, stands.
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return [(chunk_id, score / most) for chunk_id, score in ranked]


def _contrast(scores: Sequence[float]) -> float:
    if not scores or scores[0] <= 0:
        return 0.0
    other = scores[CONTRAST_RANK] if len(scores) > CONTRAST_RANK else 0.0
    return float(min(1.0, (scores[0] - other) / scores[0] / FULL_CONTRAST) ** 2)
