"""Bytes that wait for their job: for the owner alone, and gone when no job wants them."""

from __future__ import annotations

import gc
import hashlib
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest.jobs import Batch, Jobs, Spool
from kb import KnowledgeBase, Settings, StoreError
from kb.uploads import Uploads

DIGEST = hashlib.sha256(b"one and two").hexdigest()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def test_bytes_lie_in_a_file_that_only_its_owner_may_read(spool: Spool) -> None:
    upload = spool.batch().add("a.txt", [b"one ", b"and two"])
    assert (upload.size, upload.content_hash) == (11, DIGEST)
    file = spool.file(upload.batch.name, upload.spooled)
    assert file.read_bytes() == b"one and two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for folder in (file.parent, spool.folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_batch_goes_when_nobody_refers_to_it_any_more(spool: Spool) -> None:
    upload = spool.batch().add("a.txt", [b"one"])
    assert not spool.is_empty()
    del upload
    gc.collect()
    assert spool.is_empty()


def test_a_batch_that_a_job_has_taken_stays_until_the_job_wants_it_no_more(spool: Spool) -> None:
    batch = spool.batch()
    batch.add("a.txt", [b"one"])
    name = batch.name
    batch.hand_over().release()
    del batch
    gc.collect()
    spool.clean(lambda _: True)
    assert spool.file(name, "0").is_file()
    spool.clean(lambda _: False)
    assert spool.is_empty()


def test_a_batch_that_is_being_filled_is_not_taken_for_left_behind(spool: Spool) -> None:
    batch = spool.batch()
    Spool(spool.folder).clean(lambda _: False)
    assert batch.add("a.txt", [b"one"]).size == 3


def test_whoever_cleans_asks_for_a_batch_only_while_it_holds_it(spool: Spool) -> None:
    batch = spool.batch()
    asked: list[str] = []
    held: list[bool] = []

    def is_wanted(name: str) -> bool:
        asked.append(name)
        held.append(spool.is_held(name))
        return False

    spool.clean(is_wanted)
    assert asked == []
    batch.hand_over().release()
    spool.clean(is_wanted)
    assert (asked, held) == ([batch.name], [True])


def test_only_what_the_job_is_about_is_kept_of_a_batch(spool: Spool) -> None:
    batch = spool.batch()
    uploads = [batch.add(f"{n}.txt", [b"text"]) for n in range(3)]
    batch.keep_only({uploads[1].spooled})
    kept = [spool.file(batch.name, each.spooled).is_file() for each in uploads]
    assert kept == [False, True, False]


def test_a_process_that_is_killed_leaves_a_batch_that_the_next_one_deletes(spool: Spool) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from ingest.jobs import Spool\n"
        "batch = Spool(Path(sys.argv[1])).batch()\n"
        "batch.add('a.txt', [b'half of it'])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(spool.folder)], check=False)
    assert ended.returncode == -9
    assert not spool.is_empty()
    spool.clean(lambda _: False)
    assert spool.is_empty()


def test_a_full_disk_is_said_of_the_file_and_nothing_of_it_stays(spool: Spool) -> None:
    def parts() -> object:
        yield b"some"
        raise OSError(28, "No space left on device")

    batch = spool.batch()
    with pytest.raises(StoreError, match=r"cannot keep the upload 'a.txt' in .*; free disk space"):
        batch.add("a.txt", parts())  # type: ignore[arg-type] # a generator that fails
    assert not spool.file(batch.name, "0").exists()


def test_an_original_is_kept_without_copying_its_bytes(spool: Spool, tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "uploads")
    upload = spool.batch().add("a.TXT", [b"one and two"])
    file = spool.file(upload.batch.name, upload.spooled)
    kept = uploads.keep("a.TXT", DIGEST, file)
    assert kept == uploads.path("a.TXT", DIGEST)
    assert kept.samefile(file)
    assert uploads.keep("a.TXT", DIGEST, file) == kept
    file.unlink()
    assert kept.read_bytes() == b"one and two"
    assert uploads.keep("a.TXT", DIGEST, file) == kept, "the file is gone, the original is here"


def test_an_original_is_copied_where_a_file_cannot_have_two_names(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    uploads = Uploads(tmp_path / "uploads")
    upload = spool.batch().add("a.txt", [b"one and two"])
    kept = uploads.keep("a.txt", DIGEST, spool.file(upload.batch.name, upload.spooled))
    assert kept.read_bytes() == b"one and two"


def test_a_job_that_is_done_before_its_batch_is_let_go_of_leaves_no_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KnowledgeBase.open(Settings.load(data_dir=tmp_path), embedder=HashingEmbedder()) as base:
        jobs = Jobs(base)
        keep_only = Batch.keep_only

        def keep_late(batch: Batch, spooled: set[str]) -> None:
            keep_only(batch, spooled)
            deadline = time.monotonic() + 60
            while base.jobs.unended():
                assert time.monotonic() < deadline
                time.sleep(0.02)

        monkeypatch.setattr(Batch, "keep_only", keep_late)
        jobs.add_uploads([jobs.batch().add("a.txt", [b"The heron waits."])])
        assert jobs.spool.is_empty()
        jobs.close()


def test_every_file_is_on_the_disk_before_a_batch_is_secure(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = spool.batch()
    files = [batch.add(f"{n}.txt", [b"words"]) for n in range(40)]
    synced: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr("ingest.jobs.spool.os.fsync", fsync)
    batch.secure([file.spooled for file in files[:30]])
    assert sorted(synced) == sorted(batch.path_of(file).stat().st_ino for file in files[:30])
    with pytest.raises(StoreError, match="cannot keep uploads"):
        batch.secure(["0", "no such file", "1"])
    batch.secure([])
