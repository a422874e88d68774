"""Watching goes on when a folder disappears and comes back, and says what it does meanwhile."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest import IngestOptions, IngestReport
from ingest.watch import ChangeLines, Watcher
from kb import KnowledgeBase
from kb.errors import CollectionGoneError, KnowledgeBaseError, StoreError

PATIENCE_S = 60


class Watching:
    """A watcher in a thread, and the lines that it has said."""

    def __init__(self, base: KnowledgeBase, *paths: Path, **options: object) -> None:
        self.lines: queue.Queue[str] = queue.Queue()
        self.reports: list[IngestReport] = []
        self.ended: list[BaseException | bool] = []
        self.stop = threading.Event()
        self._changes = ChangeLines()
        self._watcher = Watcher(
            base,
            paths,
            options=IngestOptions(**options),  # type: ignore[arg-type] # by name
            on_report=self._on_report,
            on_error=lambda error: self.lines.put(f"error: {error}"),
            on_remark=self.lines.put,
            stop=self.stop,
        )
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.ended.append(self._watcher.run())
        except (KnowledgeBaseError, OSError, RuntimeError) as error:
            self.ended.append(error)
            self.lines.put(f"ended: {error}")

    def _on_report(self, report: IngestReport) -> None:
        self.reports.append(report)
        for line in self._changes.of(report):
            self.lines.put(line)
        self.lines.put(f"run {len(self.reports)}")

    def expect(self, words: str) -> str:
        """Wait for a line that holds ``words``."""
        seen = []
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE_S)
            except queue.Empty:
                pytest.fail(f"no line with {words!r}, but {seen}")
            if words in line:
                return line
            seen.append(line)

    def end(self) -> None:
        self.stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take changes for over, and look for folders, sooner than for people: order is what counts."""
    monkeypatch.setattr("ingest.finding.watching.QUIET_MS", 150)
    monkeypatch.setattr("ingest.finding.watching._LOOK_MS", 100)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    (folder / "sub").mkdir(parents=True)
    fill(folder)
    return folder


def fill(folder: Path) -> None:
    (folder / "tea.txt").write_text("Green tea is steeped for two minutes.\n", "utf-8")
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "sub" / "bees.txt").write_text("Bees are inspected every ten days.\n", "utf-8")


@pytest.fixture
def watch(base: KnowledgeBase) -> Iterator[Callable[..., Watching]]:
    begun: list[Watching] = []

    def begin(*paths: Path, **options: object) -> Watching:
        begun.append(Watching(base, *paths, **options))
        begun[-1].expect("run 1")
        return begun[-1]

    yield begin
    for each in begun:
        each.end()


Watch = Callable[..., Watching]


def listed(base: KnowledgeBase) -> set[str]:
    return {source.path for info in base.documents() for source in info.sources}


