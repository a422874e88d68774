"""A full disk costs what is being written, says so, and leaves what is stored to be found."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder
from job_turn import others_turn

from ingest import IngestReport, ingest
from ingest.jobs import Jobs
from kb import KnowledgeBase, ModelError, Settings, StoreError
from kb.embedding.base import Embedder
from kb.models.bundled import ensure_bundled_model

RUN = Path(__file__).parent / "limited_run.py"
PATIENCE_S = 90
SMALL_DISK = "64m"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no limits on the size of files")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(3):
        text = f"Lamp {number} hangs in the hall. 灯 {number}。" + "It is lit at dusk. " * 30
        (folder / f"lamp-{number}.txt").write_text(text, "utf-8")
    return folder


def add_large_file(folder: Path) -> None:
    """A file whose text alone is larger than the limits below, in few chunks for its size."""
    lines = [f"Entry {number}: the harbour is dredged.\n" for number in range(30)]
    (folder / "harbour.txt").write_text("".join(lines), "utf-8")


def state(base: KnowledgeBase) -> dict[str, list[str]]:
    """The chunks of every document, by path."""
    return {
        info.sources[0].path: [chunk.text for chunk in base.chunks(info.id)]
        for info in base.documents()
    }


def never_interrupted(
    tmp_path: Path, models_dir: Path, embedder: Embedder, folder: Path
) -> dict[str, list[str]]:
    """What a run over the folder gives where there is room."""
    data_dir = tmp_path / "reference"
    data_dir.mkdir()
    (data_dir / "models").symlink_to(models_dir)
    with KnowledgeBase.open(Settings.load(data_dir=data_dir), embedder=embedder) as base:
        ingest(base, [folder])
        return state(base)


def assert_readable(base: KnowledgeBase) -> None:
    """What was stored before is found, whole."""
    assert base.check().ok, base.check()
    assert sorted(state(base)) == ["lamp-0.txt", "lamp-1.txt", "lamp-2.txt"]
    for mode in ("dense", "keyword"):
        hits = base.search("lamp in the hall", mode=mode)
        assert {hit.source for hit in hits} == set(state(base))


def limited(
    settings: Settings, most_bytes: int, *arguments: str | Path, room_for_temporary: bool = True
) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(RUN), str(most_bytes), *map(str, arguments)],
        env={
            **os.environ,
            "KB_DATA_DIR": str(settings.data_dir),
            "KB_WORKERS": "1",
            "KB_TEST_ROOM_FOR_TEMPORARY": "1" if room_for_temporary else "",
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "Exception" not in done.stderr, done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("most_bytes", "failing"),
    [
        (20_000, "catalog"),
        pytest.param(60_000, "", marks=pytest.mark.slow),
        pytest.param(100_000, "", marks=pytest.mark.slow),
        pytest.param(150_000, "", marks=pytest.mark.slow),
        pytest.param(200_000, "", marks=pytest.mark.slow),
    ],
)
def test_files_that_cannot_grow_stop_a_run_and_harm_nothing(  # noqa: PLR0917 - fixtures
    tmp_path: Path,
    models_dir: Path,
    settings: Settings,
    folder: Path,
    embedder: Embedder,
    most_bytes: int,
    failing: str,
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        ingest(base, [folder])
    add_large_file(folder)
    status, said = limited(settings, most_bytes, "ingest", folder)

    assert status == 1
    error = next(line for line in said.splitlines() if line.startswith("error: "))
    assert failing in error
    assert str(settings.store_dir) in error
    assert "ree disk space" in error
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert_readable(base)
        assert ingest(base, [folder]).ok
        assert state(base) == never_interrupted(tmp_path, models_dir, embedder, folder)
        assert base.check().ok


def test_no_room_for_temporary_files_stops_a_run_and_harms_nothing(
    settings: Settings, folder: Path, embedder: Embedder
) -> None:
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        ingest(base, [folder])
    add_large_file(folder)
    status, said = limited(settings, 200_000, "ingest", folder, room_for_temporary=False)

    assert status == 1
    assert "error: the language of documents cannot be told" in said
    assert "TMPDIR" in said
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert_readable(base)
        assert ingest(base, [folder]).ok


class SmallDisk:
    """A file system of its own, to be filled to the last byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        file = os.open(self.folder / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while os.write(file, bytes(4096)):
                pass
        except OSError:
            pass
        finally:
            os.close(file)

    def make_room(self) -> None:
        (self.folder / "filler").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "none", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted: {mounted.stderr.strip()}")
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_without_a_free_byte_is_read_and_not_written(
    tmp_path: Path, models_dir: Path, folder: Path, embedder: Embedder, disk: SmallDisk
) -> None:
    (disk.folder / "models").symlink_to(models_dir)
    settings = Settings.load(data_dir=disk.folder)

    def run() -> IngestReport:
        with KnowledgeBase.open(settings, embedder=embedder) as base:
            return ingest(base, [folder])

    assert run().ok
    add_large_file(folder)
    disk.fill()

    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert_readable(base)
        with pytest.raises(StoreError, match=r"disk of .* is full.*free disk space"):
            ingest(base, [folder])
        disk.fill()  # what the store has given up to be opened
        assert_readable(base)
        with pytest.raises(StoreError, match=r"cannot write the archive .*free disk space"):
            base.export(disk.folder / "all.kbz")
        with pytest.raises(StoreError, match=r"cannot keep the upload 'a\.txt'.*free disk space"):
            base.uploads.save("a.txt", bytes(100_000))
    with pytest.raises(ModelError, match=r"cannot write the default model to .*free space"):
        ensure_bundled_model(disk.folder / "other")
    with pytest.raises(StoreError, match=r"full.*[Ff]ree disk space"):
        run()
    assert not [file for file in disk.folder.rglob("*") if file.suffix in {".part", ".kbz"}]

    disk.make_room()
    assert run().ok
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        assert state(base) == never_interrupted(tmp_path, models_dir, embedder, folder)
        assert base.check().ok


def test_on_a_full_disk_nothing_is_queued_and_what_was_queued_waits_for_room(
    models_dir: Path, disk: SmallDisk
) -> None:
    (disk.folder / "models").symlink_to(models_dir)
    settings = Settings.load(data_dir=disk.folder)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base, others_turn(settings):
        earlier = Jobs(base)
        queued = earlier.add_uploads([earlier.batch().add("a.txt", [b"A grey heron."])])
        earlier.close()
    disk.fill()
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        jobs = Jobs(base)
        with pytest.raises(StoreError, match=r"cannot keep .*free disk space"):
            jobs.batch().add("b.txt", [bytes(2_000_000)])
        gc.collect()
        job = jobs.wait(queued, timeout_s=5)
        assert job is not None
        assert job.state != "done"
        disk.make_room()
        job = jobs.wait(queued, timeout_s=60)
        assert job is not None
        if job.state == "failed":  # it had begun before there was room
            assert "free disk space" in job.error.lower()
            again = jobs.retry(queued)
            assert again is not None
            job = jobs.wait(again, timeout_s=60)
            assert job is not None
        assert job.state == "done"
        assert [info.name for info in base.documents()] == ["a.txt"]
        deadline = time.monotonic() + 60
        while not jobs.spool.is_empty():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        jobs.close()
