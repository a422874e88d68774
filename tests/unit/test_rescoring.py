"""Exact scores of candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from kb.embedding.base import Vector, Vectors
from kb.search import rescoring
from kb.sentences.packed import pack, sentence_table

DIM = 64
NO_MEAN: dict[str, Vector] = {}


def unit(vector: Vectors) -> Vectors:
    return np.asarray(vector / np.linalg.norm(vector, axis=-1, keepdims=True), np.float32)


def some(seed: int, count: int = 1) -> Vectors:
    return unit(np.random.default_rng(seed).normal(size=(count, DIM)))


def near(vector: Vector, cosine: float, seed: int) -> Vector:
    """Return a vector of unit length with that cosine to another."""
    other = some(seed)[0]
    other = unit((other - (other @ vector) * vector)[np.newaxis])[0]
    return np.asarray(cosine * vector + (1 - cosine**2) ** 0.5 * other, np.float32)


def kept(own: Vector, sentences: Sequence[Vector] = ()) -> Vectors:
    return np.stack([own, *sentences])


def exact(
    passages: Mapping[int, Vectors], languages: Mapping[int, str], mean_of: rescoring.MeanOf
) -> dict[int, float]:
    rows = ((key, len(each) - 1, pack(each)) for key, each in passages.items())
    return rescoring.exact(QUERY, sentence_table(rows), languages, mean_of)


QUERY = some(1)[0]


def test_a_passage_counts_by_itself_and_by_its_best_sentence() -> None:
    passage = kept(near(QUERY, 0.5, 2), [near(QUERY, 0.1, 3), near(QUERY, 0.8, 4)])
    score = exact({7: passage}, {}, NO_MEAN.get)[7]
    weight = rescoring.SENTENCE_WEIGHT
    assert score == pytest.approx((1 - weight) * 0.5 + weight * 0.8, abs=0.01)


def test_a_passage_without_sentences_counts_by_itself() -> None:
    alone = kept(near(QUERY, 0.5, 2))
    assert exact({7: alone}, {}, NO_MEAN.get)[7] == pytest.approx(0.5, abs=0.01)


def test_of_two_passages_one_sentence_that_answers_decides() -> None:
    found = exact(
        {
            1: kept(near(QUERY, 0.5, 2), [near(QUERY, 0.4, 3), near(QUERY, 0.45, 4)]),
            2: kept(near(QUERY, 0.45, 5), [near(QUERY, 0.7, 6), near(QUERY, 0.1, 7)]),
            3: kept(near(QUERY, 0.4, 8)),
        },
        {},
        NO_MEAN.get,
    )
    assert sorted(found, key=lambda chunk_id: -found[chunk_id]) == [2, 1, 3]


def test_what_a_language_has_in_common_counts_for_nothing() -> None:
    mean = 0.9 * some(20)[0]
    matter = some(21, 3)
    passage, sentences = unit(mean + 0.3 * matter[:1])[0], unit(mean + 0.3 * matter[1:])
    without = unit(np.stack([passage, *sentences]) - mean)
    expected = 0.5 * without[0] @ QUERY + 0.5 * (without[1:] @ QUERY).max()
    found = exact({1: kept(passage, list(sentences))}, {1: "zh"}, {"zh": mean}.get)
    assert found[1] == pytest.approx(float(expected), abs=0.02)


def test_each_passage_loses_the_mean_of_its_own_language() -> None:
    matter = near(QUERY, 0.6, 30)
    means = {"zh": 0.9 * some(31)[0], "en": 0.9 * some(32)[0]}
    passages = {
        at: kept(unit((mean + 0.4 * matter)[np.newaxis])[0])
        for at, mean in enumerate(means.values())
    }
    found = exact(passages, dict(enumerate(means)), means.get)
    assert found[0] == pytest.approx(0.6, abs=0.02)
    assert found[1] == pytest.approx(0.6, abs=0.02)


def test_no_candidates_have_no_scores() -> None:
    assert exact({}, {}, NO_MEAN.get) == {}


def test_a_passage_that_is_its_languages_mean_has_a_score() -> None:
    mean = some(40)[0]
    (score,) = exact({1: kept(mean)}, {1: "zh"}, {"zh": mean}.get).values()
    assert -1 <= score <= 1


def test_the_cosine_of_the_index_tells_about_the_exact_score() -> None:
    mean = 0.8 * some(50)[0]
    passages = unit(mean + 0.6 * some(51, 200))
    exact = unit(passages - passages.mean(0)) @ QUERY
    rough = [rescoring.estimated(QUERY, float(each @ QUERY), passages.mean(0)) for each in passages]
    assert np.abs(exact - rough).max() < 0.05


def test_without_a_mean_the_cosine_of_the_index_stands() -> None:
    assert rescoring.estimated(QUERY, 0.81, None) == 0.81


def test_the_index_is_asked_with_a_vector_that_prefers_no_language() -> None:
    means = [0.8 * some(seed)[0] for seed in (60, 61, 62)]
    query = unit((QUERY + means[0])[np.newaxis])[0]
    asked = rescoring.impartial(query, means)
    assert np.linalg.norm(asked) == pytest.approx(1, abs=1e-5)
    preferences = [float(mean @ asked) for mean in means]
    assert max(preferences) - min(preferences) < 1e-5


def test_a_collection_of_one_language_is_asked_with_the_query_itself() -> None:
    assert rescoring.impartial(QUERY, [some(70)[0]]) is QUERY
    assert rescoring.impartial(QUERY, []) is QUERY