def test_a_folder_removed_and_made_again_is_watched_again(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watching = watch(folder)
    shutil.rmtree(folder)
    folder.mkdir()
    watching.expect("is another one now")
    watching.expect("removed tea.txt")
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert listed(base) == {"new.txt"}


def test_a_folder_that_is_removed_is_waited_for(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watching = watch(folder)
    shutil.rmtree(folder)
    watching.expect("is not there any more")
    watching.expect("removed tea.txt")
    assert listed(base) == set()
    folder.mkdir()
    watching.expect("is there again")
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")


def test_a_folder_renamed_away_keeps_what_was_read_and_says_so(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watching = watch(folder)
    away = folder.rename(folder.with_name("elsewhere"))
    watching.expect("is not there any more")
    folder.mkdir()
    watching.expect("is there again")
    watching.expect("2 files are gone from disk and still searchable; --prune removes them")
    assert listed(base) == {"tea.txt", "sub/bees.txt"}
    folder.rmdir()
    watching.expect("is not there any more")
    away.rename(folder)
    watching.expect("is there again")
    (folder / "tea.txt").write_text("Green tea is steeped for three minutes.\n", "utf-8")
    watching.expect("changed tea.txt")


def test_prune_while_watching_removes_nothing_of_a_folder_that_was_replaced(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watching = watch(folder, prune=True, force_prune=True)
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()
    watching.expect("--prune removes nothing more")
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt", "new.txt"}


def test_other_folders_are_kept_in_step_while_one_is_not_there(
    base: KnowledgeBase, folder: Path, tmp_path: Path, watch: Watch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "harbour.txt").write_text("The harbour office opens at seven.\n", "utf-8")
    watching = watch(folder, other)
    folder.rename(folder.with_name("elsewhere"))
    watching.expect("is not there any more")
    (other / "ferry.txt").write_text("The ferry leaves at eight.\n", "utf-8")
    watching.expect("added ferry.txt")  # the other folder is watched again by now
    (other / "harbour.txt").unlink()
    watching.expect("removed harbour.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt", "ferry.txt"}


def test_a_single_file_watched_is_removed_when_it_is_deleted(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    file = folder / "tea.txt"
    watching = watch(file)
    file.unlink()
    watching.expect("removed tea.txt")
    assert listed(base) == set()
    file.write_text("Black tea takes four minutes.\n", "utf-8")
    watching.expect("added tea.txt")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder where a disk is mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mount(place)
    yield place
    subprocess.run(["umount", place], check=False, capture_output=True)


@pytest.fixture
def inner_disk(folder: Path) -> Iterator[Path]:
    """A folder inside the one that is watched, where a disk is mounted."""
    place = folder / "inner"
    place.mkdir()
    mount(place)
    yield place
    subprocess.run(["umount", place], check=False, capture_output=True)


def mount(place: Path) -> None:
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "none", place], check=False, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode != 0:
        pytest.skip("mounting is not allowed here")


def unmount(place: Path) -> None:
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_unmounted_and_mounted_again_loses_nothing(
    base: KnowledgeBase, disk: Path, watch: Watch
) -> None:
    fill(disk)
    watching = watch(disk, prune=True, force_prune=True)
    unmount(disk)
    watching.expect("is another one now (made again, or another disk)")
    watching.expect("2 files are gone from disk and still searchable")
    assert listed(base) == {"tea.txt", "sub/bees.txt"}
    mount(disk)
    fill(disk)
    watching.expect("is another one now")
    (disk / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    (disk / "tea.txt").unlink()
    watching.expect("removed tea.txt")
    assert listed(base) == {"sub/bees.txt", "new.txt"}


def test_a_disk_below_the_folder_that_goes_with_its_mount_point_loses_nothing(
    base: KnowledgeBase, tmp_path: Path, disk: Path, watch: Watch
) -> None:
    fill(disk)
    watching = watch(tmp_path)
    unmount(disk)
    disk.rmdir()
    watching.expect(f"the folder {disk}, where a disk was mounted, is not there any more")
    watching.expect("2 files are gone from disk and still searchable")
    assert listed(base) == {"disk/tea.txt", "disk/sub/bees.txt"}


def test_a_disk_mounted_inside_the_folder_is_read_and_watched(
    base: KnowledgeBase, folder: Path, inner_disk: Path, watch: Watch
) -> None:
    unmount(inner_disk)
    watching = watch(folder)
    mount(inner_disk)
    (inner_disk / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect(f"a disk is mounted at {inner_disk} now")
    watching.expect("added inner/new.txt")
    (inner_disk / "later.txt").write_text("The harbour office opens at seven.\n", "utf-8")
    watching.expect("added inner/later.txt")
    (inner_disk / "new.txt").unlink()
    watching.expect("removed inner/new.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt", "inner/later.txt"}


def test_a_disk_inside_the_folder_that_is_unmounted_and_mounted_again_loses_nothing(
    base: KnowledgeBase, folder: Path, inner_disk: Path, watch: Watch
) -> None:
    fill(inner_disk)
    (inner_disk / "only.txt").write_text("The lobby is swept every morning.\n", "utf-8")
    watching = watch(folder, prune=True, force_prune=True)
    every = listed(base)
    unmount(inner_disk)
    watching.expect(f"the disk at {inner_disk} is not mounted any more")
    watching.expect("--prune removes nothing more")
    watching.expect("3 files are gone from disk and still searchable")
    assert listed(base) == every
    mount(inner_disk)
    fill(inner_disk)
    watching.expect(f"a disk is mounted at {inner_disk} now")
    (inner_disk / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added inner/new.txt")
    (inner_disk / "tea.txt").unlink()
    watching.expect("removed inner/tea.txt")
    assert listed(base) == every - {"inner/tea.txt"} | {"inner/new.txt"}


def test_a_disk_mounted_over_a_folder_that_was_read_removes_nothing_of_it(
    base: KnowledgeBase, folder: Path, inner_disk: Path, watch: Watch
) -> None:
    unmount(inner_disk)
    (inner_disk / "under.txt").write_text("The lobby is swept every morning.\n", "utf-8")
    watching = watch(folder, prune=True, force_prune=True)
    mount(inner_disk)
    watching.expect(f"a disk is mounted at {inner_disk} now")
    watching.expect("1 file is gone from disk and still searchable")
    assert listed(base) == {"tea.txt", "sub/bees.txt", "inner/under.txt"}


def test_an_ignore_file_written_while_watching_removes_what_it_leaves_out(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watching = watch(folder)
    (folder / ".kbignore").write_text("sub/\ntea.txt\n")  # all of it: no --yes is needed
    watching.expect("removed sub/bees.txt")
    watching.expect("removed tea.txt")
    assert listed(base) == set()
    (folder / ".kbignore").unlink()
    watching.expect("added sub/bees.txt")
    (folder / ".kbignore").write_text("sub/\n")
    watching.expect("removed sub/bees.txt")


def test_what_was_left_out_before_watching_is_named_and_left_to_prune(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watch(folder).end()
    (folder / ".kbignore").write_text("sub/\n")
    watching = watch(folder)
    assert [each.source.path for each in watching.reports[0].left_out] == ["sub/bees.txt"]
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt", "new.txt"}
    (folder / ".kbignore").write_text("sub/\nnew.txt\n")
    watching.expect("removed new.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt"}


def test_what_was_left_out_before_stays_while_an_ignore_file_cannot_be_used(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watch(folder).end()
    watching = watch(folder, exclude=("tea.txt",))
    (folder / ".kbignore").write_bytes(b"\xff\xfe\xff")
    watching.expect(".kbignore cannot be used")
    (folder / ".kbignore").unlink()
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt", "new.txt"}


def test_what_was_left_out_before_stays_though_the_first_run_could_not_look_at_it(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watch(folder).end()
    (folder / ".kbignore").write_bytes(b"\xff\xfe\xff")
    watching = watch(folder, exclude=("tea.txt",))
    (folder / ".kbignore").unlink()
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt", "new.txt"}


def test_what_was_left_out_before_stays_while_one_of_two_folders_is_away(
    base: KnowledgeBase, folder: Path, tmp_path: Path, watch: Watch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    watch(folder).end()
    watching = watch(folder, other, exclude=("tea.txt",))
    away = folder.rename(folder.with_name("elsewhere"))
    watching.expect("is not there any more")
    (other / "harbour.txt").write_text("The harbour office opens at seven.\n", "utf-8")
    watching.expect("added harbour.txt")
    away.rename(folder)
    watching.expect("is there again")
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt", "harbour.txt", "new.txt"}


def test_what_was_left_out_before_stays_when_its_disk_is_mounted_again(
    base: KnowledgeBase, disk: Path, watch: Watch
) -> None:
    fill(disk)
    watch(disk).end()
    watching = watch(disk, exclude=("tea.txt",))
    unmount(disk)
    watching.expect("is another one now")
    watching.expect("2 files are gone from disk and still searchable")
    mount(disk)
    fill(disk)
    watching.expect("is another one now")
    (disk / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt", "new.txt"}


def test_what_is_taken_in_and_left_out_again_while_watching_is_removed(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watch(folder).end()
    (folder / ".kbignore").write_text("tea.txt\n")
    watching = watch(folder)
    (folder / ".kbignore").unlink()
    watching.expect("run 2")
    (folder / ".kbignore").write_text("tea.txt\n")
    watching.expect("removed tea.txt")
    assert listed(base) == {"sub/bees.txt"}


def test_a_file_whose_new_version_cannot_be_read_is_removed_when_it_is_left_out(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watch(folder).end()
    (folder / "tea.txt").write_bytes(bytes(range(256)) * 64)
    watching = watch(folder)
    assert [each.source.path for each in watching.reports[0].failures] == ["tea.txt"]
    assert listed(base) == {"tea.txt", "sub/bees.txt"}
    (folder / ".kbignore").write_text("tea.txt\n")
    watching.expect("removed tea.txt")
    assert listed(base) == {"sub/bees.txt"}


def test_a_file_moved_into_an_ignored_folder_while_watching_is_removed(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    (folder / "private").mkdir()
    (folder / ".kbignore").write_text("private/\n")
    watching = watch(folder)
    (folder / "tea.txt").rename(folder / "private" / "tea.txt")
    watching.expect("removed tea.txt")
    assert listed(base) == {"sub/bees.txt"}


def test_a_deleted_file_whose_name_is_decomposed_is_removed(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    file = folder / "cafe\u0301.txt"
    file.write_text("Notes on roasting beans.\n", "utf-8")
    watching = watch(folder)
    file.unlink()
    watching.expect("removed caf\u00e9.txt")
    assert listed(base) == {"tea.txt", "sub/bees.txt"}


def test_a_file_whose_name_is_no_utf_8_does_not_end_the_watching(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watching = watch(folder)
    file = folder / os.fsdecode(b"caf\xe9.txt")
    try:
        file.write_text("Notes on roasting beans.\n", "utf-8")
    except OSError:
        pytest.skip("this file system refuses such names")
    watching.expect("added caf\\xe9.txt")
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert base.search("roasting", top_k=1)[0].source == "caf\\xe9.txt"


def test_deletions_seen_by_a_run_that_failed_are_removed_by_the_next(
    base: KnowledgeBase, folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = watch(folder)
    begin_run = base.begin_run

    def fail(*_: object, **__: object) -> None:
        msg = "the disk is full"
        raise StoreError(msg)

    monkeypatch.setattr(base, "begin_run", fail)
    (folder / "tea.txt").unlink()
    (folder / ".kbignore").write_text("sub/\n")
    watching.expect("error: the disk is full")
    assert listed(base) == {"tea.txt", "sub/bees.txt"}
    monkeypatch.setattr(base, "begin_run", begin_run)
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert listed(base) == {"new.txt"}


def test_a_run_that_failed_is_tried_again_although_nothing_changes(
    base: KnowledgeBase, folder: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.watch._RETRY_S", 0.5)
    watching = watch(folder)
    begin_run = base.begin_run
    failures = iter(range(2))

    def fail_twice(*arguments: object, **options: object) -> object:
        if next(failures, None) is not None:
            msg = "the disk is full"
            raise StoreError(msg)
        return begin_run(*arguments, **options)  # type: ignore[arg-type] # handed on

    monkeypatch.setattr(base, "begin_run", fail_twice)
    (folder / "tea.txt").unlink()
    watching.expect("error: the disk is full")
    watching.expect("removed tea.txt")


def test_a_file_deleted_while_the_first_run_goes_on_is_removed_by_the_second(
    base: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on, deleted = threading.Event(), threading.Event()
    begin_run = base.begin_run

    def wait(*arguments: object, **options: object) -> object:
        going_on.set()
        deleted.wait(PATIENCE_S)
        return begin_run(*arguments, **options)  # type: ignore[arg-type] # handed on

    Watching(base, folder).end()
    monkeypatch.setattr(base, "begin_run", wait)
    watching = Watching(base, folder)
    try:
        assert going_on.wait(PATIENCE_S)
        (folder / "tea.txt").unlink()
        (folder / ".kbignore").write_text("sub/\n")
        deleted.set()
        watching.expect("run 1")
        watching.expect("removed sub/bees.txt")
        assert listed(base) == set()
    finally:
        watching.end()


def test_watching_goes_on_in_a_collection_that_is_renamed(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watching = watch(folder)
    base.rename_collection("default", "papers")
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("added new.txt")
    assert [(info.name, info.documents) for info in base.collections()] == [("papers", 3)]


def test_watching_ends_when_its_collection_is_deleted_and_makes_none_anew(
    base: KnowledgeBase, folder: Path, watch: Watch
) -> None:
    watching = watch(folder)
    base.delete_collection("default")
    (folder / "new.txt").write_text("Coffee is roasted on Mondays.\n", "utf-8")
    watching.expect("was deleted meanwhile")
    watching.end()
    assert isinstance(watching.ended[0], CollectionGoneError)
    assert base.collections() == []
