"""Putting together what several queries find."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from kb import SearchRequest, SettingsError, WeightedQuery
from kb.catalog.chunks import Passage
from kb.records import SearchHit, Source
from kb.search.hits import Found, places
from kb.search.several import averaged, fused, leading

Ranking = list[tuple[int, float]]

HIT = SearchHit(
    score=0.0,
    text="t",
    collection="c",
    document_id=1,
    chunk_id=1,
    ordinal=0,
    title="",
    media_type="text",
    sources=(Source(root="python", path="a"),),
    start=0,
    end=1,
)


def found(ranking: Ranking, **stages: Ranking) -> Found:
    passages = {each: Passage(each, each, 0, 4, "text") for each, _ in ranking}
    return Found([], ranking, passages, {name: places(each) for name, each in stages.items()})


def made(random_: random.Random) -> Ranking:
    chunks = random_.sample(range(1, 31), random_.randint(0, 20))
    sure = {chunk_id: round(random_.random(), 1) for chunk_id in chunks}
    return sorted(sure.items(), key=lambda each: -each[1])


@pytest.fixture(params=range(30))
def random_(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.param)  # noqa: S311 - the same every time


def test_what_one_query_finds_is_left_as_it_is(random_: random.Random) -> None:
    alone = found(made(random_), dense=made(random_))
    assert fused([alone], [0.3]) is alone


def test_the_same_query_several_times_gives_what_it_gives_alone(random_: random.Random) -> None:
    ranking, times = made(random_), random_.randint(2, 8)
    together = fused([found(ranking)] * times, [random_.uniform(0.1, 9)] * times)
    assert [chunk_id for chunk_id, _ in together.ranked] == [chunk_id for chunk_id, _ in ranking]
    assert [score for _, score in together.ranked] == pytest.approx([s for _, s in ranking])


def test_scores_are_weighted_means_within_0_and_1_best_first(random_: random.Random) -> None:
    queries = [(made(random_), random_.uniform(0.01, 100)) for _ in range(random_.randint(2, 5))]
    weights = [weight for _, weight in queries]
    together = fused([found(ranking) for ranking, _ in queries], weights)
    scores = [score for _, score in together.ranked]
    assert scores == sorted(scores, reverse=True)
    for chunk_id, score in together.ranked:
        mean = sum(w * dict(r).get(chunk_id, 0.0) for r, w in queries) / sum(weights)
        assert score == pytest.approx(mean)
        assert 0 <= score <= 1


def test_a_passage_of_two_queries_comes_before_one_that_only_one_of_them_finds_as_surely() -> None:
    together = fused([found([(1, 0.6), (2, 0.6)]), found([(2, 0.5), (3, 0.5)])], [1.0, 1.0])
    assert [chunk_id for chunk_id, _ in together.ranked] == [2, 1, 3]


def test_the_passages_of_all_queries_are_kept_together() -> None:
    together = fused([found([(1, 0.6), (2, 0.6)]), found([(2, 0.5), (3, 0.5)])], [1.0, 1.0])
    assert {each.id for each in together.passages.values()} == {1, 2, 3}


def test_weights_decide_which_query_is_believed() -> None:
    two = [found([(1, 0.6)]), found([(2, 0.5)])]
    assert fused(two, [1.0, 1.0]).ranked[0][0] == 1
    assert fused(two, [1.0, 2.0]).ranked[0] == (2, pytest.approx(1 / 3))
    assert fused(two, [4.0, 8.0]).ranked == fused(two, [1.0, 2.0]).ranked


def test_stages_show_the_best_place_and_each_querys_own() -> None:
    first = found([(1, 0.9), (2, 0.1)], dense=[(1, 0.8), (2, 0.2)])
    second = found([(2, 0.7)], dense=[(2, 0.6)], keyword=[(2, 3.0)])
    together = fused([first, second], [1.0, 1.0])
    assert together.stages == {
        "dense": {1: (1, 0.8), 2: (1, 0.6)},
        "keyword": {2: (1, 3.0)},
        "query_1": {1: (1, 0.9), 2: (2, 0.1)},
        "query_2": {2: (1, 0.7)},
    }


def test_a_hit_is_led_by_the_query_that_says_most_for_it() -> None:
    hit = replace(HIT, scores={"query_1": 0.4, "query_2": 0.5})
    assert leading(hit, [1.0, 1.0]) == 1
    assert leading(hit, [2.0, 1.0]) == 0
    assert leading(HIT, [1.0]) == 0


def test_a_rerankers_scores_are_averaged_by_weight() -> None:
    a, b = replace(HIT, chunk_id=1), replace(HIT, chunk_id=2)
    first = [replace(a, score=0.9), replace(b, score=0.2)]
    second = [replace(b, score=0.8), replace(a, score=0.1)]
    assert averaged([first], [3.0]) == first
    ordered = averaged([first, second], [1.0, 3.0])
    assert [(hit.chunk_id, hit.score, hit.ranks) for hit in ordered] == [
        (2, pytest.approx(0.65), {"reranked": 1}),
        (1, pytest.approx(0.3), {"reranked": 2}),
    ]


@pytest.mark.parametrize("weight", [0.0, -1.0, math.inf, math.nan])
def test_a_weight_that_weighs_nothing_is_refused(weight: float) -> None:
    with pytest.raises(SettingsError, match=r"the weight of a query is .* above 0"):
        WeightedQuery(text="x", weight=weight)


def test_a_mode_that_is_none_is_refused_for_each_query() -> None:
    with pytest.raises(SettingsError, match="there is no mode 'psychic'"):
        WeightedQuery(text="x", mode="psychic")  # type: ignore[arg-type] # as a program may


def test_a_request_has_one_query_or_several_and_not_too_many() -> None:
    with pytest.raises(SettingsError, match="give either `query` or `queries`"):
        SearchRequest(query="x", queries=(WeightedQuery(text="y"),))
    with pytest.raises(SettingsError, match="17 queries are given, but a request has at most 16"):
        SearchRequest(queries=(WeightedQuery(text="y"),) * 17)
    assert SearchRequest(query="x").asked == (WeightedQuery(text="x"),)


def test_a_mode_that_no_query_follows_is_refused() -> None:
    own = WeightedQuery(text="x", mode="dense")
    with pytest.raises(SettingsError, match="the mode 'keyword' has no effect"):
        SearchRequest(queries=(own,), mode="keyword")
    assert SearchRequest(queries=(own,), mode="dense").asked == (own,)
    beside = (own, WeightedQuery(text="y"))
    assert SearchRequest(queries=beside, mode="keyword").asked == beside
