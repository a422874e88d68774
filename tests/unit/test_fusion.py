"""Putting together what is found by meaning and by words."""

from __future__ import annotations

import pytest

from kb.search.fusion import (
    CODE_FACTOR,
    COVERAGE_WEIGHT,
    LEAD_WEIGHT,
    covered,
    evidence,
    fuse,
    is_code,
)

MEANING = [(1, 0.5), (2, 0.4), (3, 0.3)]
QUESTION = "How do I stop the pump?"


def order(fused: list[tuple[int, float]]) -> list[int]:
    return [chunk_id for chunk_id, _ in fused]


def told(words: list[tuple[int, float]], query: str = QUESTION) -> dict[int, float]:
    """Return what words count of which 10 is the most."""
    return evidence(words, 10.0, query)


def test_without_keyword_hits_the_order_by_meaning_stands() -> None:
    assert order(fuse(MEANING, {})) == [1, 2, 3]


def test_a_chunk_with_all_words_of_the_query_wins_over_a_nearer_one() -> None:
    assert order(fuse(MEANING, told([(3, 10.0)])))[0] == 3


def test_a_chunk_with_few_words_of_the_query_among_others_does_not() -> None:
    few = told([(chunk_id, 1.0) for chunk_id in (9, 8, 7, 6, 3)])
    assert order(fuse(MEANING, few))[0] == 1


def test_a_clear_first_place_by_meaning_stands_against_some_words() -> None:
    assert order(fuse([(1, 0.8), (2, 0.3)], told([(2, 6.0)])))[0] == 1


def test_a_narrow_first_place_by_meaning_does_not() -> None:
    assert order(fuse([(1, 0.52), (2, 0.5)], told([(2, 6.0)])))[0] == 2


def test_words_that_many_chunks_have_count_less_than_those_of_one() -> None:
    alone = told([(1, 6.0), (2, 1.0), (3, 1.0), (4, 1.0), (5, 1.0)])[1]
    among = told([(1, 6.0), (2, 6.0), (3, 6.0), (4, 6.0), (5, 6.0)])[1]
    assert alone > among > 0


def test_more_words_always_count_more() -> None:
    found = told([(chunk_id, 10.0 - chunk_id) for chunk_id in range(9)])
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_words_count_more_in_a_query_that_is_a_code() -> None:
    near = [(1, 0.5), (2, 0.2)]
    words = [(2, 5.0)]
    assert order(fuse(near, told(words))) == [1, 2]
    assert order(fuse(near, told(words, "E-1407"))) == [2, 1]


@pytest.mark.parametrize(
    ("query", "code"),
    [("E-1407", True), ("push_back", True), ("bread", False), ("Application API: app.use", False)],
)
def test_a_code_is_one_word_of_no_language(query: str, *, code: bool) -> None:
    assert is_code(query) is code


def test_a_chunk_without_a_vector_counts_by_meaning_as_the_last_that_has_one() -> None:
    assert order(fuse(MEANING, {9: 0.05})) == [1, 2, 9, 3]
    assert order(fuse(MEANING, {9: 0.0})) == [1, 2, 3, 9]


def test_without_any_vector_the_order_by_words_stands() -> None:
    assert order(fuse([], told([(5, 9.0), (6, 5.0), (4, 2.0)]))) == [5, 6, 4]


def test_nothing_found_is_nothing_fused() -> None:
    assert fuse([], told([])) == []


def test_scores_are_descending_and_within_zero_and_one() -> None:
    scores = [score for _, score in fuse(MEANING, told([(4, 8.0), (1, 6.0)]))]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < each < 1 for each in scores)


def test_a_passage_in_another_language_is_given_something_for_the_words_it_cannot_hold() -> None:
    assert order(fuse([(1, 0.5), (2, 0.49)], {}, foreign={2})) == [2, 1]
    assert order(fuse([(1, 0.5), (2, 0.4)], {}, foreign={2})) == [1, 2]


@pytest.mark.parametrize(("score", "best", "share"), [(4.0, 8.0, 0.5), (9.0, 8.0, 1.0)])
def test_coverage_is_the_share_of_the_most_that_words_could_score(
    score: float, best: float, share: float
) -> None:
    assert covered([(1, score)], best) == {1: share}


def test_where_no_word_of_the_query_counts_nothing_is_covered() -> None:
    assert covered([(1, 0.1)], 0.0) == {1: 0.0}


def test_a_code_that_stands_nowhere_does_not_count_by_its_letters() -> None:
    letters = evidence([(1, 1.5), (2, 0.5)], 10.0, "E19", stands=False)
    whole = evidence([(1, 1.5), (2, 0.5)], 10.0, "E19")
    assert whole[1] == pytest.approx(CODE_FACTOR * letters[1])
    assert letters[1] == pytest.approx(0.15 * COVERAGE_WEIGHT + LEAD_WEIGHT)
