"""A process that ingests is killed at random moments; what was done stays, whole.

``make test`` kills 4 times; ``make test-full`` 50 times, and 10 times more during replacement.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import ingest
from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

RUN = Path(__file__).parent / "crash_run.py"
FILES = 12
LONGEST_RUN_S = 6.0


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


def start(data_dir: Path, folder: Path, journal: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(RUN), str(data_dir), str(folder), str(journal)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def kill_after(seconds: float, data_dir: Path, folder: Path, journal: Path) -> bool:
    """Kill a run after ``seconds``; say whether it was still at work."""
    process = start(data_dir, folder, journal)
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
def reference(tmp_path: Path, models_dir: Path, embedder: Embedder) -> Iterator[KnowledgeBase]:
    """A knowledge base that is never interrupted."""
    data_dir = tmp_path / "reference"
    data_dir.mkdir()
    (data_dir / "models").symlink_to(models_dir)
    with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=embedder) as base:
        yield base


def kill_many(
    kills: int,
    *,
    seed: int,
    folder: Path,
    settings: Settings,
    reference: KnowledgeBase,
    embedder: Embedder,
    texts: dict[str, dict[str, str]],
) -> None:
    journal = folder.parent / "journal"
    moments = random.Random(seed)  # noqa: S311 - moments to kill at, no secret
    interrupted = 0
    for _ in range(kills):
        interrupted += kill_after(
            moments.uniform(0.0, LONGEST_RUN_S), settings.data_dir, folder, journal
        )
        with KnowledgeBase.open(settings, embedder=embedder) as base:
            assert_sound(base, journal, texts)
            if base.collections() and len(base.documents()) == FILES and moments.random() < 0.5:
                # Everything is stored: begin again with half of it.
                for info in base.documents()[: FILES // 2]:
                    base.remove(info.id)
                journal.write_text("")
    assert interrupted >= max(1, kills // 4), "the runs were over before they could be killed"
    ingest(reference, [folder])
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        report = ingest(base, [folder])
        assert report.ok
        assert state(base) == state(reference)
        assert base.check().ok
        assert ingest(base, [folder]).count("unchanged") == FILES


def test_a_killed_ingest_loses_nothing_and_finishes_later(
    folder: Path, settings: Settings, reference: KnowledgeBase, embedder: Embedder
) -> None:
    kill_many(
        3,
        seed=7,
        folder=folder,
        settings=settings,
        reference=reference,
        embedder=embedder,
        texts={"first": contents(folder)},
    )


def test_a_killed_replacement_shows_one_version_whole(
    folder: Path, settings: Settings, reference: KnowledgeBase, embedder: Embedder
) -> None:
    replace_and_kill(
        1,
        seed=8,
        folder=folder,
        settings=settings,
        reference=reference,
        embedder=embedder,
    )


@pytest.mark.slow
def test_fifty_kills_lose_nothing(
    folder: Path, settings: Settings, reference: KnowledgeBase, embedder: Embedder
) -> None:
    kill_many(
        50,
        seed=50,
        folder=folder,
        settings=settings,
        reference=reference,
        embedder=embedder,
        texts={"first": contents(folder)},
    )


@pytest.mark.slow
def test_ten_kills_of_a_replacement_show_one_version_whole(
    folder: Path, settings: Settings, reference: KnowledgeBase, embedder: Embedder
) -> None:
    replace_and_kill(
        10,
        seed=10,
        folder=folder,
        settings=settings,
        reference=reference,
        embedder=embedder,
    )


def replace_and_kill(
    kills: int,
    *,
    seed: int,
    folder: Path,
    settings: Settings,
    reference: KnowledgeBase,
    embedder: Embedder,
) -> None:
    texts = {"first": contents(folder)}
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        ingest(base, [folder])
    for turn in range(kills):
        version = f"turn{turn}"
        write(folder, version)
        time.sleep(0.01)  # another time of change, whatever the file system's resolution
        texts[version] = contents(folder)
        moment = random.Random(seed + turn).uniform(1.0, LONGEST_RUN_S)  # noqa: S311
        kill_after(moment, settings.data_dir, folder, folder.parent / "journal")
        with KnowledgeBase.open(settings, embedder=embedder) as base:
            assert_sound(base, folder.parent / "journal", texts)
            assert len(base.documents()) == FILES
    ingest(reference, [folder])
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        ingest(base, [folder])
        assert state(base) == state(reference)
