"""The means of languages, taken out of vectors."""

from __future__ import annotations

import numpy as np
import pytest

from kb.languages.neutral import PRIOR_CHUNKS, ChunkSum, Means, ModelMeans, neutral

CHINESE, ENGLISH = np.array([0.8, 0, 0], np.float32), np.array([0, 0.8, 0], np.float32)
MODEL = ModelMeans(
    queries={"zh": CHINESE, "en": ENGLISH}, passages={"zh": CHINESE, "en": ENGLISH}, complete=True
)
MATTER = np.array([0, 0, 1], np.float32)


def unit(vector: np.ndarray) -> np.ndarray:
    """Return a vector of the same direction, of unit length."""
    return vector / np.linalg.norm(vector)


def test_what_is_left_of_a_query_is_its_matter() -> None:
    asked = unit(0.8 * CHINESE / 0.8 + 0.6 * MATTER)
    left = Means(model=MODEL).shifted(asked.astype(np.float32), "咖啡机如何除垢？")
    assert left @ MATTER > asked @ MATTER
    assert np.linalg.norm(left) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("text", ["E-1407", "2024", "Marie Curie", "user_id", ""])
def test_codes_numbers_and_names_are_not_shifted(text: str) -> None:
    assert Means(model=MODEL).shifted(MATTER, text) is MATTER


def test_a_query_in_two_languages_is_shifted_by_both() -> None:
    asked = unit(CHINESE + ENGLISH + MATTER).astype(np.float32)
    left = Means(model=MODEL).shifted(asked, "What does 保修期 mean in this letter?")
    assert left[0] / left[2] < asked[0] / asked[2]
    assert left[1] / left[2] < asked[1] / asked[2]


def test_a_model_without_means_shifts_nothing() -> None:
    assert Means().shifted(MATTER, "How long is the warranty?") is MATTER
    assert Means().chunk_mean("kb-1", "en") is None


def test_a_language_without_means_has_those_of_its_script() -> None:
    known = ModelMeans(
        queries={"ru": CHINESE, "en": ENGLISH}, passages={"ru": CHINESE, "en": ENGLISH}
    )
    assert known.passage("bg") is None  # made one by one, and this one is not made
    whole = ModelMeans(queries=known.queries, passages=known.passages, complete=True)
    assert whole.passage("bg") == pytest.approx(CHINESE)
    assert whole.passage("sv") == pytest.approx(ENGLISH)
    assert whole.passage("ka") == pytest.approx((CHINESE + ENGLISH) / 2)
    assert whole.passage("") == pytest.approx((CHINESE + ENGLISH) / 2)


def test_the_mean_of_a_few_chunks_is_mostly_the_models_that_of_many_their_own() -> None:
    def mean(count: int) -> np.ndarray:
        total = ChunkSum(count=count, total=count * np.array([0.0, 0.0, 0.8]))
        found = Means(model=MODEL, chunks={"kb-1": {"zh": total}}).chunk_mean("kb-1", "zh")
        assert found is not None
        return found

    assert mean(0) == pytest.approx(CHINESE)
    assert mean(1)[0] == pytest.approx(0.8 * PRIOR_CHUNKS / (PRIOR_CHUNKS + 1))
    assert mean(10_000)[2] > 0.79
    assert mean(int(PRIOR_CHUNKS)) == pytest.approx([0.4, 0, 0.4])


def test_chunks_of_an_unknown_language_count_as_the_first_in_latin_script() -> None:
    ones = np.ones(3)
    sums = {
        "zh": ChunkSum(count=900, total=900 * ones * 0.1),
        "en": ChunkSum(count=60, total=60 * ones * 0.2),
        "": ChunkSum(count=35, total=35 * ones * 0.6),
    }
    means = Means(model=MODEL, chunks={"kb-1": sums})
    known, unknown = means.chunk_mean("kb-1", "en"), means.chunk_mean("kb-1", "")
    assert known is not None
    assert unknown == pytest.approx(known)
    right = (60 * ones * 0.2 + 35 * ones * 0.6 + PRIOR_CHUNKS * ENGLISH) / (95 + PRIOR_CHUNKS)
    assert known == pytest.approx(right)
    chinese = means.chunk_mean("kb-1", "zh")
    assert chinese is not None
    assert chinese == pytest.approx((900 * ones * 0.1 + PRIOR_CHUNKS * CHINESE) / 905)


def test_code_beside_chinese_alone_counts_as_english() -> None:
    sums = {"zh": ChunkSum(count=9, total=np.zeros(3)), "": ChunkSum(count=5, total=np.zeros(3))}
    found = Means(model=MODEL, chunks={"kb-1": sums}).chunk_mean("kb-1", "")
    assert found == pytest.approx(ENGLISH / 2)


def test_a_collection_of_code_alone_has_its_own_mean() -> None:
    sums = {"": ChunkSum(count=995, total=995 * np.array([0, 0, 0.5]))}
    found = Means(model=MODEL, chunks={"kb-1": sums}).chunk_mean("kb-1", "")
    assert found == pytest.approx([0, 0.004, 0.4975])


def test_a_vector_that_is_the_mean_itself_keeps_its_direction() -> None:
    left = neutral(np.stack([ENGLISH, MATTER]), ENGLISH)
    assert np.isfinite(left).all()
    assert left[0] == pytest.approx(ENGLISH)
