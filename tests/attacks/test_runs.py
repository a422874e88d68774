"""Attacks on runs of ingestion: what one file, folder or deletion can do to all the others."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hashing_embedder import HashingEmbedder

from ingest import FileEvent, IngestOptions, IngestReport, ingest
from ingest.results import OnEvent
from kb import KnowledgeBase, Settings
from kb.errors import CollectionError

if TYPE_CHECKING:
    from attack_report import Report

PATIENCE_S = 60
KEPT = {"kept-1.txt", "zz-kept-2.txt"}


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data", workers=1)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in KEPT:
        write(folder / name, f"What stands in {name} is kept.")
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n", "utf-8")


def at_first(stage: str, act: Callable[[], object]) -> OnEvent:
    """Return what does something once, at the first event of a stage."""
    done = threading.Event()

    def on_event(event: FileEvent) -> None:
        if event.stage == stage and not done.is_set():
            done.set()
            act()

    return on_event


def run(base: KnowledgeBase, folder: Path, on_event: OnEvent | None = None) -> IngestReport:
    return ingest(base, [folder], on_event=on_event)


def remove(base: KnowledgeBase, name: str) -> None:
    for info in base.documents():
        if info.name == name:
            base.remove(info.id)


def deep(levels: int, name: str) -> Callable[[KnowledgeBase, Path], None]:
    def attack(base: KnowledgeBase, folder: Path) -> None:
        here = os.open(folder, os.O_RDONLY)
        for _ in range(levels):
            os.mkdir(name, dir_fd=here)
            below = os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        file = os.open("bottom.txt", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=here)
        os.write(file, b"What stands at the bottom.")
        os.close(file)
        os.close(here)
        run(base, folder)

    return attack


def edited_with_a_copy(base: KnowledgeBase, folder: Path) -> None:
    names = ["a.txt", *(f"m{number:02}.txt" for number in range(40))]
    for name in names:
        write(folder / name, f"The first text of {name}.")
    run(base, folder)
    write(folder / "z.txt", "The first text of a.txt.")
    for name in names:
        write(folder / name, f"The second text of {name}, which is longer.")
    run(base, folder)


def removed_during_the_run(
    change: Callable[[Path], object],
) -> Callable[[KnowledgeBase, Path], None]:
    def attack(base: KnowledgeBase, folder: Path) -> None:
        write(folder / "a.txt", "What is removed meanwhile.")
        run(base, folder)
        change(folder)
        run(base, folder, at_first("waiting", lambda: remove(base, "a.txt")))

    return attack


def touch(folder: Path) -> None:
    os.utime(folder / "a.txt", ns=(0, 1_000_000_000))


def copy(folder: Path) -> None:
    shutil.copy(folder / "a.txt", folder / "z.txt")


def move(folder: Path) -> None:
    (folder / "a.txt").rename(folder / "z.txt")


def vanishing_files(base: KnowledgeBase, folder: Path) -> None:
    for number in range(5):
        write(folder / "sub" / f"{number}.txt", f"Number {number} vanishes.")
    run(base, folder, at_first("waiting", lambda: shutil.rmtree(folder / "sub")))


def files_that_change_while_they_are_read(base: KnowledgeBase, folder: Path) -> None:
    stop = threading.Event()

    def scribble() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            (folder / "log.txt").write_text(f"line {number}\n" * (number % 5000), "utf-8")

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        for _ in range(5):
            run(base, folder)
    finally:
        stop.set()
        writer.join()


def names(base: KnowledgeBase, folder: Path) -> None:
    for name in (b"caf\xe9.txt", b"caf\\xe9.txt", b"new\nline.txt", b"n" * 251 + b".txt"):
        write(folder / os.fsdecode(name), f"What is called {name!r}.")
    write(folder / "caf\u00e9" / "e.txt", "Composed.")
    write(folder / "cafe\u0301" / "e.txt", "Decomposed.")
    run(base, folder)


def a_root_whose_name_is_no_utf_8(base: KnowledgeBase, folder: Path) -> None:
    root = folder / os.fsdecode(b"doc\xe9s")
    write(root / "a.txt", "What lies in a folder of bytes.")
    run(base, root)
    run(base, folder)


def no_files(base: KnowledgeBase, folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "nowhere.txt").symlink_to(folder / "missing")
    (folder / "self").symlink_to(folder)
    (folder / "up").symlink_to("/")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket is short
        try:
            listener.bind("socket.txt")
        finally:
            os.chdir(here)
        run(base, folder)


def pattern(line: str) -> Callable[[KnowledgeBase, Path], None]:
    def attack(base: KnowledgeBase, folder: Path) -> None:
        write(folder / "sub" / ".kbignore", line)
        write(folder / "sub" / "a.txt", "What lies beside a broken ignore file.")
        run(base, folder)

    return attack


ATTACKS = {
    "a folder 500 levels deep": deep(500, "d"),
    "a folder 1500 levels deep": deep(1500, "d"),
    "a path of 10,000 characters": deep(50, "d" * 200),
    "an edited file whose old text a copy has": edited_with_a_copy,
    "a document removed whose file was touched": removed_during_the_run(touch),
    "a document removed whose file was copied": removed_during_the_run(copy),
    "a document removed whose file was moved": removed_during_the_run(move),
    "a folder deleted between listing and reading": vanishing_files,
    "a file that changes while it is read": files_that_change_while_they_are_read,
    "names of bytes, lines and 255 characters": names,
    "a root whose name is no UTF-8": a_root_whose_name_is_no_utf_8,
    "pipes, sockets, loops of links": no_files,
    "an ignore file with '!'": pattern("!"),
    "an ignore file with '[z-a]'": pattern("[z-a]"),
}


def test_no_run_is_ended_by_one_file_folder_or_deletion(tmp_path: Path, report: Report) -> None:
    ended = {}
    for number, (name, attack) in enumerate(ATTACKS.items()):
        folder = tmp_path / f"documents {number}"
        for kept in KEPT:
            write(folder / kept, f"What stands in {kept} is kept.")
        settings = Settings.load(data_dir=tmp_path / f"data {number}", workers=1)
        with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
            try:
                attack(base, folder)
            except Exception as error:  # noqa: BLE001 - whatever ends a run is what is counted
                ended[name] = f"{type(error).__name__}: {error}"[:200]
            else:
                found = {source.path for info in base.documents() for source in info.sources}
                if not found >= KEPT:
                    ended[name] = f"only {found} were read"
        subprocess.run(["rm", "-rf", folder], check=True)
    report(
        "runs ended by one file, folder or deletion",
        "7 of 14",
        f"{len(ended)} of {len(ATTACKS)}",
    )
    assert ended == {}


def test_a_collection_renamed_during_a_run_is_not_split(
    base: KnowledgeBase, folder: Path, report: Report
) -> None:
    for number in range(30):
        write(folder / f"{number:02}.txt", f"Number {number} of many.")
    run(base, folder, at_first("waiting", lambda: base.rename_collection("default", "papers")))
    counts = {info.name: info.documents for info in base.collections()}
    report("collections that one run fills when it is renamed", "2", str(len(counts)))
    assert counts == {"papers": 32}


def test_a_collection_deleted_during_a_run_is_not_made_again(
    base: KnowledgeBase, folder: Path, report: Report
) -> None:
    for number in range(30):
        write(folder / f"{number:02}.txt", f"Number {number} of many.")
    error = None
    try:
        run(base, folder, at_first("waiting", lambda: base.delete_collection("default")))
    except CollectionError as caught:
        error = caught
    left = sum(info.documents for info in base.collections())
    report("documents in a collection deleted during a run", "32", str(left))
    assert "was deleted" in str(error)
    assert base.collections() == []


def test_files_ignored_later_are_not_searchable_after_prune(
    base: KnowledgeBase, folder: Path, report: Report
) -> None:
    write(folder / "private" / "pay.txt", "The night porter is paid nineteen crowns a week.")
    run(base, folder)
    write(folder / ".kbignore", "private/")
    ingest(base, [folder], options=IngestOptions(prune=True))
    found = [hit for hit in base.search("night porter") if "porter" in hit.text]
    report("private files searchable after .kbignore and --prune", "1", str(len(found)))
    assert found == []


def test_watching_goes_on_when_its_folder_is_removed_and_made_again(
    data_dir: Path, folder: Path, report: Report
) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "ingest", str(folder), "--watch"],
        env={**os.environ, "KB_DATA_DIR": str(data_dir), "KB_WORKERS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stderr is not None
    lines: list[str] = []
    reader = threading.Thread(target=lines.extend, args=(watching.stderr,))
    reader.start()

    def seconds_until(words: str) -> float | None:
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE_S:
            if any(words in line for line in lines):
                return time.monotonic() - began
            time.sleep(0.1)
        return None

    try:
        assert seconds_until("watching for changes") is not None
        shutil.rmtree(folder)
        folder.mkdir()
        time.sleep(2)
        write(folder / "new.txt", "Coffee is roasted on Mondays.")
        seen = seconds_until("added new.txt")
    finally:
        watching.terminate()
        watching.wait(PATIENCE_S)
        reader.join()
        watching.stderr.close()
    now = "never" if seen is None else f"{seen:.0f} s"
    report("a new file in a watched folder that was made again is read", "never", now)
    assert seen is not None, lines
