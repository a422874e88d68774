"""The best by words are found without scoring every chunk that holds a word."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from kb.catalog.connections import Connections
from kb.catalog.keywords import Ranking
from kb.catalog.state import Change
from kb.search import bounds
from kb.words.terms import index_text

CHUNKS = 1_500
INDEX = "kb-test"
# Ids as they are after many documents were replaced: far apart in one half.
IDS = [*range(1, CHUNKS // 2 + 1), *range(10**7, 10**7 + CHUNKS // 2)]


class _Counting(Change):
    """A state that notes how many chunks it was asked to score."""

    scored = 0

    def best_by_words(self, collection_id: str, expression: str, limit: int) -> Ranking:
        self.scored += len(self.chunks_with_words(collection_id, expression))
        return super().best_by_words(collection_id, expression, limit)

    def best_by_words_among(
        self, collection_id: str, expression: str, ids: Sequence[int], limit: int
    ) -> Ranking:
        self.scored += len(ids)
        return super().best_by_words_among(collection_id, expression, ids, limit)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Counting]:
    draw = random.Random("chunks")  # noqa: S311 - a test
    path = tmp_path_factory.mktemp("catalog") / "catalog.sqlite3"
    with closing(Connections(path)) as database, database.write() as db:
        change = _Counting(db)
        change.create_keyword_index(INDEX)
        change.index_words(
            INDEX,
            ((n, index_text(_text(draw), "en"), "common title" * (n % 7 == 0)) for n in IDS),
        )
        yield change


def _text(draw: random.Random) -> str:
    """Return a text of few or many words, of which word 0 is the most frequent, some repeated."""
    words = (
        f"word{int(120 * draw.random() ** 2)} " * draw.choice((1, 1, 3))
        for _ in range(draw.randrange(2, 40))
    )
    return " ".join(words) + " common" * draw.randrange(4)


# Of what the first are expected to score: too much leaves chunks to be scored later. More than
# ``many`` expected ones, and a sample of the highest bounds is scored first.
@pytest.mark.parametrize(
    "estimates",
    [
        {"_EXPECTED": 0.35},
        {"_EXPECTED": 0.99},
        {"_EXPECTED": 0.35, "_MANY_CHUNKS": 60, "_SAMPLE": 20},
    ],
)
@pytest.mark.parametrize("limit", [1, 10, 50])
@pytest.mark.parametrize(
    "sought",
    [
        {'"word110"': 1, '"word90"': 1, '"word60"': 1, '"word40"': 1, '"word20"': 1},
        {'"word30"': 1, '"word9"': 1, '"word0"': 1, '"common"': 1},
        {'"word90 word90"': 1, '"word90"': 3, '"word2"': 1, '"word1"': 1, '"word3"': 1},
        {'"word11" *': 1, '"word50"': 1, '"word20"': 1},
    ],
)
def test_the_best_are_those_that_scoring_every_chunk_gives(
    state: _Counting,
    sought: dict[str, int],
    limit: int,
    estimates: dict[str, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in estimates.items():
        monkeypatch.setattr(bounds, name, value)
    whole = " OR ".join(name for name, weight in sought.items() for _ in range(weight))
    found = bounds.best(state, INDEX, sought, limit, chunks=CHUNKS, postings=CHUNKS * 2)
    assert found == state.best_by_words(INDEX, whole, limit)


def test_chunks_that_cannot_be_among_the_best_are_not_scored(state: _Counting) -> None:
    sought = {'"word110"': 1, '"word60"': 1, '"word4"': 1, '"word0"': 1, '"common"': 1}
    state.scored = 0
    bounds.best(state, INDEX, sought, 10, chunks=CHUNKS, postings=CHUNKS * 2)
    assert 10 <= state.scored < CHUNKS / 3


def test_where_many_are_likely_a_sample_says_which_cannot_be_among_the_best(
    state: _Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    sought = {'"word60"': 1, '"word1"': 1, '"word2"': 1}
    monkeypatch.setattr(bounds, "_EXPECTED", 0.01)
    state.scored = 0
    without = bounds.best(state, INDEX, sought, 5, chunks=CHUNKS, postings=CHUNKS * 2)
    every, state.scored = state.scored, 0
    monkeypatch.setattr(bounds, "_MANY_CHUNKS", 100)
    monkeypatch.setattr(bounds, "_SAMPLE", 20)
    found = bounds.best(state, INDEX, sought, 5, chunks=CHUNKS, postings=CHUNKS * 2)
    assert found == without
    assert state.scored < every / 2


def test_as_many_are_found_as_hold_a_word_where_more_are_wanted(state: _Counting) -> None:
    sought = {'"word110"': 1, '"common"': 1}
    found = bounds.best(state, INDEX, sought, 5_000, chunks=CHUNKS, postings=CHUNKS * 2)
    assert {each for each, _ in found} == state.chunks_with_words(INDEX, '"word110" OR "common"')


def test_terms_that_stand_nowhere_find_nothing(state: _Counting) -> None:
    sought = {'"absent"': 1, '"missing" *': 1}
    assert bounds.best(state, INDEX, sought, 10, chunks=CHUNKS, postings=CHUNKS * 2) == []
