"""Chooses hits that differ from each other: maximal marginal relevance.

Carbonell & Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents and
Producing Summaries" (SIGIR 1998): each next hit is the one of the greatest
``weight * relevance - (1 - weight) * similarity to the nearest hit chosen before``.

Both are first scaled to [0, 1] over the candidates, so that ``weight`` means the same for all
scores: cosines of one model are between 0.7 and 0.95, those of another between 0 and 0.6, and fused
scores elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kb.embedding.base import Vectors


def select(relevance: Sequence[float], vectors: Vectors, count: int, *, weight: float) -> list[int]:
    """Return the indices of up to ``count`` candidates, in the order of choice.

    Args:
        relevance: relevance of each candidate, higher is better.
        vectors: float32, shape (candidates, dim), unit length. Zeros stand for a missing vector,
            which counts as unlike all others.
        count: number of candidates to choose.
        weight: the paper's lambda, from 0 (only different) to 1 (only relevant).
    """
    if not len(relevance):
        return []
    wanted = weight * _stretched(np.asarray(relevance, np.float64))
    alike = np.zeros((len(relevance), len(relevance)))
    present = np.flatnonzero(np.any(vectors, axis=1))
    if len(present):
        known = vectors[present]
        alike[np.ix_(present, present)] = _stretched((known @ known.T).astype(np.float64))
    nearest = np.zeros(len(relevance))
    left = np.ones(len(relevance), dtype=bool)
    chosen: list[int] = []
    while left.any() and len(chosen) < count:
        value = wanted - (1 - weight) * nearest
        chosen.append(int(np.argmax(np.where(left, value, -np.inf))))
        left[chosen[-1]] = False
        nearest = np.maximum(nearest, alike[chosen[-1]])
    return chosen


def _stretched(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
