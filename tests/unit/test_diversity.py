"""Choosing hits that differ from each other."""

from __future__ import annotations

import numpy as np
import pytest

from kb.search.diversity import select

# The first two are nearly the same passage; the third is less relevant and unlike both.
RELEVANCE = [0.9, 0.89, 0.6, 0.1]
VECTORS = np.array([[1, 0, 0], [0.999, 0.0447, 0], [0, 1, 0], [0, 0, 1]], np.float32)


def test_relevance_alone_keeps_the_order() -> None:
    assert select(RELEVANCE, VECTORS, 4, weight=1.0) == [0, 1, 2, 3]


def test_a_near_copy_gives_way_to_what_is_different() -> None:
    assert select(RELEVANCE, VECTORS, 2, weight=0.5) == [0, 2]
    assert select(RELEVANCE, VECTORS, 4, weight=0.0)[-1] == 1


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.7, 1.0])
def test_each_is_chosen_once_and_the_most_relevant_first(weight: float) -> None:
    chosen = select(RELEVANCE, VECTORS, 9, weight=weight)
    assert sorted(chosen) == [0, 1, 2, 3]
    assert chosen[0] == 0


def test_the_weight_means_the_same_whatever_the_scale_of_scores_and_cosines() -> None:
    # Cosines squeezed into the upper part, as those of one model are; scores in another unit.
    squeezed = np.hstack([VECTORS * 0.4, np.full((4, 1), np.sqrt(1 - 0.16), np.float32)])
    scaled = [1000 * each + 50 for each in RELEVANCE]
    for weight in (0.2, 0.5, 0.8):
        plain = select(RELEVANCE, VECTORS, 4, weight=weight)
        assert select(scaled, squeezed, 4, weight=weight) == plain


def test_each_step_is_the_formula_of_the_paper() -> None:
    draw = np.random.default_rng(3)
    vectors = draw.standard_normal((12, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    relevance = draw.random(12)
    relevance = (relevance - relevance.min()) / np.ptp(relevance)
    alike = (vectors @ vectors.T).astype(float)
    alike = (alike - alike.min()) / np.ptp(alike)
    expected: list[int] = []
    while len(expected) < 12:
        rest = [i for i in range(12) if i not in expected]
        value = {
            i: 0.6 * relevance[i] - 0.4 * max((alike[i, j] for j in expected), default=0.0)
            for i in rest
        }
        expected.append(max(rest, key=value.__getitem__))
    assert select(relevance.tolist(), vectors, 12, weight=0.6) == expected


def test_what_has_no_vector_is_like_nothing_and_nothing_gives_nothing() -> None:
    without = VECTORS.copy()
    without[1] = 0
    assert select(RELEVANCE, without, 2, weight=0.5) == [0, 1]
    assert select([], VECTORS[:0], 5, weight=0.5) == []
    assert select([0.5, 0.4], np.zeros((2, 3), np.float32), 2, weight=0.5) == [0, 1]
