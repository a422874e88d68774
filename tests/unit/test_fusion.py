"""Fusing two rankings."""

from __future__ import annotations

from kb.search.fusion import fuse

DENSE = [(1, 0.9), (2, 0.8), (3, 0.7)]


def test_a_chunk_that_both_put_first_scores_one() -> None:
    assert fuse(DENSE, [(1, 10.0)], best_keyword_score=10.0)[0] == (1, 1.0)


def test_without_keyword_hits_the_dense_order_stands() -> None:
    assert [item for item, _ in fuse(DENSE, [], best_keyword_score=0.0)] == [1, 2, 3]


def test_a_keyword_hit_that_covers_the_query_wins_over_a_dense_one() -> None:
    assert fuse(DENSE, [(3, 9.0)], best_keyword_score=10.0)[0][0] == 3


def test_a_keyword_hit_that_covers_little_of_the_query_changes_little() -> None:
    ranked = [item for item, _ in fuse(DENSE, [(9, 0.3)], best_keyword_score=10.0)]
    assert ranked == [1, 2, 3, 9]


def test_scores_are_descending_and_within_zero_and_one() -> None:
    scores = [s for _, s in fuse(DENSE, [(4, 5.0), (1, 4.0)], best_keyword_score=6.0)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= each <= 1 for each in scores)
