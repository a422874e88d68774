"""Metrics of rankings, confidence intervals of their means, and tests of differences."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

CUTOFFS = (1, 5, 10)
DEPTH = 10
_RESAMPLES = 2000
_SEED = 20240501  # the same run twice has the same interval


def recall(ranked: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """Return the share of ``relevant`` among the first ``depth`` documents."""
    return len(set(ranked[:depth]) & set(relevant)) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """Return 1 / rank of the first relevant document; 0 beyond ``depth``."""
    for rank, item in enumerate(ranked[:depth], start=1):
        if item in relevant:
            return 1 / rank
    return 0.0


def ndcg(ranked: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """Return the normalised discounted cumulative gain for relevance 0 or 1."""
    gain = sum(
        1 / math.log2(rank + 1)
        for rank, item in enumerate(ranked[:depth], start=1)
        if item in relevant
    )
    most = sum(1 / math.log2(rank + 1) for rank in range(1, min(depth, len(relevant)) + 1))
    return gain / most


def score(ranked: Sequence[str], relevant: Collection[str]) -> dict[str, float]:
    """Return every metric of one query by its usual name."""
    values = {f"recall@{depth}": recall(ranked, relevant, depth) for depth in CUTOFFS}
    values[f"mrr@{DEPTH}"] = reciprocal_rank(ranked, relevant, DEPTH)
    values[f"ndcg@{DEPTH}"] = ndcg(ranked, relevant, DEPTH)
    return values


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95% bootstrap interval of the mean over queries."""
    means = _resampled_means(np.asarray(values, dtype=np.float64))
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def paired(
    one: Sequence[float], other: Sequence[float]
) -> tuple[float, tuple[float, float], float]:
    """Compare two runs over the same queries, query by query.

    Returns:
        Mean difference (other - one), its 95% bootstrap interval, and the p-value of a two-sided
            sign-flip test: how often swapping the two runs of queries at random differs as much.
    """
    difference = np.asarray(other, dtype=np.float64) - np.asarray(one, dtype=np.float64)
    observed = abs(difference.mean())
    generator = np.random.default_rng(_SEED)
    extreme = 0
    for _ in range(_RESAMPLES):
        signs = generator.integers(0, 2, len(difference)) * 2 - 1
        # A rounding error must not count an equal outcome as smaller.
        extreme += abs((difference * signs).mean()) >= observed - 1e-12
    p = (extreme + 1) / (_RESAMPLES + 1)
    low, high = np.quantile(_resampled_means(difference), (0.025, 0.975))
    return float(difference.mean()), (float(low), float(high)), p


def _resampled_means(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    generator = np.random.default_rng(_SEED)
    return np.asarray(
        [values[generator.integers(0, len(values), len(values))].mean() for _ in range(_RESAMPLES)]
    )
