"""One store, several processes: readers keep up with writers, writers do not undo each other."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

WRITER = Path(__file__).parent / "writer.py"
KEEPS_UP_WITHIN_S = 1.0
PATIENCE_S = 60


class Writer:
    """Another process that changes the store on demand."""

    def __init__(self, data_dir: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(WRITER), str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def wait(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "done\n"

    def do(self, line: str) -> None:
        self.tell(line)
        self.wait()

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture
def writer(settings: Settings) -> Iterator[Writer]:
    opened = Writer(settings.data_dir)
    yield opened
    opened.close()


def found(base: KnowledgeBase, query: str) -> list[str]:
    return [hit.text for hit in base.search(query, top_k=3)]


def eventually(base: KnowledgeBase, query: str, wanted: str) -> float:
    """Return the seconds until a search gives ``wanted`` first."""
    started = time.monotonic()
    while (texts := found(base, query)) and texts[0] != wanted:
        assert time.monotonic() - started < PATIENCE_S, texts
        time.sleep(0.02)
    return time.monotonic() - started


def test_an_open_reader_keeps_up_and_never_sees_what_was_removed(
    settings: Settings, embedder: Embedder, writer: Writer
) -> None:
    longest_wait(8, settings, embedder, writer)


@pytest.mark.slow
def test_an_open_reader_keeps_up_within_a_second(
    settings: Settings, embedder: Embedder, writer: Writer
) -> None:
    assert longest_wait(20, settings, embedder, writer) < KEEPS_UP_WITHIN_S


def longest_wait(rounds: int, settings: Settings, embedder: Embedder, writer: Writer) -> float:
    """Have another process change a document again and again; return how long a reader lagged."""
    writer.do("put anchor The lighthouse keeper writes down every passing ship.")
    problems: list[str] = []
    gone: set[str] = set()
    stop = threading.Event()
    with KnowledgeBase.open(settings, embedder=embedder) as reader:

        def query_all_the_while() -> None:
            while not stop.is_set():
                forbidden = set(gone)
                for text in found(reader, "round of the harvest festival"):
                    if not text:
                        problems.append("a hit without text")
                    if text in forbidden:
                        problems.append(f"removed, but found: {text}")

        thread = threading.Thread(target=query_all_the_while)
        thread.start()
        slowest = 0.0
        try:
            for number in range(rounds):
                first = f"The harvest festival begins, round {number}, 丰收节第{number}轮。"
                second = f"The harvest festival is over, round {number}, 结束了。"
                writer.do(f"put festival{number} {first}")
                slowest = max(
                    slowest, eventually(reader, f"harvest festival begins {number}", first)
                )
                writer.do(f"put festival{number} {second}")
                gone.add(first)
                slowest = max(
                    slowest, eventually(reader, f"harvest festival over {number}", second)
                )
                writer.do(f"remove festival{number}")
                gone.add(second)
                names = {info.sources[0].path for info in reader.documents()}
                assert names == {"anchor"}
        finally:
            stop.set()
            thread.join()
        assert problems == []
        assert reader.check().ok
    return slowest


def test_two_writers_interleave_and_lose_nothing(
    settings: Settings, embedder: Embedder, writer: Writer
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as here:
        longest = 0.0
        for number in range(15):
            writer.tell(f"put there{number} Sentence number {number} of the other process.")
            started = time.monotonic()
            here.add(f"Sentence number {number} of this process.", name=f"here{number}")
            longest = max(longest, time.monotonic() - started)
            writer.wait()
        names = {info.sources[0].path for info in here.documents()}
        assert names == {f"{side}{n}" for side in ("here", "there") for n in range(15)}
        assert here.check().ok
        texts = {hit.text for hit in here.search("sentence of a process", top_k=30)}
        assert len(texts) == 30
        assert longest < PATIENCE_S / 2


def test_the_same_document_from_two_processes_is_one(
    settings: Settings, embedder: Embedder, writer: Writer
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as here:
        text = "Both processes add this very sentence at the same time."
        writer.tell(f"put same {text}")
        here.add(text, name="same")
        writer.wait()
        assert [info.sources[0].path for info in here.documents()] == ["same"]
        assert here.check().ok
