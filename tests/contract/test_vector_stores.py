"""What every vector store promises."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from vector_kinds import STORES
from vector_process import DIM, in_another_process, opened, records, vectors

from kb.embedding.base import Vectors
from kb.errors import StoreError
from kb.vectors.base import VectorFilter, VectorStore

NEAREST = 10


@pytest.fixture(scope="module", params=STORES)
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A store's address, for one kind after another."""
    with STORES[request.param](tmp_path_factory.mktemp("vectors")) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def subject(address: str, folder: Path) -> Iterator[VectorStore]:
    store = opened(address, folder)
    store.drop("col")
    store.create("col", DIM)
    yield store
    store.close()


def ids(store: VectorStore, vector: Vectors, where: VectorFilter | None) -> list[int]:
    return [item for item, _ in store.query("col", vector, NEAREST, where)]


def test_the_nearest_come_first_with_their_cosine(subject: VectorStore) -> None:
    rows = vectors(0, 50)
    subject.upsert("col", records(0, 50), rows)
    found = subject.query("col", rows[7], 5)
    expected = np.argsort(-(rows @ rows[7]))[:5]
    assert [item for item, _ in found] == expected.tolist()
    np.testing.assert_allclose(
        [score for _, score in found], np.sort(rows @ rows[7])[::-1][:5], atol=1e-5
    )


def test_fewer_hits_than_asked_for_when_there_are_fewer(subject: VectorStore) -> None:
    assert subject.query("col", vectors(0, 1)[0], 5) == []
    subject.upsert("col", records(0, 2), vectors(0, 2))
    assert len(subject.query("col", vectors(0, 1)[0], 5)) == 2


def test_a_vector_comes_back_as_it_was_given(subject: VectorStore) -> None:
    rows = vectors(0, 3)
    subject.upsert("col", records(0, 3), rows)
    stored = subject.vectors("col", [2, 0, 99])
    assert set(stored) == {0, 2}
    np.testing.assert_allclose(stored[2], rows[2], atol=1e-6)


def test_the_same_id_again_replaces(subject: VectorStore) -> None:
    subject.upsert("col", records(0, 3), vectors(0, 3))
    subject.upsert("col", records(0, 1), vectors(9, 10))
    assert subject.count("col") == 3
    np.testing.assert_allclose(subject.vectors("col", [0])[0], vectors(9, 10)[0], atol=1e-6)


def test_nothing_is_stored_of_no_records(subject: VectorStore) -> None:
    subject.upsert("col", [], np.empty((0, DIM), np.float32))
    subject.delete("col", [])
    assert subject.count("col") == 0


def test_what_describes_a_vector_can_be_replaced_and_the_vector_stays(subject: VectorStore) -> None:
    subject.upsert("col", records(0, 3), vectors(0, 3))
    moved = replace(records(1, 2)[0], document_id=50, language="de")
    unknown = replace(moved, id=77)
    subject.describe("col", [moved, unknown])
    assert subject.ids("col") == {0, 1, 2}
    np.testing.assert_allclose(subject.vectors("col", [1])[1], vectors(1, 2)[0], atol=1e-6)
    for where in (VectorFilter(documents=(50,)), VectorFilter(language="de")):
        assert ids(subject, vectors(0, 1)[0], where) == [1]


def test_deleted_vectors_are_gone_and_unknown_ids_are_ignored(subject: VectorStore) -> None:
    subject.upsert("col", records(0, 5), vectors(0, 5))
    subject.delete("col", [1, 3, 77])
    assert subject.ids("col") == {0, 2, 4}
    assert {item for item, _ in subject.query("col", vectors(1, 2)[0], 5)} == {0, 2, 4}
    assert subject.count("col") == 3


def test_pruning_keeps_what_was_not_deleted(subject: VectorStore) -> None:
    subject.upsert("col", records(0, 50), vectors(0, 50))
    subject.delete("col", range(20))
    before = subject.query("col", vectors(7, 8)[0], 5)
    subject.prune()
    assert subject.ids("col") == set(range(20, 50))
    assert subject.query("col", vectors(7, 8)[0], 5) == before
    subject.upsert("col", records(0, 1), vectors(0, 1))
    assert subject.count("col") == 31


def test_collections_do_not_mix_and_can_be_dropped(subject: VectorStore) -> None:
    for name in ("one", "two"):
        subject.drop(name)
        subject.create(name, DIM)
        subject.create(name, DIM)
    subject.upsert("one", records(0, 3), vectors(0, 3))
    assert subject.ids("two") == set()
    subject.drop("one")
    subject.drop("one")
    for read in (subject.ids, subject.count):
        with pytest.raises(StoreError, match="one"):
            read("one")
    with pytest.raises(StoreError):
        subject.query("one", vectors(0, 1)[0], 1)
    with pytest.raises(StoreError):
        subject.upsert("one", records(0, 1), vectors(0, 1))
    subject.create("one", DIM)
    assert subject.count("one") == 0
    subject.drop("one")
    subject.drop("two")


def test_a_collection_that_is_made_again_is_empty_and_others_stay(subject: VectorStore) -> None:
    subject.create("other", DIM)
    for name in ("col", "other"):
        subject.upsert(name, records(0, 3), vectors(0, 3))
    subject.remake("col", DIM)
    assert subject.count("col") == 0
    assert subject.count("other") == 3
    subject.drop("other")


