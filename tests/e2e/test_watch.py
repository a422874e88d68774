"""``python -m ingest FOLDER --watch`` keeps the collection in step until Ctrl-C."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

PATIENCE_S = 60


class Watched:
    """A watching process and the lines that it has said on standard error."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ingest", str(folder), "--watch"],
            env={**os.environ, "KB_DATA_DIR": str(settings.data_dir), "KB_WORKERS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line.rstrip("\n"))

    def expect(self, words: str) -> str:
        """Wait for a line that holds ``words``."""
        while True:
            line = self._lines.get(timeout=PATIENCE_S)
            if words in line:
                return line

    def rest(self) -> list[str]:
        """Lines that nobody has waited for."""
        lines = []
        while not self._lines.empty():
            lines.append(self._lines.get())
        return lines

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        status = self.process.wait(timeout=PATIENCE_S)
        self._reader.join()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.stdout.close()
        self.process.stderr.close()
        return status


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "tea.txt").write_text("Green tea is steeped for two minutes.\n", "utf-8")
    return folder


@pytest.fixture
def watched(settings: Settings, folder: Path) -> Iterator[Watched]:
    started = Watched(settings, folder)
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGKILL)


def test_new_changed_renamed_broken_and_deleted_files_are_followed(
    watched: Watched, folder: Path, settings: Settings, embedder: Embedder
) -> None:
    watched.expect("watching for changes")
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert [info.name for info in base.documents()] == ["tea.txt"]

        (folder / "维修").mkdir()
        (folder / "维修" / "链条.txt").write_text("自行车的链条每五百公里要上油一次。\n", "utf-8")
        watched.expect("added 维修/链条.txt")
        assert base.search("链条多久上油")[0].source == "维修/链条.txt"

        (folder / "tea.txt").write_text("Green tea is steeped for three minutes.\n", "utf-8")
        watched.expect("changed tea.txt")
        assert "three minutes" in base.search("green tea")[0].text

        (folder / "tea.txt").rename(folder / "green.txt")
        watched.expect("moved green.txt (was tea.txt)")

        (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
        watched.expect("failed broken.pdf: ")
        (folder / "notes.tmp").write_text("of no interest", "utf-8")

        # All that is left goes, and a folder at once: seen to vanish, so no --yes is needed.
        (folder / "维修").rename(folder.parent / "elsewhere")
        watched.expect("removed 维修/链条.txt")
        (folder / "green.txt").unlink()
        watched.expect("removed green.txt")
        assert base.documents() == []
    assert not [line for line in watched.rest() if "failed" in line or "Traceback" in line]
    assert watched.end(signal.SIGINT) == 130
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert base.check().ok
        assert {run.status for run in base.runs()} == {"finished"}


def test_watching_refuses_options_that_make_no_sense(settings: Settings, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ingest", str(folder), "--watch", "--json"],
        env={**os.environ, "KB_DATA_DIR": str(settings.data_dir)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 2
    assert "--watch cannot be combined with --json" in done.stderr
