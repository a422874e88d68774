"""A search by meaning and by words at once: that by meaning runs in another thread."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from neighbour import Neighbour

from kb import KnowledgeBase, SearchFilter, SearchHit, Settings
from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.errors import DocumentNotFoundError, ModelError, StoreBusyError, StoreError
from kb.languages.documents import _identifier
from kb.search import attempt, dense, kept_filters, kept_vectors, lexical
from kb.search.rescoring import Rescoring
from kb.sentences.packed import SentenceTable
from kb.vectors.base import VectorFilter
from kb.vectors.chroma.client import SharedClient
from kb.vectors.chroma.folder import ChromaFolder

PLACES = 90
QUERIES = [f"which harbour opens at {number} o'clock" for number in range(0, PLACES, 7)]


@pytest.fixture(scope="module")
def harbours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that no test changes."""
    folder = tmp_path_factory.mktemp("harbours")
    with KnowledgeBase.open(Settings.load(data_dir=folder), embedder=HashingEmbedder()) as opened:
        for number in range(PLACES):
            kind = "north" if number % 2 else "south"
            opened.add(f"Harbour {number} opens at {number} o'clock. " * 9, name=f"{kind} {number}")
        opened.refine()
    return folder


@pytest.fixture
def base(
    harbours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KnowledgeBase]:
    # A library of 90 passages is compared whole, and so are the passages of a filter.
    monkeypatch.setattr(kept_vectors, "MOST_NUMBERS", 0)
    monkeypatch.setattr(kept_filters, "MOST_NUMBERS", 0)
    monkeypatch.setattr("kb.search.restriction.FEW", 0)
    shutil.copytree(harbours, tmp_path / "data")
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.warm_up()
        yield opened


