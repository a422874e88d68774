"""A process that ingests is killed at random moments; what was done stays, whole.

``make test`` kills 6 times, with an embedder that takes no time, so that most of a run is storing;
``make test-full`` kills 50 times with the default model, and 10 times more during replacement.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest import ingest
from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

RUN = Path(__file__).parent / "crash_run.py"
FILES = 12
# About how long a run takes, by what its texts are embedded with.
LONGEST_RUN_S = {"hashed": 3.0, "model": 6.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    write(folder, "first")
    return folder


def write(folder: Path, version: str) -> None:
    """Files of one to four chunks; every paragraph names its file and version."""
    for number in range(FILES):
        lines = [
            f"{version} version of file {number}, paragraph {line}: 登记申请 {line * number}. "
            + "The quick brown fox jumps over the lazy dog. " * 6
            for line in range(1 + number % 4 * 3)
        ]
        (folder / f"file-{number:02}.txt").write_text("\n\n".join(lines), "utf-8")


@dataclass(frozen=True)
class Runs:
    """What is ingested where, and by which embedder: the process's and that of this one."""

    kind: str
    embedder: Embedder
    folder: Path
    settings: Settings
    reference: KnowledgeBase

    @property
    def journal(self) -> Path:
        return self.folder.parent / "journal"

    def opened(self) -> KnowledgeBase:
        return KnowledgeBase.open(self.settings, embedder=self.embedder)


def start(runs: Runs) -> subprocess.Popen[str]:
    places = (runs.settings.data_dir, runs.folder, runs.journal)
    process = subprocess.Popen(
        [sys.executable, str(RUN), *map(str, places), runs.kind],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def kill_after(seconds: float, runs: Runs) -> bool:
    """Kill a run after ``seconds``; say whether it was still at work."""
    process = start(runs)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return True
    finally:
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    return False


def state(base: KnowledgeBase) -> dict[str, list[str]]:
    """The chunks of every document, by path."""
    return {
        info.sources[0].path: [chunk.text for chunk in base.chunks(info.id)]
        for info in base.documents()
    }


def assert_sound(base: KnowledgeBase, journal: Path, texts: dict[str, dict[str, str]]) -> None:
    assert base.check().ok, base.check()
    documents = base.documents() if base.collections() else []
    found = {info.sources[0].path: base.document_text(info.id) for info in documents}
    stored = set(journal.read_text("utf-8").split()) if journal.exists() else set()
    assert stored <= set(found), "a file reported as stored is gone"
    for path, text in found.items():
        versions = [version for version in texts if f"{version} version of file" in text]
        assert len(versions) == 1, f"{path} shows {versions}"
        assert text == texts[versions[0]][path], f"{path} is not whole"


def contents(folder: Path) -> dict[str, str]:
    """The text of every file, by name."""
    return {file.name: file.read_text("utf-8") for file in folder.iterdir()}


@pytest.fixture
def runs(
    request: pytest.FixtureRequest, folder: Path, settings: Settings, tmp_path: Path
) -> Iterator[Runs]:
    """Runs, and a knowledge base whose own are never interrupted."""
    kind = str(getattr(request, "param", "hashed"))
    embedder = HashingEmbedder() if kind == "hashed" else request.getfixturevalue("embedder")
    untouched = Settings.load(data_dir=tmp_path / "reference")
    with KnowledgeBase.open(untouched, embedder=embedder) as reference:
        yield Runs(kind, embedder, folder, settings, reference)


def kill_many(kills: int, runs: Runs, *, seed: int) -> None:
    texts = {"first": contents(runs.folder)}
    moments = random.Random(seed)  # noqa: S311 - moments to kill at, no secret
    interrupted = 0
    for _ in range(kills):
        interrupted += kill_after(moments.uniform(0.0, LONGEST_RUN_S[runs.kind]), runs)
        with runs.opened() as base:
            assert_sound(base, runs.journal, texts)
            if base.collections() and len(base.documents()) == FILES and moments.random() < 0.5:
                # Everything is stored: begin again with half of it.
                for info in base.documents()[: FILES // 2]:
                    base.remove(info.id)
                runs.journal.write_text("")
    assert interrupted >= max(1, kills // 4), "the runs were over before they could be killed"
    ingest(runs.reference, [runs.folder])
    with runs.opened() as base:
        report = ingest(base, [runs.folder])
        assert report.ok
        assert state(base) == state(runs.reference)
        assert base.check().ok
        assert ingest(base, [runs.folder]).count("unchanged") == FILES


def replace_and_kill(kills: int, runs: Runs, *, seed: int) -> None:
    texts = {"first": contents(runs.folder)}
    with runs.opened() as base:
        ingest(base, [runs.folder])
    for turn in range(kills):
        version = f"turn{turn}"
        write(runs.folder, version)
        time.sleep(0.01)  # another time of change, whatever the file system's resolution
        texts[version] = contents(runs.folder)
        moment = random.Random(seed + turn).uniform(0.5, LONGEST_RUN_S[runs.kind])  # noqa: S311
        kill_after(moment, runs)
        with runs.opened() as base:
            assert_sound(base, runs.journal, texts)
            assert len(base.documents()) == FILES
    ingest(runs.reference, [runs.folder])
    with runs.opened() as base:
        ingest(base, [runs.folder])
        assert state(base) == state(runs.reference)


def test_a_killed_ingest_loses_nothing_and_finishes_later(runs: Runs) -> None:
    kill_many(4, runs, seed=7)


def test_a_killed_replacement_shows_one_version_whole(runs: Runs) -> None:
    replace_and_kill(2, runs, seed=8)


@pytest.mark.slow
@pytest.mark.parametrize("runs", ["model"], indirect=True)
def test_fifty_kills_lose_nothing(runs: Runs) -> None:
    kill_many(50, runs, seed=50)


@pytest.mark.slow
@pytest.mark.parametrize("runs", ["model"], indirect=True)
def test_ten_kills_of_a_replacement_show_one_version_whole(runs: Runs) -> None:
    replace_and_kill(10, runs, seed=10)
