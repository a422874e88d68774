"""Chroma's index files are opened, and thereby written, by whoever holds the write lock alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from neighbour import Neighbour

from kb import KnowledgeBase, Settings, StoreBusyError
from kb.vectors.chroma import client, folder

TEXT = "The harbour office opens at seven."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    # Who may not write waits for a moment, then says so.
    return Settings.load(data_dir=tmp_path / "data", lock_timeout_s=0.3)


@pytest.fixture
def base(settings: Settings) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        opened.add(TEXT, name="harbour")
        assert opened.search("harbour", mode="dense")
        yield opened


@pytest.fixture
def neighbour(base: KnowledgeBase) -> Iterator[Neighbour]:
    opened = Neighbour(base.settings.data_dir)
    yield opened
    opened.close()


def files(base: KnowledgeBase) -> dict[str, tuple[int, bytes]]:
    """Chroma's index files: when each was written, and what it holds."""
    folder = base.settings.store_dir / "chroma"
    return {
        str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.read_bytes())
        for file in folder.glob("*/*")
    }


def touch(base: KnowledgeBase) -> None:
    (state,) = (each for each in base.files.states() if each.source.path == "harbour")
    base.files.change(state, replace(state, mtime_ns=state.mtime_ns + 1))


def tag(base: KnowledgeBase) -> None:
    (info,) = (each for each in base.documents() if each.name == "harbour")
    base.tag([info.id], add=["sea"])


def close_another(base: KnowledgeBase) -> None:
    """Another user of the store in this process opens it, looks and goes."""
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as other:
        other._store.recover()


@pytest.mark.parametrize("change", [touch, tag, close_another, KnowledgeBase.compact])
def test_a_search_after_any_change_opens_chroma_inside_the_write_lock_only(
    base: KnowledgeBase, neighbour: Neighbour, change: Callable[[KnowledgeBase], object]
) -> None:
    neighbour.do("put ferry The ferry leaves at nine.")
    change(base)
    neighbour.do("hold")
    before = files(base)
    try:
        found = [hit.source for hit in base.search("ferry", mode="dense", top_k=2)]
    except StoreBusyError:
        found = []
    assert files(base) == before, "index files were written while another held the lock"
    assert found in ([], ["harbour"], ["ferry", "harbour"])
    neighbour.do("release")
    assert base.search("ferry", mode="dense", top_k=1)[0].source == "ferry"


def test_the_first_look_at_a_collection_happens_inside_the_write_lock(
    base: KnowledgeBase, neighbour: Neighbour
) -> None:
    base.add("The mill stands still.", name="mill", collection="second")
    base._store.vectors.at("chroma")._client.shut()
    assert base.search("harbour", mode="dense", collection="default")
    neighbour.do("hold")
    before = files(base)
    with pytest.raises(StoreBusyError):
        base.search("mill", mode="dense", collection="second")
    assert files(base) == before
    neighbour.do("release")
    assert base.search("mill", mode="dense", collection="second")[0].source == "mill"


def test_recording_a_file_leaves_searches_as_quick_as_they_were(
    base: KnowledgeBase, neighbour: Neighbour
) -> None:
    neighbour.do("put ferry The ferry leaves at nine.")
    assert base.search("ferry", mode="dense", top_k=1)[0].source == "ferry"
    touch(base)
    neighbour.do("hold")
    # What it has is current: it waits for nobody.
    assert base.search("ferry", mode="dense", top_k=1)[0].source == "ferry"
    neighbour.do("release")


def vectors_found(base: KnowledgeBase) -> int:
    """Ask the index, which a search of so small a collection does without."""
    vector = base.embedder.embed_query("ferry")
    return len(base._store.query(base.collection().id, vector, 5))


def test_one_search_waits_for_another_process_and_the_others_answer_from_what_they_have(
    base: KnowledgeBase, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vectors_found(base) == 1
    monkeypatch.setattr(client, "REFRESH_INTERVAL_S", 0)
    monkeypatch.setattr(folder, "_READER_PATIENCE_S", 60)
    base._store.vectors.at("chroma")._client.took(0)
    neighbour.do("put ferry The ferry leaves at nine.")
    neighbour.do("hold")
    found: list[int] = []
    waiting = threading.Thread(target=lambda: found.append(vectors_found(base)))
    waiting.start()
    try:
        refreshing = base._store.vectors.at("chroma")._client.refreshing
        until = time.monotonic() + 60
        while not refreshing.locked() and time.monotonic() < until:
            time.sleep(0.001)
        assert vectors_found(base) == 1
        assert waiting.is_alive()
    finally:
        neighbour.do("release")
        waiting.join()
    assert found == [2]


def test_the_longer_a_refresh_takes_the_longer_it_is_until_the_next(
    base: KnowledgeBase, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vectors_found(base) == 1
    monkeypatch.setattr(client, "REFRESH_INTERVAL_S", 0)
    index = base._store.vectors.at("chroma")._client
    index.took(600)
    neighbour.do("put ferry The ferry leaves at nine.")
    assert vectors_found(base) == 1
    index.took(0)
    assert vectors_found(base) == 2
