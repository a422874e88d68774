"""Locked files: one holder at a time, and none once its process has ended."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import kb
from kb.locked_files import LockedFile, LockedFolders

ROOT = Path(kb.__file__).parents[1]
HOLD = (
    "import pathlib, sys\n"
    "from kb.locked_files import LockedFile\n"
    "held = LockedFile.new(pathlib.Path(sys.argv[1]))\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.lock"


def test_a_file_has_one_holder(path: Path) -> None:
    first, second = LockedFile(path), LockedFile(path)
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


def test_what_another_holds_cannot_be_held_for_a_block(path: Path) -> None:
    with LockedFile(path).held():
        with pytest.raises(TimeoutError, match="held by another"), LockedFile(path).held():
            pass
        with pytest.raises(TimeoutError, match="held by another"):
            LockedFile.new(path)
    with LockedFile(path).held():
        pass


def test_one_thread_takes_what_another_lets_go(path: Path) -> None:
    held = LockedFile.new(path)
    other = threading.Thread(target=held.release)
    other.start()
    other.join()
    with LockedFile(path).held():
        pass


def test_a_waiting_thread_gets_what_is_let_go(path: Path) -> None:
    held = LockedFile.new(path)
    later = threading.Timer(0.1, held.release)
    later.start()
    with LockedFile(path).held(timeout_s=30):
        pass
    later.join()


def test_an_interruption_ends_the_waiting(path: Path) -> None:
    with LockedFile(path).held():
        assert not LockedFile(path).take(timeout_s=3600, interrupted=lambda: True)


def test_a_file_that_is_removed_is_gone_and_free(path: Path) -> None:
    LockedFile.new(path).remove()
    assert not path.exists()
    assert LockedFile(path).take()


def test_a_file_that_cannot_be_made_is_an_error_and_no_other_holder(path: Path) -> None:
    path.write_text("no folder")
    with pytest.raises(FileExistsError):
        LockedFile(path / "a.lock").take()


def test_the_file_of_a_process_that_is_killed_is_free(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert not LockedFile(path).take()
        holder.kill()
        holder.wait()
        with LockedFile(path).held(timeout_s=30):
            pass


def test_a_folder_is_cleared_when_nobody_holds_or_wants_it(tmp_path: Path) -> None:
    folders = LockedFolders(tmp_path / "all")
    held, lock = folders.new()
    left, unheld = folders.new()
    wanted, let_go = folders.new()
    for each in (held, left, wanted):
        (each / "file").write_text("bytes")
    unheld.release()
    let_go.release()
    folders.clear(lambda name: name == wanted.name)
    assert {each for each in folders.parent.iterdir() if each.is_dir()} == {held, wanted}
    assert (held / "file").exists()
    lock.release()
    folders.clear()
    assert not any(each.is_dir() for each in folders.parent.iterdir())


def test_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder, lock = LockedFolders(tmp_path / "all").new()
    assert [each.stat().st_mode & 0o777 for each in (folder.parent, folder)] == [0o700, 0o700]
    lock.release()


def test_no_other_module_locks_files() -> None:
    locking = re.compile(r"\bfilelock\b|\bfcntl\b|\bmsvcrt\b|\blockf\b")
    modules = [file for folder in ("kb", "ingest", "ui") for file in (ROOT / folder).rglob("*.py")]

    # Setting up locks before anything is installed.
    assert {file for file in modules if locking.search(file.read_text("utf-8"))} == {
        ROOT / "kb" / "locked_files.py",
        ROOT / "kb" / "install" / "llama.py",
    }
