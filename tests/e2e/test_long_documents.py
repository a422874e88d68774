"""A document of thousands of chunks keeps nobody waiting, and is there whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings
from kb.errors import CollectionError

CHUNKS = 6000
TEXT = "\n\n".join(f"Lamp {n} burns in the great hall of the old house." for n in range(CHUNKS))


@pytest.fixture
def settings(data_dir: object) -> Settings:
    return Settings.load(data_dir=data_dir, chunk_size=64, chunk_overlap=0)


@pytest.fixture
def long(settings: Settings) -> Iterator[KnowledgeBase]:
    """Who stores the long document."""
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        base.add("A word of welcome.", name="welcome")
        yield base


@pytest.fixture
def other(long: KnowledgeBase) -> Iterator[KnowledgeBase]:
    """Who writes and reads beside it."""
    with KnowledgeBase.open(long.settings, embedder=HashingEmbedder()) as base:
        yield base


@contextmanager
def storing(base: KnowledgeBase, problems: list[BaseException]) -> Iterator[threading.Thread]:
    """Store the long document in a thread; the block runs once its first vectors are stored."""
    started = threading.Event()
    upsert = base._store.vectors.upsert

    def tell(*args: object) -> None:
        upsert(*args)  # type: ignore[arg-type] - handed on as they come
        started.set()

    base._store.vectors.upsert = tell  # type: ignore[method-assign] - to know when it has begun

    def store() -> None:
        try:
            base.add(TEXT, name="long")
        except BaseException as error:  # noqa: BLE001 - looked at below
            problems.append(error)
            started.set()

    thread = threading.Thread(target=store)
    thread.start()
    try:
        assert started.wait(60)
        yield thread
    finally:
        thread.join()
        base._store.vectors.upsert = upsert  # type: ignore[method-assign]


def paths(base: KnowledgeBase) -> set[str]:
    return {source.path for info in base.documents() for source in info.sources}


def test_others_write_and_search_while_it_is_being_stored(
    long: KnowledgeBase, other: KnowledgeBase
) -> None:
    problems: list[BaseException] = []
    with storing(long, problems) as thread:
        done: list[bool] = []
        seen_unfinished: list[bool] = []
        for number in range(3):
            other.add(f"Note {number} of somebody else.", name=f"note{number}")
            done.append(thread.is_alive())
            assert other.search("welcome", top_k=1)[0].source == "welcome"
            seen_unfinished.append("long" in paths(other) and thread.is_alive())
    assert problems == []
    assert seen_unfinished == [False, False, False]
    assert done[0], "the note had to wait for the whole of the long document"
    assert paths(other) == {"welcome", "note0", "note1", "note2", "long"}
    assert long.check().ok
    assert long.collection().chunks >= CHUNKS * 0.9


def test_a_check_waits_until_it_is_stored(long: KnowledgeBase, other: KnowledgeBase) -> None:
    with storing(long, []):
        assert other.check(repair=True).mended == ()
    assert "long" in paths(other)


def test_its_collection_may_be_deleted_meanwhile(long: KnowledgeBase, other: KnowledgeBase) -> None:
    problems: list[BaseException] = []
    with storing(long, problems):
        other.delete_collection("default")
    (problem,) = problems
    assert isinstance(problem, CollectionError)
    assert other.collections() == []
    assert other.check().ok


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(True, id="the same text"),
        pytest.param(False, id="another text", marks=pytest.mark.slow),
    ],
)
def test_two_that_are_stored_at_once_are_both_there(
    long: KnowledgeBase, other: KnowledgeBase, *, same: bool
) -> None:
    problems: list[BaseException] = []
    with storing(long, problems):
        other.add(TEXT if same else TEXT.replace("Lamp", "Candle"), name="also")
    assert problems == []
    assert paths(other) == paths(long) == {"welcome", "long", "also"}
    assert len(other.documents()) == (2 if same else 3)
    assert other.check().ok
