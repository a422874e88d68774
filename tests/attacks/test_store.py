"""Large removals and long documents: nobody else is kept out, and nobody is told to go away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hashing_embedder import HashingEmbedder
from neighbour import Neighbour, long_text

from kb import KnowledgeBase, Settings

if TYPE_CHECKING:
    from attack_report import Report

FILES = 300
FILE_CHUNKS = 40
CHUNKS = 12_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(
        data_dir=tmp_path / "data", chunk_size=64, chunk_overlap=0, lock_timeout_s=5
    )


@pytest.fixture
def base(settings: Settings) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def neighbour(base: KnowledgeBase) -> Iterator[Neighbour]:
    settings = base.settings
    opened = Neighbour(
        settings.data_dir,
        chunk_size=settings.chunk_size,
        chunk_overlap=0,
        lock_timeout_s=settings.lock_timeout_s,
    )
    yield opened
    opened.close()


def test_a_removal_of_300_files_lets_others_write_meanwhile(
    base: KnowledgeBase, neighbour: Neighbour, report: Report
) -> None:
    for number in range(FILES):
        base.add(long_text(f"file {number}", FILE_CHUNKS), name=f"{number}.txt")
    gone = [state.source for state in base.files.states()]
    seconds = 0.0

    def remove() -> None:
        nonlocal seconds
        started = time.monotonic()
        assert base.files.forget(gone) == FILES
        seconds = time.monotonic() - started

    thread = threading.Thread(target=remove)
    thread.start()
    waits = []
    try:
        time.sleep(0.1)  # it has begun
        while thread.is_alive():
            waits.append(neighbour.do(f"put note{len(waits)} Note {len(waits)}."))
    finally:
        thread.join()
    report(
        f"{FILES} files ({FILES * FILE_CHUNKS} chunks) removed while another process writes",
        "9.8 s in one hold, the other gives up after 5 s",
        f"{seconds:.1f} s; longest wait of the other {max(waits):.1f} s",
    )
    assert len(waits) > 1
    assert max(waits) < base.settings.lock_timeout_s
    assert {info.name for info in base.documents()} == {f"note{n}" for n in range(len(waits))}
    assert base.check().ok


def test_a_second_long_document_waits_as_long_as_the_first_makes_progress(
    base: KnowledgeBase, neighbour: Neighbour, report: Report
) -> None:
    neighbour.tell(f"long first {CHUNKS}")
    time.sleep(1)
    started = time.monotonic()
    base.add(long_text("second", CHUNKS), name="second")
    seconds = time.monotonic() - started
    first = neighbour.wait()
    report(
        f"two documents of {CHUNKS} chunks stored at once by processes of little patience",
        "the second gives up after 3 s",
        f"both stored, after {first:.0f} s and {seconds:.0f} s",
    )
    assert {info.name for info in base.documents()} == {"first", "second"}
    assert base.check().ok
