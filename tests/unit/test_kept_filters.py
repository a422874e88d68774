"""What passes a filter is listed and compared, and is another once files or tags are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, SearchFilter, Settings
from kb.catalog.filters import FilterReads
from kb.records import SearchHit
from kb.search import comparing, kept_filters, restriction
from kb.search.kept_filters import Allowed
from kb.store.store import Store
from kb.vectors.base import VectorFilter

BIRDS = ("heron", "tern", "bittern", "auk")
COUNT = 24
QUESTION = "which bird waits at pond 3?"
HERONS = SearchFilter(path="heron/*")


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as opened:
        for number in range(COUNT):
            bird = BIRDS[number % len(BIRDS)]
            text = f"The {bird} {number} waits at pond {number % 7}. It dives into deep water."
            opened.add(text, name=f"{bird}/{number}.txt")
        opened.refine()
        yield opened


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many chunks were asked for, each time that a filter's were listed."""
    noted: list[int] = []
    lists = FilterReads.chunks_passing

    def chunks_passing(
        self: FilterReads, collection_id: str, condition: SearchFilter, at_most: int
    ) -> comparing.Ids:
        noted.append(at_most)
        return lists(self, collection_id, condition, at_most)

    monkeypatch.setattr(FilterReads, "chunks_passing", chunks_passing)
    return noted


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many vectors the index was asked for, each time."""
    noted: list[int] = []
    asks = Store.query

    def query(
        self: Store,
        collection_id: str,
        vector: np.ndarray,
        limit: int,
        where: VectorFilter | None = None,
    ) -> list[tuple[int, float]]:
        noted.append(limit)
        return asks(self, collection_id, vector, limit, where)

    monkeypatch.setattr(Store, "query", query)
    return noted


def sources(found: list[SearchHit]) -> list[str]:
    return [hit.source for hit in found]


def test_what_passes_is_listed_once_for_many_searches(
    base: KnowledgeBase, listed: list[int], asked: list[int]
) -> None:
    for number in range(5):
        found = base.search(f"who waits at pond {number}?", where=HERONS)
        assert found
        assert all(source.startswith("heron/") for source in sources(found))
    assert len(listed) == 1
    assert asked == []


def test_much_is_listed_at_the_second_search_and_the_hits_stay(
    base: KnowledgeBase, listed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_filters, "LISTED_AT_ONCE", 4)
    monkeypatch.setattr(restriction, "FEW", 4)
    herons = [each.id for each in base.documents() if each.sources[0].path.startswith("heron")]
    where = SearchFilter(documents=tuple(herons))
    first, second, third = (base.search(QUESTION, where=where) for _ in range(3))
    assert listed == [5, -1]
    assert sources(first) == sources(second) == sources(third)
    assert [hit.score for hit in second] == pytest.approx([hit.score for hit in first], abs=1e-3)


@pytest.mark.parametrize("query", [QUESTION, f'{QUESTION} "deep water"', f"{QUESTION} -pond"])
@pytest.mark.parametrize("numbers", [0, 1 << 30], ids=["by the index", "each compared"])
def test_hits_are_those_of_looking_at_all(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, query: str, numbers: int
) -> None:
    """Found without a filter among all, they are those whose files pass."""
    monkeypatch.setattr(kept_filters, "MOST_NUMBERS", numbers)
    monkeypatch.setattr(restriction, "FEW", 3)
    everything = base.search(query, top_k=COUNT)
    passing = [each for each in sources(everything) if each.startswith("heron/")]
    assert sorted(sources(base.search(query, top_k=COUNT, where=HERONS))) == sorted(passing)


def test_by_words_the_scores_are_those_of_the_whole_collection(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = {
        hit.source: hit.scores["keyword"]
        for hit in base.search("pond deep", top_k=COUNT, mode="keyword")
    }
    monkeypatch.setattr(restriction, "FEW", 3)
    found = base.search("pond deep", top_k=COUNT, mode="keyword", where=HERONS)
    assert len(found) == COUNT // len(BIRDS)
    assert all(hit.scores["keyword"] == pytest.approx(everything[hit.source]) for hit in found)


def test_a_file_that_moves_passes_another_filter_at_once(base: KnowledgeBase) -> None:
    before = sources(base.search(QUESTION, where=HERONS, top_k=COUNT))
    collection = base.collection()
    with base._store.catalog.reading() as state:
        files = {each.source.path: each for each in state.file_states(collection.id)}
    old = files[before[0]]
    new = replace(old, source=replace(old.source, path="away/heron.txt"))
    base._store.move_source(collection, old, new)
    after = sources(base.search(QUESTION, where=HERONS, top_k=COUNT))
    assert sorted(after) == sorted(before[1:])
    assert sources(base.search(QUESTION, where=SearchFilter(path="away/*"))) == ["away/heron.txt"]


def test_a_tag_that_is_given_and_taken_counts_at_once(base: KnowledgeBase) -> None:
    rare = SearchFilter(tags=("rare",))
    assert base.search(QUESTION, where=rare) == []
    (document, *_) = base.documents()
    base.tag([document.id], add=["rare"])
    assert [hit.document_id for hit in base.search(QUESTION, where=rare)] == [document.id]
    base.tag([document.id], remove=["rare"])
    assert base.search(QUESTION, where=rare) == []


def test_a_document_that_is_removed_passes_no_more(base: KnowledgeBase) -> None:
    before = base.search(QUESTION, where=HERONS, top_k=COUNT)
    base.remove(before[0].document_id)
    after = base.search(QUESTION, where=HERONS, top_k=COUNT)
    assert sorted(sources(after)) == sorted(sources(before[1:]))


def test_filters_beyond_those_that_there_is_room_for_are_listed_again(
    base: KnowledgeBase, listed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_filters, "_MOST_FILTERS", 2)
    for bird in (*BIRDS[:3], BIRDS[0]):
        assert base.search(QUESTION, where=SearchFilter(path=f"{bird}/*"))
    assert len(listed) == 4


def test_it_says_of_each_chunk_whether_it_passes() -> None:
    allowed = Allowed.of(np.array([9, 5, 7]))
    assert allowed.ids.tolist() == [5, 7, 9]
    assert allowed.hold(np.array([4, 5, 6, 7, 9, 10, 10**9])).tolist() == [
        False,
        True,
        False,
        True,
        True,
        False,
        False,
    ]
    assert not Allowed.of(np.array([], np.int64)).hold(np.array([0, 1])).any()


def test_the_nearest_are_given_best_first_and_equal_ones_by_their_ids() -> None:
    ids = np.array([3, 4, 8, 9])
    rows = np.array([[0, 1], [1, 0], [1, 0], [0.6, 0.8]], np.float32)
    found = comparing.nearest(ids, rows, np.array([1, 0], np.float32), 3)
    assert found == [(4, 1.0), (8, 1.0), (9, pytest.approx(0.6))]
    assert comparing.nearest(ids, rows, np.array([1, 0], np.float32), 0) == []