def test_vectors_of_another_width_are_refused_and_nothing_is_stored(subject: VectorStore) -> None:
    narrow = np.ascontiguousarray(vectors(0, 3)[:, :8])
    for _ in range(2):
        with pytest.raises(StoreError, match=r"16.*8"):
            subject.upsert("col", records(0, 3), narrow)
        with pytest.raises(StoreError, match=r"16.*8"):
            subject.query("col", narrow[0], 1)
        with pytest.raises(StoreError, match=r"16.*8"):
            subject.create("col", 8)
        assert subject.vectors("col", [0, 1, 2]) == {}
        subject.upsert("col", records(5, 9), vectors(5, 9))
    assert subject.ids("col") == {5, 6, 7, 8}


def test_what_was_written_is_there_when_the_store_is_opened_again(
    address: str, folder: Path
) -> None:
    first = opened(address, folder)
    first.drop("col")
    first.create("col", DIM)
    first.upsert("col", records(0, 20), vectors(0, 20))
    first.close()
    second = opened(address, folder)
    assert second.query("col", vectors(11, 12)[0], 1)[0][0] == 11
    second.close()


def test_more_vectors_than_one_batch_takes(subject: VectorStore) -> None:
    subject.upsert("col", records(0, 6000), vectors(0, 6000))
    assert subject.count("col") == 6000
    assert len(subject.vectors("col", range(6000))) == 6000
    subject.delete("col", range(10, 6000))
    assert subject.ids("col") == set(range(10))


def test_a_filter_that_names_nothing_that_is_there_finds_nothing(subject: VectorStore) -> None:
    subject.upsert("col", records(0, 30), vectors(0, 30))
    for where in (
        VectorFilter(documents=()),
        VectorFilter(documents=(77,)),
        VectorFilter(language="fr"),
        VectorFilter(chunks=()),
        VectorFilter(chunks=(77,)),
        VectorFilter(chunks=tuple(range(1000, 2000))),
    ):
        assert ids(subject, vectors(0, 1)[0], where) == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_finds_nothing(subject: VectorStore, limit: int) -> None:
    subject.upsert("col", records(0, 30), vectors(0, 30))
    for where in (
        None,
        VectorFilter(documents=(0, 1)),
        VectorFilter(language="en"),
        VectorFilter(chunks=(3, 4, 5)),
    ):
        assert subject.query("col", vectors(0, 1)[0], limit, where) == []


def test_vectors_may_be_asked_for_twice(subject: VectorStore) -> None:
    subject.upsert("col", records(0, 3), vectors(0, 3))
    assert set(subject.vectors("col", [1, 2, 1])) == {1, 2}


def test_chunks_of_a_filter_that_are_not_there_are_ignored(subject: VectorStore) -> None:
    subject.upsert("col", records(0, 600), vectors(0, 600))
    where = VectorFilter(chunks=tuple(range(200, 2000)))
    scores = vectors(200, 600) @ vectors(0, 1)[0]
    expected = (200 + np.argsort(-scores)[:NEAREST]).tolist()
    assert ids(subject, vectors(0, 1)[0], where) == expected
    where = VectorFilter(chunks=(5, 5, 900, 7))
    assert set(ids(subject, vectors(0, 1)[0], where)) == {5, 7}


def test_writers_and_readers_do_not_disturb_each_other(subject: VectorStore) -> None:
    problems: list[BaseException] = []
    stop = threading.Event()

    def write(first: int) -> None:
        for at in range(first, first + 300, 50):
            subject.upsert("col", records(at, at + 50), vectors(at, at + 50))
            subject.delete("col", [at])

    def read() -> None:
        while not stop.is_set():
            found = subject.query("col", vectors(3, 4)[0], 5)
            assert found == sorted(found, key=lambda hit: -hit[1])

    def guarded(work: threading.Thread | None = None, *, call: object = None) -> None:
        del work
        try:
            assert callable(call)
            call()
        except BaseException as error:  # noqa: BLE001 - told below
            problems.append(error)

    readers = [
        threading.Thread(target=guarded, kwargs={"call": read}, daemon=True) for _ in range(2)
    ]
    writers = [
        threading.Thread(target=guarded, kwargs={"call": lambda n=n: write(1000 * n)})
        for n in range(4)
    ]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    assert problems == []
    expected = {1000 * n + k for n in range(4) for k in range(300) if k % 50}
    assert subject.ids("col") == expected


def test_what_another_process_writes_is_found_a_moment_later(
    subject: VectorStore, address: str, folder: Path
) -> None:
    subject.upsert("col", records(0, 50), vectors(0, 50))
    assert subject.count("col") == 50
    other = in_another_process(address, folder, "put", 1000, 1300)
    subject.upsert("col", records(50, 100), vectors(50, 100))
    assert other.wait(timeout=60) == 0
    time.sleep(0.6)  # as often as a reader looks
    assert subject.query("col", vectors(1205, 1206)[0], 1)[0][0] == 1205
    assert subject.ids("col") == {*range(100), *range(1000, 1300)}
    assert in_another_process(address, folder, "delete", 0, 1200).wait(timeout=60) == 0
    time.sleep(0.6)
    assert subject.ids("col") == set(range(1200, 1300))
    assert {item for item, _ in subject.query("col", vectors(5, 6)[0], 500)} == set(
        range(1200, 1300)
    )


def test_a_writer_knows_at_once_what_another_process_wrote(
    subject: VectorStore, address: str, folder: Path
) -> None:
    subject.upsert("col", records(0, 50), vectors(0, 50))
    assert in_another_process(address, folder, "put", 50, 100).wait(timeout=60) == 0
    with subject.writing():
        assert subject.ids("col") == set(range(100))
        subject.delete("col", range(40, 100))
    assert in_another_process(address, folder, "put", 200, 300).wait(timeout=60) == 0
    with subject.writing():
        assert subject.ids("col") == {*range(40), *range(200, 300)}