def watched(monkeypatch: pytest.MonkeyPatch, note: Callable[[int], object]) -> None:
    """Have each query of the index noted with its limit, in the thread that asks."""
    query = ChromaFolder.query

    def noting(
        self: ChromaFolder,
        collection: str,
        vector: Vector,
        limit: int,
        where: VectorFilter | None = None,
    ) -> list[tuple[int, float]]:
        note(limit)
        return query(self, collection, vector, limit, where)

    monkeypatch.setattr(ChromaFolder, "query", noting)


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The threads that ask the index, in order."""
    threads: list[threading.Thread] = []
    watched(monkeypatch, lambda _: threads.append(threading.current_thread()))
    return threads


def hits(found: list[SearchHit]) -> list[tuple[int, float]]:
    return [(hit.chunk_id, hit.score) for hit in found]


@pytest.mark.parametrize("where", [SearchFilter(), SearchFilter(path="north*")])
def test_the_index_is_asked_once_and_in_another_thread(
    base: KnowledgeBase, asking: list[threading.Thread], where: SearchFilter
) -> None:
    assert base.search(QUERIES[1], where=where)
    assert len(asking) == 1
    assert asking[0] is not threading.current_thread()


def test_what_the_index_is_asked_for_later_is_asked_in_that_thread_too(
    base: KnowledgeBase, asking: list[threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "_CANDIDATES_MIN", 5)
    monkeypatch.setattr(dense, "LEAST", 0)
    monkeypatch.setattr(Rescoring, "may_miss", lambda *_: True)
    assert base.search(QUERIES[1], top_k=1)
    assert len(asking) == 2
    assert threading.current_thread() not in asking


def test_the_index_is_asked_for_hundreds_as_of_few_it_may_miss_the_nearest(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[int] = []
    watched(monkeypatch, limits.append)
    assert base.search(QUERIES[1], top_k=1)
    assert base.search(QUERIES[1], top_k=1, where=SearchFilter(path="north*"))
    assert min(limits) >= 400


def test_by_meaning_alone_no_other_thread_is_needed(
    base: KnowledgeBase, asking: list[threading.Thread]
) -> None:
    assert base.search(QUERIES[1], mode="dense")
    assert asking == [threading.current_thread()]


def test_what_scoring_needs_is_read_in_that_thread(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[threading.Thread] = []
    scored_by = State.scored_by

    def watched(self: State, collection: str, ids: Sequence[int]) -> object:
        readers.append(threading.current_thread())
        return scored_by(self, collection, ids)

    monkeypatch.setattr(State, "scored_by", watched)
    # Everything is found by meaning, so nothing is left to read.
    assert base.search(QUERIES[1], top_k=PLACES)
    assert len(readers) == 1
    assert readers[0] is not threading.current_thread()


def test_candidates_are_scored_in_steps_until_no_other_may_be_among_the_best(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    scored_by = State.scored_by

    def watched(self: State, collection: str, ids: Sequence[int]) -> object:
        sizes.append(len(ids))
        return scored_by(self, collection, ids)

    def may_miss(self: Rescoring, _: int) -> bool:
        return len(self) < 15

    monkeypatch.setattr(State, "scored_by", watched)
    monkeypatch.setattr(Rescoring, "may_miss", may_miss)
    monkeypatch.setattr(attempt, "_CANDIDATES_MIN", 5)
    assert base.search(QUERIES[1], top_k=1, mode="dense")
    assert sizes == [10, 10]


def test_passages_found_do_not_depend_on_how_many_the_index_is_asked_for_at_once(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "_CANDIDATES_MIN", 5)
    # Of equal passages the index may return others, which changes scores a little.
    at_once = [list(dict(hits(base.search(query, top_k=5)))) for query in QUERIES]
    monkeypatch.setattr(dense, "LEAST", 0)
    assert [list(dict(hits(base.search(query, top_k=5)))) for query in QUERIES] == at_once


def test_the_index_may_answer_with_nothing_but_passages_that_nobody_may_see(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = hits(base.search(QUERIES[1], top_k=1))
    visible = State.scored_by
    first = base.search(QUERIES[1], top_k=PLACES, mode="dense")
    gone = {hit.chunk_id for hit in first if hit.chunk_id != expected[0][0]}
    gone -= {hit.chunk_id for hit in first[-8:]}

    def without(
        self: State, collection: str, ids: Sequence[int]
    ) -> tuple[dict[int, str], SentenceTable]:
        return visible(self, collection, [each for each in ids if each not in gone])

    base.search("forget what was read", mode="keyword")
    monkeypatch.setattr(State, "scored_by", without)
    monkeypatch.setattr(kept_vectors, "MOST_BYTES", 0)
    monkeypatch.setattr(attempt, "_CANDIDATES_MIN", 2)
    found = base.search(QUERIES[1], top_k=1, mode="dense")
    assert [hit.chunk_id for hit in found] == [expected[0][0]]


def test_a_change_that_only_the_other_thread_sees_changes_no_hit(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hits(base.search(QUERIES[1], highlights="none"))
    other = KnowledgeBase.open(base.settings, embedder=HashingEmbedder())
    last = other.documents()[0].id
    query = ChromaFolder.query

    def after_a_change(
        self: ChromaFolder,
        collection: str,
        vector: Vector,
        limit: int,
        where: VectorFilter | None = None,
    ) -> list[tuple[int, float]]:
        found = query(self, collection, vector, limit, where)
        with suppress(DocumentNotFoundError):
            other.remove(last)
        return found

    monkeypatch.setattr(ChromaFolder, "query", after_a_change)
    with other:
        meanwhile = hits(base.search(QUERIES[1], highlights="none"))
        afterwards = hits(base.search(QUERIES[1], highlights="none"))
    # The means of languages may be those of the other moment.
    near = partial(pytest.approx, abs=0.01)
    assert dict(meanwhile) in (near(dict(before)), near(dict(afterwards)))


def test_many_searches_at_once_give_what_each_gives_alone(base: KnowledgeBase) -> None:
    alone = [hits(base.search(query, highlights="none")) for query in QUERIES]
    with ThreadPoolExecutor(8) as clients:
        together = clients.map(lambda query: hits(base.search(query, highlights="none")), QUERIES)
        assert list(together) == alone


def test_an_error_of_the_index_is_that_of_the_search(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> list[tuple[int, float]]:
        msg = "the index is damaged"
        raise StoreError(msg)

    monkeypatch.setattr(ChromaFolder, "query", failing)
    with pytest.raises(StoreError, match="the index is damaged"):
        base.search(QUERIES[0])


def test_what_may_wait_for_other_processes_waits_in_the_thread_of_the_search(
    base: KnowledgeBase, asking: list[threading.Thread]
) -> None:
    base.close()
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as opened:
        assert opened.search(QUERIES[1])  # reads the index, inside the write lock
        assert asking == [threading.current_thread()]
        assert opened.search(QUERIES[2])
        assert asking[1] is not threading.current_thread()


def test_a_search_that_ends_early_leaves_nothing_open(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert base.search(QUERIES[0])
    asked, ended = threading.Event(), threading.Event()
    query = ChromaFolder.query

    def slow(
        self: ChromaFolder,
        collection: str,
        vector: Vector,
        limit: int,
        where: VectorFilter | None = None,
    ) -> list[tuple[int, float]]:
        asked.set()
        assert not ended.wait(0.5)
        return query(self, collection, vector, limit, where)

    def interrupted(*_: object) -> None:
        assert asked.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr(ChromaFolder, "query", slow)
    monkeypatch.setattr(lexical, "weigh", interrupted)
    with pytest.raises(KeyboardInterrupt):
        base.search(QUERIES[1])
    base.close()
    ended.set()
    assert not [each for each in threading.enumerate() if each.name.startswith("search by")]
    assert base.settings.store_dir / "chroma" not in SharedClient._open


def test_a_closed_knowledge_base_leaves_no_thread_behind(base: KnowledgeBase) -> None:
    assert base.search(QUERIES[0])
    base.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("search by")]


@pytest.fixture
def opening(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> Iterator[KnowledgeBase]:
    """The library opened anew, whose model is not loaded before its index is in memory."""
    base.close()

    def loaded(_: Settings) -> HashingEmbedder:
        deadline = time.monotonic() + 60
        while not opened._store.vectors.answers_at_once(opened.collection().id):
            assert time.monotonic() < deadline, "nobody reads the index"
            time.sleep(0.01)
        return HashingEmbedder()

    monkeypatch.setattr("kb.facade.parts.open_embedder", loaded)
    with KnowledgeBase.open(base.settings) as opened:
        yield opened


def test_the_first_search_reads_the_index_while_the_model_is_loaded(
    opening: KnowledgeBase, asking: list[threading.Thread]
) -> None:
    assert opening.search(QUERIES[1])
    assert len(asking) == 1


def test_warmed_up_a_knowledge_base_has_its_model_and_its_index(opening: KnowledgeBase) -> None:
    _identifier.cache_clear()
    opening.warm_up()
    assert _identifier.cache_info().currsize == 1  # of the languages of queries
    assert opening._loaded.is_open
    assert opening._store.vectors.answers_at_once(opening.collection().id)


def test_a_search_by_words_reads_no_index(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.close()
    monkeypatch.setattr("kb.facade.parts.open_embedder", lambda _: HashingEmbedder())
    with KnowledgeBase.open(base.settings) as opened:
        assert opened.search("harbour", mode="keyword", highlights="none")
        opened._searcher.close()
        assert not opened._store.vectors.answers_at_once(opened.collection().id)


def test_an_index_that_a_small_library_may_never_need_is_not_read_early(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.close()
    monkeypatch.setattr("kb.facade.parts.open_embedder", lambda _: HashingEmbedder())
    monkeypatch.setattr(kept_vectors, "MOST_NUMBERS", 2_000_000)
    with KnowledgeBase.open(base.settings) as opened:
        opened.warm_up()
        assert not opened._store.vectors.answers_at_once(opened.collection().id)


def test_a_model_that_cannot_be_loaded_is_told_though_the_index_was_read(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: Settings) -> HashingEmbedder:
        msg = "there is no such model"
        raise ModelError(msg)

    base.close()
    monkeypatch.setattr("kb.facade.parts.open_embedder", missing)
    with KnowledgeBase.open(base.settings) as opened:
        for use in (opened.warm_up, lambda: opened.search(QUERIES[1])):
            with pytest.raises(ModelError, match="there is no such model"):
                use()
        assert opened.search("harbour", mode="keyword")


@pytest.fixture
def neighbour(base: KnowledgeBase) -> Iterator[Neighbour]:
    """Another process over the same data folder."""
    base.close()
    opened = Neighbour(base.settings.data_dir)
    yield opened
    opened.close()


def test_a_store_that_is_busy_for_too_long_is_told_by_the_search_and_not_by_the_start(
    base: KnowledgeBase, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.facade.parts.open_embedder", lambda _: HashingEmbedder())
    hurried = base.settings.model_copy(update={"lock_timeout_s": 0.2})
    with KnowledgeBase.open(hurried) as opened:
        neighbour.do("hold")
        with pytest.raises(StoreBusyError, match=r"more than 0\.2 s"):
            opened.search(QUERIES[1])
        opened._loaded.close()
        opened.warm_up()
        assert opened._loaded.is_open
        neighbour.do("release")
        opened.warm_up()
        assert opened._store.vectors.answers_at_once(opened.collection().id)


def test_an_empty_knowledge_base_warms_up(tmp_path: Path) -> None:
    with KnowledgeBase.open(
        Settings.load(data_dir=tmp_path / "new"), embedder=HashingEmbedder()
    ) as empty:
        empty.warm_up()
        assert empty.collections() == []
