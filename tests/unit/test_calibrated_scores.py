"""What the number means that a search gives a hit."""

from __future__ import annotations

import math

import pytest

from kb.search.calibration import (
    BESIDE_WORDS,
    BY_BOTH,
    BY_MEANING,
    BY_WORDS,
    WORDS_BESIDE,
    Calibration,
    comparable,
    rivals_of,
)

ALL = pytest.mark.parametrize("calibration", [BY_BOTH, BY_MEANING, BY_WORDS])


@ALL
def test_it_lies_between_nothing_and_certainty(calibration: Calibration) -> None:
    found = calibration.probabilities([0.99, 0.5, 0.1, 0.0])
    assert all(0 < each < 1 for each in found)


@ALL
def test_it_falls_as_the_scores_fall(calibration: Calibration) -> None:
    found = calibration.probabilities([0.9 - 0.05 * place for place in range(15)])
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 15


@ALL
def test_nothing_found_has_no_numbers(calibration: Calibration) -> None:
    assert calibration.probabilities([]) == []


@ALL
def test_a_hit_that_stands_out_is_surer_than_one_of_many(calibration: Calibration) -> None:
    alone = calibration.probabilities([0.5, *[0.2] * 9])[0]
    among = calibration.probabilities([0.5, *[0.48] * 9])[0]
    assert alone > 0.5 > among


@ALL
def test_a_small_collection_is_judged_like_a_usual_one(calibration: Calibration) -> None:
    few = calibration.probabilities([0.5, 0.2])[0]
    many = calibration.probabilities([0.5, 0.2, 0.2, 0.2, *[calibration.usual] * 6])[0]
    assert few == pytest.approx(many)


@ALL
def test_what_is_beyond_the_tenth_place_changes_nothing(calibration: Calibration) -> None:
    ten = [0.6, *[0.3] * 9]
    assert calibration.probabilities(ten) == calibration.probabilities([*ten, *[0.1] * 50])[:10]


@ALL
def test_a_first_hit_with_a_close_second_is_less_sure(calibration: Calibration) -> None:
    others = [0.3] * 8
    close, clear = ([0.5, second, *others] for second in (0.49, 0.35))
    assert calibration.probabilities(close)[0] < calibration.probabilities(clear)[0]


@pytest.mark.parametrize("calibration", [BY_BOTH, BY_MEANING])
def test_the_same_score_says_more_where_words_cannot_stand(calibration: Calibration) -> None:
    scores = [0.4, *[0.3] * 9]
    own, half, across = (calibration.probabilities(scores, foreign=each) for each in (0, 0.5, 1))
    assert own[0] < half[0] < across[0]
    assert across == sorted(across, reverse=True)


@pytest.mark.parametrize("calibration", [BY_BOTH, BY_MEANING])
def test_being_ahead_says_more_where_words_cannot_stand(calibration: Calibration) -> None:
    others = [0.3] * 8
    for second in (0.4, 0.35, 0.3):
        own, across = (
            _odds(calibration.probabilities([0.45, second, *others], foreign=each)[0])
            for each in (0, 1)
        )
        gained = calibration.foreign + calibration.foreign_margin * (0.45 - second)
        assert across - own == pytest.approx(gained)
    assert calibration.foreign_margin > 0


def test_of_what_words_find_in_other_languages_nothing_is_surer() -> None:
    own, across = (BY_WORDS.probabilities([0.4, 0.2, 0.1], foreign=each) for each in (0, 1))
    assert own == across


def test_more_of_the_document_that_answers_does_not_speak_against_it() -> None:
    answer = [(1, f"part {row}", 0.5 - 0.01 * row) for row in range(8)]
    others = [(document, f"other {document}", 0.2) for document in range(2, 12)]
    assert rivals_of([*answer, *others]) == [0.5, *[0.2] * 9]


def test_copies_of_the_answer_do_not_speak_against_it() -> None:
    copies = [(document, "the answer", 0.5) for document in (1, 2, 3)]
    others = [(document, f"other {document}", 0.2) for document in range(4, 14)]
    assert rivals_of([*copies, *others]) == [0.5, *[0.2] * 9]


def test_in_few_documents_passages_are_compared_with_others_of_theirs() -> None:
    parts = [(1, f"part {row}", 0.5 - 0.01 * row) for row in range(4)]
    assert rivals_of([*parts, (2, "other", 0.2)]) == [0.5, 0.2, 0.49, 0.48, 0.47]
    assert rivals_of([]) == []


def test_for_a_question_that_nothing_answers_it_is_low() -> None:
    assert BY_BOTH.probabilities([0.28, 0.27, *[0.25] * 8])[0] < 0.1


def test_scores_of_an_unknown_model_keep_their_order_and_get_a_usual_size() -> None:
    cosines = [(1, 0.91), (2, 0.88), (3, 0.86), (4, 0.85), (5, 0.85)]
    scaled = comparable(cosines)
    assert [chunk_id for chunk_id, _ in scaled] == [1, 2, 3, 4, 5]
    assert scaled == sorted(scaled, key=lambda each: -each[1])
    assert sum(score for _, score in scaled) / 5 == pytest.approx(0.2)
    moved = comparable([(chunk_id, 3 * score - 2) for chunk_id, score in cosines])
    assert [score for _, score in moved] == pytest.approx([score for _, score in scaled])


def test_beside_words_scores_of_an_unknown_model_lie_closer() -> None:
    cosines = [(row, 0.9 - 0.01 * row) for row in range(30)]
    alone, beside = comparable(cosines), comparable(cosines, BESIDE_WORDS)
    ratio = (alone[0][1] - 0.2) / (beside[0][1] - 0.2)
    assert ratio == pytest.approx(0.09 / BESIDE_WORDS)
    assert ratio * WORDS_BESIDE > 2


def test_few_candidates_of_an_unknown_model_lie_closer_for_they_tell_little() -> None:
    few = [(row, 0.9 - 0.01 * row) for row in range(5)]
    many = [(row, 0.9 - 0.01 * (row % 5)) for row in range(100)]
    assert comparable(few)[0][1] < comparable(many)[0][1]
    assert comparable(many)[0][1] == pytest.approx(0.2 + 0.09 * 2**0.5 * 100 / 110)


@pytest.mark.parametrize("scores", [[], [(1, 0.9)], [(1, 0.9), (2, 0.9)]])
def test_scores_that_do_not_differ_are_usual_ones(scores: list[tuple[int, float]]) -> None:
    assert [score for _, score in comparable(scores)] == pytest.approx([0.2] * len(scores))


def _odds(probability: float) -> float:
    """Return the logarithm of the odds."""
    return math.log(probability / (1 - probability))
