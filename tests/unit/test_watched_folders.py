"""Folders that are kept in step: added once, followed by one process, through restarts."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hashing_embedder import HashingEmbedder
from typer.testing import CliRunner

from ingest import ingest
from ingest.jobs import Jobs
from ingest.jobs.watched import WATCH_LEASE
from kb import KnowledgeBase, Settings, SettingsError
from kb.catalog.watched_folders import WatchedFolder
from kb.cli.app import app

PATIENCE_S = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("heron", "owl", "kite"):
        (folder / f"{name}.txt").write_text(f"The {name} hunts at dusk.\n", "utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(data_dir=tmp_path / "data", workers=1, sentences=False)


@pytest.fixture
def base(settings: Settings) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def jobs(base: KnowledgeBase) -> Iterator[Jobs]:
    opened = Jobs(base)
    yield opened
    opened.close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def test_documents_come_back_from_watched_folders_of_their_collection_that_hold_their_files(
    base: KnowledgeBase, folder: Path, tmp_path: Path
) -> None:
    ingest(base, [folder])
    base.add("The crane hunts at noon.", name="crane.txt")
    base.watched.add(folder, collection="another")
    assert base.watched.rereading(base.documents()) == []
    watched = base.watched.add(tmp_path)  # around it
    documents = {info.name: info for info in base.documents()}
    assert base.watched.rereading(documents.values()) == [watched]
    assert base.watched.rereading([documents["crane.txt"]]) == []
    (folder / "owl.txt").unlink()
    assert base.watched.rereading([documents["owl.txt"]]) == []
    assert base.watched.rereading([documents["owl.txt"], documents["kite.txt"]]) == [watched]


def test_remove_at_a_shell_names_the_watched_folder_that_brings_the_document_back(
    base: KnowledgeBase, folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("COLUMNS", "500")
    ingest(base, [folder])
    done = CliRunner().invoke(app, ["remove", "owl.txt"])
    assert "removed" in done.stdout
    assert "watched" not in done.stdout
    base.watched.add(folder)
    done = CliRunner().invoke(app, ["remove", "kite.txt"])
    assert done.exit_code == 0, done.output
    assert f"{folder} is watched: its next run reads files in it again" in done.stdout
    assert ".kbignore" in done.stdout


def names(base: KnowledgeBase) -> list[str]:
    """Return the paths that the collection has documents of."""
    if not base.collections():
        return []
    return sorted(str(source) for info in base.documents() for source in info.sources)


def in_step(base: KnowledgeBase, folder_id: int) -> bool:
    found = base.watched.get(folder_id)
    return found is not None and found.state == "in_step"


def run_over(base: KnowledgeBase, folder_id: int) -> WatchedFolder:
    """Wait for the first run over a folder."""
    until(lambda: in_step(base, folder_id))
    found = base.watched.get(folder_id)
    assert found is not None
    return found


@pytest.mark.slow
def test_a_folder_added_once_is_followed_through_ordinary_work(
    base: KnowledgeBase, jobs: Jobs, folder: Path
) -> None:
    added = base.watched.add(folder)
    first = run_over(base, added.id)
    assert first.last_run is not None
    assert first.last_run.counts == {"added": 3}
    assert names(base) == ["heron.txt", "kite.txt", "owl.txt"]

    (folder / "owl.txt").write_text("The owl sleeps all day.\n", "utf-8")
    until(lambda: "sleeps" in "".join(base.document_text(d.id) for d in base.documents()))
    (folder / "owl.txt").rename(folder / "barn owl.txt")
    until(lambda: names(base) == ["barn owl.txt", "heron.txt", "kite.txt"])
    (folder / ".kbignore").write_text("kite.txt\n", "utf-8")
    until(lambda: names(base) == ["barn owl.txt", "heron.txt"])
    (folder / "heron.txt").unlink()
    until(lambda: names(base) == ["barn owl.txt"])
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    until(lambda: bool((last := base.watched.listed()[0].last_run) and last.failures))
    told = base.watched.listed()[0].last_run
    assert told is not None
    assert [each.path for each in told.failures] == ["broken.pdf"]
    assert told.failures[0].reason
    assert jobs.is_watched()


def test_what_changed_while_nothing_ran_is_found_at_the_next_start(
    base: KnowledgeBase, folder: Path
) -> None:
    added = base.watched.add(folder)
    before = Jobs(base)
    run_over(base, added.id)
    before.close()
    assert not before.is_watched()
    (folder / "owl.txt").unlink()
    (folder / "swift.txt").write_text("The swift sleeps in the air.\n", "utf-8")
    after = Jobs(base)
    until(lambda: names(base) == ["heron.txt", "kite.txt", "swift.txt"])
    after.close()


def test_a_folder_that_is_empty_at_the_start_empties_nothing_until_a_person_says_so(
    base: KnowledgeBase, folder: Path
) -> None:
    added = base.watched.add(folder)
    before = Jobs(base)
    run_over(base, added.id)
    before.close()
    base.watched.note(added.id, "waiting")
    for file in folder.iterdir():
        file.unlink()
    after = Jobs(base)
    told = run_over(base, added.id).last_run
    assert told is not None
    assert told.gone_count == 3
    assert names(base) == ["heron.txt", "kite.txt", "owl.txt"]
    base.watched.run_now(added.id, forced=True)
    until(lambda: not names(base))
    until(lambda: not base.watched.listed()[0].forced)
    after.close()


@pytest.mark.slow
def test_what_may_be_removed_is_withdrawn_when_another_process_takes_over(
    base: KnowledgeBase, folder: Path
) -> None:
    added = base.watched.add(folder)
    before = Jobs(base)
    run_over(base, added.id)
    before.close()
    for file in folder.iterdir():
        file.unlink()
    base.watched.run_now(added.id, forced=True)
    after = Jobs(base)
    run_over(base, added.id)
    after.close()
    assert names(base) == ["heron.txt", "kite.txt", "owl.txt"]


@pytest.mark.slow
@pytest.mark.usefixtures("jobs")
def test_a_folder_that_is_gone_is_waited_for(
    base: KnowledgeBase, folder: Path, tmp_path: Path
) -> None:
    added = base.watched.add(folder)
    run_over(base, added.id)
    away = folder.rename(tmp_path / "away")
    until(lambda: base.watched.listed()[0].state == "missing")
    assert len(names(base)) == 3
    (away / "swift.txt").write_text("The swift sleeps in the air.\n", "utf-8")
    away.rename(folder)
    until(lambda: len(names(base)) == 4)
    run_over(base, added.id)


def test_a_folder_that_is_missing_at_the_start_is_waited_for(
    base: KnowledgeBase, folder: Path, tmp_path: Path
) -> None:
    added = base.watched.add(folder)
    shutil.move(folder, tmp_path / "away")
    opened = Jobs(base)
    until(lambda: base.watched.listed()[0].state == "missing")
    shutil.move(tmp_path / "away", folder)
    run_over(base, added.id)
    assert len(names(base)) == 3
    opened.close()


@pytest.mark.slow
def test_a_paused_folder_is_left_alone_until_it_goes_on(
    base: KnowledgeBase, jobs: Jobs, folder: Path
) -> None:
    added = base.watched.add(folder)
    run_over(base, added.id)
    base.watched.pause(added.id)
    until(lambda: not jobs._watching._followers)
    (folder / "swift.txt").write_text("The swift sleeps in the air.\n", "utf-8")
    base.watched.pause(added.id, paused=False)
    until(lambda: len(names(base)) == 4)
    base.watched.remove(added.id)
    until(lambda: not jobs._watching._followers)
    assert len(names(base)) == 4


@pytest.mark.slow
@pytest.mark.usefixtures("jobs")
def test_a_file_that_failed_is_read_again_when_a_person_asks(
    base: KnowledgeBase, folder: Path
) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    added = base.watched.add(folder)
    first = run_over(base, added.id)
    assert first.last_run is not None
    base.watched.run_now(added.id)
    until(
        lambda: (
            (last := base.watched.listed()[0].last_run) is not None
            and last.began_at > first.last_run.began_at
        )  # type: ignore[union-attr] # asserted
    )
    told = run_over(base, added.id).last_run
    assert told is not None
    assert told.counts == {"unchanged": 3, "failed": 1}


def test_one_of_two_processes_follows_the_folders(
    settings: Settings, base: KnowledgeBase, folder: Path
) -> None:
    folder_id = base.watched.add(folder).id
    lock = FileLock(settings.spool_dir / WATCH_LEASE, thread_local=False)
    settings.spool_dir.mkdir(parents=True, exist_ok=True)
    with lock:  # as another process holds it
        opened = Jobs(base)
        assert opened.is_watched()
        time.sleep(1)
        assert base.watched.listed()[0].last_run is None
    run_over(base, folder_id)
    opened.close()


def test_a_deleted_collection_is_watched_for_no_more(
    base: KnowledgeBase, jobs: Jobs, folder: Path
) -> None:
    run_over(base, base.watched.add(folder, collection="birds").id)
    base.delete_collection("birds")
    assert base.watched.listed() == []
    until(lambda: not jobs._watching._followers)
    assert [info.name for info in base.collections()] == []


@pytest.mark.slow
@pytest.mark.usefixtures("jobs")
def test_a_renamed_collection_is_filled_under_its_new_name(
    base: KnowledgeBase, folder: Path
) -> None:
    run_over(base, base.watched.add(folder, collection="birds").id)
    base.rename_collection("birds", "raptors")
    (folder / "swift.txt").write_text("The swift sleeps in the air.\n", "utf-8")
    until(lambda: len(base.documents(collection="raptors")) == 4)
    assert base.watched.listed()[0].collection == "raptors"


@pytest.mark.parametrize("path", ["", "/no/such/folder", "\0", "~nobody-of-that-name/x"])
def test_what_is_no_folder_is_refused(base: KnowledgeBase, path: str) -> None:
    with pytest.raises(SettingsError):
        base.watched.add(path)


def test_a_folder_is_followed_once(base: KnowledgeBase, folder: Path) -> None:
    inside = folder / "inside"
    inside.mkdir()
    added = base.watched.add(folder)
    with pytest.raises(SettingsError, match="is watched already"):
        base.watched.add(f"{folder}/.")
    with pytest.raises(SettingsError, match="is inside"):
        base.watched.add(inside)
    with pytest.raises(SettingsError, match="stop watching it first"):
        base.watched.add(folder.parent)
    assert base.watched.add(inside, collection="other").collection == "other"
    assert base.watched.remove(added.id)
    assert not base.watched.remove(added.id)
