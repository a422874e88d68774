"""Jobs in the background: one after the other, seen by all, ended on request, never forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import job_turn
import pytest
from filelock import FileLock
from hashing_embedder import HashingEmbedder
from locked_files import locked_pdf
from objects_in_memory import bucket_in_memory

import ingest.jobs.execution as at_work
from ingest import FileEvent, IngestOptions, IngestReport
from ingest.jobs import CRASHES, UNEXPECTED, JobInfo, Jobs, Upload, retry_options
from ingest.jobs.worker import KEPT_JOBS, MOST_ATTEMPTS
from kb import KnowledgeBase, Settings, SettingsError, Source, StoreError

if TYPE_CHECKING:
    from ingest.results import OnEvent
    from ingest.sending.keeping import Sent

TEXTS = {"heron.txt": b"The grey heron waits.", "owl.txt": b"The barn owl hunts."}


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def jobs(base: KnowledgeBase) -> Iterator[Jobs]:
    opened = Jobs(base)
    yield opened
    opened.close()


@pytest.fixture
def others_turn(base: KnowledgeBase) -> Iterator[FileLock]:
    """The lock of whoever works, held as by another process: jobs are queued and stay so."""
    with job_turn.others_turn(base.settings) as lock:
        yield lock


def sent(jobs: Jobs, files: dict[str, bytes]) -> list[Upload]:
    batch = jobs.batch()
    return [batch.add(name, [data]) for name, data in files.items()]


def queue(jobs: Jobs, files: dict[str, bytes] = TEXTS, *, collection: str | None = None) -> int:
    return jobs.add_uploads(sent(jobs, files), collection=collection, options=retry_options())


def ended(jobs: Jobs, job_id: int) -> JobInfo:
    job = jobs.wait(job_id, timeout_s=60)
    assert job is not None
    assert job.ended, job
    return job


def until(jobs: Jobs, job_id: int, state: str) -> JobInfo:
    deadline = time.monotonic() + 60
    while (job := jobs.get(job_id)) is None or job.state != state:
        assert time.monotonic() < deadline, job
        time.sleep(0.01)
    return job


def spooled(base: KnowledgeBase) -> list[str]:
    """Files of batches, their locks aside."""
    return sorted(path.name for path in base.settings.spool_dir.glob("*/*") if path.name != "lock")


def batches(base: KnowledgeBase) -> list[Path]:
    return [path for path in base.settings.spool_dir.iterdir() if path.is_dir()]


def stages(job: JobInfo) -> dict[str, str]:
    return {file.name: file.stage for file in job.files}


class Held:
    """Stands in for an ingestion that takes long: events, then waits until it may go on."""

    def __init__(self, *events: FileEvent) -> None:
        self.events = events
        self.began = threading.Event()
        self.free = threading.Event()

    def __call__(
        self, *_: object, on_event: OnEvent, cancel: threading.Event, **__: object
    ) -> IngestReport:
        for event in self.events:
            on_event(event)
        self.began.set()
        deadline = time.monotonic() + 60
        while not self.free.wait(0.01) and not cancel.is_set():
            assert time.monotonic() < deadline
        return IngestReport(
            collection="default", files=(), seconds=0.0, interrupted=cancel.is_set()
        )


def event(name: str, stage: str, done: int = 0, total: int = 0, reason: str = "") -> FileEvent:
    return FileEvent(
        source=Source(root="uploads", path=name),
        stage=stage,  # type: ignore[arg-type] # one of the stages, written out in each test
        done=done,
        total=total,
        reason=reason,
    )


def nothing_left(base: KnowledgeBase) -> bool:
    """Wait until no batch is left: a job has ended a moment before its bytes are deleted."""
    deadline = time.monotonic() + 60
    while batches(base):
        assert time.monotonic() < deadline, batches(base)
        time.sleep(0.01)
    return True


def test_uploads_are_ingested_and_their_bytes_leave_the_spool(
    base: KnowledgeBase, jobs: Jobs
) -> None:
    job = ended(jobs, queue(jobs))
    assert (job.state, job.finished, job.total, job.failed) == ("done", 2, 2, 0)
    assert stages(job) == {"heron.txt": "stored", "owl.txt": "stored"}
    assert sorted(info.name for info in base.documents()) == ["heron.txt", "owl.txt"]
    assert nothing_left(base)
    assert not jobs.active


def test_a_folder_is_ingested(base: KnowledgeBase, jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "heron.txt").write_text("A heron.", "utf-8")
    job = ended(jobs, jobs.add_paths([tmp_path / "docs"]))
    assert (job.state, job.finished, job.total) == ("done", 1, 1)
    assert [info.name for info in base.documents()] == ["heron.txt"]
    assert nothing_left(base)


def test_a_folder_whose_name_is_no_unicode_is_ingested(
    base: KnowledgeBase, jobs: Jobs, tmp_path: Path
) -> None:
    folder = tmp_path / "v\udcf6gel"
    folder.mkdir()
    (folder / "heron.txt").write_text("A heron.", "utf-8")
    job = ended(jobs, jobs.add_paths([folder]))
    assert (job.state, job.error) == ("done", "")
    assert len(base.documents()) == 1


def test_progress_is_seen_while_it_happens_in_every_process(
    base: KnowledgeBase, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Held(event("heron.txt", "embedding", 3, 10))
    monkeypatch.setattr(at_work, "ingest_uploads", work)
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as second:
        other = Jobs(second)
        job_id = queue(jobs)
        deadline = time.monotonic() + 60
        while (job := other.listed()[0]).progress.chunks_done != 3:
            assert time.monotonic() < deadline, job
            time.sleep(0.01)
        assert stages(job) == {"heron.txt": "embedding", "owl.txt": "waiting"}
        assert list(stages(job)) == ["heron.txt", "owl.txt"], "what moves stands first"
        assert (job.progress.chunks_total, job.state) == (10, "running")
        assert job.seconds_left is None, "owl.txt has not been read"
        work.free.set()
        assert ended(other, job_id).state == "done"
        other.close()


def test_time_left_is_told_once_every_file_is_read(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Held(event("a.txt", "embedding", 0, 40), event("a.txt", "embedding", 20, 40))
    monkeypatch.setattr(at_work, "ingest_uploads", work)
    job_id = queue(jobs, {"a.txt": b"A text."})
    deadline = time.monotonic() + 60
    while (job := jobs.get(job_id)) is None or job.progress.chunks_done != 20:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert job.seconds_left == pytest.approx(20 / job.progress.chunks_per_s)
    work.free.set()


def test_jobs_wait_for_each_other(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Held()
    monkeypatch.setattr(at_work, "ingest_uploads", work)
    first, second = queue(jobs), queue(jobs)
    assert work.began.wait(30)
    assert [job.state for job in jobs.listed()] == ["running", "queued"]
    assert jobs.active
    work.free.set()
    assert ended(jobs, first).state == ended(jobs, second).state == "done"
    assert not jobs.active


def test_jobs_of_two_processes_are_done_one_at_a_time_in_the_order_in_which_they_came(
    base: KnowledgeBase, jobs: Jobs, others_turn: FileLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way: list[str] = []
    most: list[int] = []
    order: list[str] = []

    def work(_: object, files: Sequence[Sent], **__: object) -> IngestReport:
        name = files[0][0]
        under_way.append(name)
        most.append(len(under_way))
        order.append(name)
        time.sleep(0.02)
        under_way.remove(name)
        return IngestReport(collection="default", files=(), seconds=0.0)

    monkeypatch.setattr(at_work, "ingest_uploads", work)
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as second:
        other = Jobs(second)
        names = [f"{number}.txt" for number in range(8)]
        for number, name in enumerate(names):
            last = queue((jobs, other)[number % 2], {name: name.encode()})
        assert [job.state for job in other.listed()] == ["queued"] * 8
        others_turn.release()
        ended(jobs, last)
        assert order == names
        assert set(most) == {1}
        other.close()


def test_a_cancelled_job_says_which_files_are_done(
    base: KnowledgeBase, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Held(event("heron.txt", "stored", 1, 1))
    monkeypatch.setattr(at_work, "ingest_uploads", work)
    job_id = queue(jobs)
    assert work.began.wait(30)
    jobs.cancel(job_id)
    job = ended(jobs, job_id)
    assert job.state == "cancelled"
    assert stages(job) == {"heron.txt": "stored", "owl.txt": "cancelled"}
    assert nothing_left(base)


def test_a_job_is_cancelled_by_another_process_than_the_one_at_work(
    base: KnowledgeBase, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Held()
    monkeypatch.setattr(at_work, "ingest_uploads", work)
    job_id = queue(jobs)
    assert work.began.wait(30)
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as second:
        other = Jobs(second)
        other.cancel(job_id)
        assert ended(other, job_id).state == "cancelled"
        other.close()


def test_a_waiting_job_is_cancelled_at_once_and_never_begins(
    base: KnowledgeBase, jobs: Jobs, others_turn: FileLock
) -> None:
    job_id = queue(jobs)
    jobs.cancel(job_id)
    job = jobs.get(job_id)
    assert job is not None
    assert job.state == "cancelled"
    assert batches(base) == []
    others_turn.release()
    ended(jobs, queue(jobs, {"wren.txt": b"A wren."}))
    assert [info.name for info in base.documents()] == ["wren.txt"]


def test_a_failed_store_ends_the_job_and_not_the_thread_and_the_files_can_be_tried_again(
    base: KnowledgeBase, jobs: Jobs
) -> None:
    def full(*_: object, **__: object) -> IngestReport:
        msg = "the disk is full; free some space"
        raise StoreError(msg)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(at_work, "ingest_uploads", full)
        failed = ended(jobs, queue(jobs))
    assert (failed.state, failed.error) == ("failed", "the disk is full; free some space")
    assert stages(failed) == {"heron.txt": "cancelled", "owl.txt": "cancelled"}
    assert spooled(base) == ["0", "1"], "kept, so that they need not be sent again"
    ended(jobs, queue(jobs, {"wren.txt": b"A wren."}))
    again = jobs.retry(failed.id)
    assert again is not None
    assert ended(jobs, again).state == "done"
    assert sorted(info.name for info in base.documents()) == ["heron.txt", "owl.txt", "wren.txt"]
    assert jobs.get(failed.id) is None, "the new one has taken its place"
    assert nothing_left(base)


def test_a_fault_of_the_program_is_told_by_its_number(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> IngestReport:
        msg = "the secret words"
        raise RuntimeError(msg)

    monkeypatch.setattr(at_work, "ingest_uploads", broken)
    job = ended(jobs, queue(jobs))
    assert (job.state, job.error_code) == ("failed", UNEXPECTED)
    assert "secret" not in job.error
    assert any(job.error in record.getMessage() for record in caplog.records)


def test_files_that_could_not_be_read_are_tried_again_and_only_they(
    base: KnowledgeBase, jobs: Jobs
) -> None:
    first = ended(jobs, queue(jobs, {**TEXTS, "broken.pdf": b"%PDF-1.7 broken"}))
    assert (first.state, first.failed, first.finished) == ("done", 1, 3)
    assert stages(first)["broken.pdf"] == "failed"
    again = jobs.retry(first.id)
    assert again is not None
    second = ended(jobs, again)
    assert stages(second) == {"broken.pdf": "failed"}
    base.uploads.keep_only(())
    assert jobs.retry(second.id) is None, "its original is gone"


def test_there_is_nothing_to_try_again_of_a_job_that_went_well(jobs: Jobs) -> None:
    assert jobs.retry(ended(jobs, queue(jobs)).id) is None
    assert jobs.retry(12345) is None


def test_an_original_that_is_gone_costs_that_file_only(base: KnowledgeBase, jobs: Jobs) -> None:
    ended(jobs, queue(jobs))
    hashes = jobs.sent(collection="default")
    base.uploads.discard("owl.txt", hashes["owl.txt"])
    job = ended(jobs, jobs.add_kept(hashes, options=retry_options()))
    assert job.state == "done"
    assert stages(job) == {"heron.txt": "unchanged", "owl.txt": "failed"}


def test_jobs_that_have_ended_can_be_dismissed_and_only_they(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Held()
    monkeypatch.setattr(at_work, "ingest_uploads", work)
    job_id = queue(jobs)
    assert work.began.wait(30)
    jobs.dismiss(job_id)
    assert len(jobs.listed()) == 1
    work.free.set()
    ended(jobs, job_id)
    jobs.dismiss(job_id)
    assert jobs.listed() == []


def test_the_bytes_of_a_failed_job_go_when_it_is_dismissed(
    base: KnowledgeBase, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> IngestReport:
        msg = "the disk is full"
        raise StoreError(msg)

    monkeypatch.setattr(at_work, "ingest_uploads", full)
    job_id = queue(jobs)
    ended(jobs, job_id)
    assert spooled(base) == ["0", "1"]
    jobs.dismiss(job_id)
    assert nothing_left(base)


def test_only_the_last_jobs_are_remembered(
    jobs: Jobs, others_turn: FileLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object, **__: object) -> IngestReport:
        return IngestReport(collection="default", files=(), seconds=0.0)

    monkeypatch.setattr(at_work, "ingest_uploads", work)
    for number in range(KEPT_JOBS + 5):
        last = queue(jobs, {f"{number}.txt": b"A text."})
    others_turn.release()
    ended(jobs, last)
    kept = jobs.listed()
    assert len(kept) == KEPT_JOBS
    assert kept[-1].files[0].name == f"{KEPT_JOBS + 4}.txt"


def test_of_many_files_the_most_telling_are_told_and_remembered(
    base: KnowledgeBase, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.catalog.jobs.LISTED_FILES", 4)
    monkeypatch.setattr("kb.catalog.job_changes.KEPT_FILES", 5)
    for number in range(8):
        (tmp_path / f"{number}.txt").write_text(f"Text number {number}.", "utf-8")
    (tmp_path / "z.pdf").write_bytes(b"%PDF-1.7 broken")
    job = ended(jobs, jobs.add_paths(sorted(tmp_path.glob("*.*"))))
    assert (job.total, job.finished, job.failed) == (9, 9, 1)
    assert stages(job) == {"z.pdf": "failed", **{f"{n}.txt": "stored" for n in range(3)}}
    assert len(base.jobs.files(job.id)) == 5


def test_what_a_closed_process_leaves_undone_the_next_one_does(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    first = Jobs(base)
    ids = [queue(first, {f"{n}.txt": f"Text number {n}.".encode()}) for n in range(3)]
    first.close()
    assert [job.state for job in base.jobs.listed()] == ["queued"] * 3
    others_turn.release()
    second = Jobs(base)
    assert [ended(second, job_id).state for job_id in ids] == ["done"] * 3
    assert len(base.documents()) == 3
    second.close()


def test_a_job_that_is_interrupted_goes_on_with_what_was_not_done(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Jobs(base)
    work = Held(event("heron.txt", "stored", 1, 1))
    with monkeypatch.context() as patched:
        patched.setattr(at_work, "ingest_uploads", work)
        job_id = queue(first)
        assert work.began.wait(30)
        first.close()
    job = base.jobs.get(job_id)
    assert job is not None
    assert (job.state, job.active, job.attempts) == ("interrupted", True, 0)
    assert stages(job) == {"heron.txt": "stored", "owl.txt": "waiting"}
    second = Jobs(base)
    done = ended(second, job_id)
    assert (done.state, done.finished) == ("done", 2)
    assert [info.name for info in base.documents()] == ["owl.txt"], "the other one was done before"
    second.close()


def test_a_job_during_which_the_program_ends_again_and_again_is_given_up_and_can_be_tried_again(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    first = Jobs(base)
    job_id, after = queue(first), queue(first, {"wren.txt": b"A wren."})
    first.close()
    for _ in range(MOST_ATTEMPTS):
        assert base.jobs.begin(job_id)
        assert base.jobs.settle() == [job_id], "as the next process does when one was killed"
    others_turn.release()
    second = Jobs(base)
    job = ended(second, job_id)
    assert (job.state, job.error_code) == ("failed", CRASHES)
    assert ended(second, after).state == "done", "the others are done all the same"
    again = second.retry(job_id)
    assert again is not None
    assert ended(second, again).state == "done"
    second.close()


def test_an_attempt_that_gets_a_file_done_was_not_in_vain(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    jobs = Jobs(base)
    job_id = queue(jobs)
    jobs.close()
    for _ in range(MOST_ATTEMPTS * 2):
        assert base.jobs.begin(job_id)
        job = base.jobs.get(job_id)
        assert job is not None
        base.jobs.note(job_id, (), job.progress, advanced=True)
        base.jobs.settle()
    job = base.jobs.get(job_id)
    assert job is not None
    assert job.attempts == 0
    assert others_turn.is_locked


def test_a_collection_that_is_renamed_meanwhile_gets_the_files(
    base: KnowledgeBase, jobs: Jobs, others_turn: FileLock
) -> None:
    base.create_collection("birds")
    job_id = queue(jobs, collection="birds")
    base.rename_collection("birds", "herons")
    (job,) = jobs.listed()
    assert job.collection == "herons"
    assert set(jobs.sent(collection="herons")) == set(TEXTS)
    others_turn.release()
    assert ended(jobs, job_id).state == "done"
    assert [(info.name, info.documents) for info in base.collections()] == [("herons", 2)]


def test_a_collection_that_is_deleted_meanwhile_gets_nothing_and_the_job_says_so(
    base: KnowledgeBase, jobs: Jobs, others_turn: FileLock
) -> None:
    base.create_collection("birds")
    job_id = queue(jobs, collection="birds")
    base.delete_collection("birds")
    others_turn.release()
    job = ended(jobs, job_id)
    assert job.state == "failed"
    assert "'birds' was deleted meanwhile" in job.error
    assert base.collections() == []


def test_jobs_that_have_ended_are_forgotten_with_their_collection(
    base: KnowledgeBase, jobs: Jobs
) -> None:
    ended(jobs, queue(jobs, collection="birds"))
    ended(jobs, queue(jobs, collection="owls"))
    base.delete_collection("birds")
    assert [job.collection for job in jobs.listed()] == ["owls"]


def test_compacting_takes_the_names_of_removed_files_out_of_the_jobs(
    base: KnowledgeBase, jobs: Jobs
) -> None:
    job_id = queue(jobs)
    ended(jobs, job_id)
    (owl,) = (info for info in base.documents() if info.name == "owl.txt")
    base.remove(owl.id)
    base.compact()
    job = jobs.get(job_id)
    assert job is not None
    assert stages(job) == {"heron.txt": "stored"}
    files = [path for path in base.settings.data_dir.rglob("*") if path.is_file()]
    assert [path for path in files if b"owl.txt" in path.read_bytes()] == []


def test_a_name_that_waits_for_its_job_counts_as_the_document_that_it_will_be(
    jobs: Jobs, others_turn: FileLock
) -> None:
    job_id = queue(jobs, {"a.txt": b"First."})
    assert jobs.would_replace(sent(jobs, {"a.txt": b"First."}), collection="default") == []
    assert jobs.would_replace(sent(jobs, {"a.txt": b"Other."}), collection="default") == ["a.txt"]
    others_turn.release()
    ended(jobs, job_id)
    assert jobs.would_replace(sent(jobs, {"a.txt": b"Other."}), collection="default") == ["a.txt"]


def test_files_of_a_job_have_a_name_each_and_one_batch(jobs: Jobs) -> None:
    batch = jobs.batch()
    twice = [batch.add("a.txt", [b"one"]), batch.add("a.txt", [b"two"])]
    apart = [*sent(jobs, {"a.txt": b"one"}), *sent(jobs, {"b.txt": b"two"})]
    for files in (twice, apart, []):
        with pytest.raises(ValueError, match="one batch and a name each"):
            jobs.add_uploads(files)


def test_options_are_kept_but_for_passwords(
    base: KnowledgeBase, jobs: Jobs, tmp_path: Path, others_turn: FileLock
) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("a.txt", "b.md", "c.txt"):
        (folder / name).write_text(f"Text of {name}.", "utf-8")
    options = IngestOptions(
        include=("*.txt",), exclude=("c*",), checksum=True, ocr=False, passwords=("Zimtstern",)
    )
    job_id = jobs.add_paths([folder], options=options)
    job = jobs.get(job_id)
    assert job is not None
    assert dict(job.options) == {
        "include": ["*.txt"],
        "exclude": ["c*"],
        "checksum": True,
        "ocr": False,
    }
    others_turn.release()
    ended(jobs, job_id)
    assert [info.name for info in base.documents()] == ["a.txt"]


def test_a_job_is_followed_to_its_end(jobs: Jobs, others_turn: FileLock) -> None:
    job_id = queue(jobs)
    told = jobs.follow(job_id)
    assert next(told).state == "queued"
    others_turn.release()
    states = [job.state for job in told]
    assert states[-1] == "done"
    assert states == sorted(states, key=("queued", "running", "done").index)
    assert list(jobs.follow(12345)) == []


def test_what_came_later_under_a_name_is_not_replaced_by_what_is_tried_again(
    base: KnowledgeBase, jobs: Jobs
) -> None:
    def full(*_: object, **__: object) -> IngestReport:
        msg = "the disk is full"
        raise StoreError(msg)

    ended(jobs, queue(jobs, {"wren.txt": b"A wren."}))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(at_work, "ingest_uploads", full)
        failed = ended(jobs, queue(jobs, {"a.txt": b"First.", "b.txt": b"Only one."}))
    ended(jobs, queue(jobs, {"a.txt": b"Second."}))
    again = jobs.retry(failed.id)
    assert again is not None
    assert stages(ended(jobs, again)) == {"b.txt": "stored"}
    texts = {info.name: base.document_text(info.id) for info in base.documents()}
    assert texts == {"wren.txt": "A wren.", "a.txt": "Second.", "b.txt": "Only one."}


def test_closing_waits_no_longer_than_it_may(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, began = threading.Event(), threading.Event()

    def deaf(*_: object, **__: object) -> IngestReport:
        began.set()
        assert free.wait(60)
        return IngestReport(collection="default", files=(), seconds=0.0, interrupted=True)

    monkeypatch.setattr(at_work, "ingest_uploads", deaf)
    jobs = Jobs(base)
    job_id = queue(jobs)
    assert began.wait(30)
    jobs.close(timeout_s=0.1)
    job = base.jobs.get(job_id)
    assert job is not None
    assert job.state == "running"
    free.set()
    jobs.close()
    job = base.jobs.get(job_id)
    assert job is not None
    assert job.state == "interrupted"


def test_files_of_one_name_in_two_folders_are_told_apart(
    base: KnowledgeBase, jobs: Jobs, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(f"Text of {name}.", "utf-8")
    job = ended(jobs, jobs.add_paths([tmp_path / "one", tmp_path / "two"]))
    assert (job.total, job.finished) == (2, 2)
    assert len(job.files) == 2
    assert len(base.documents()) == 2


def test_a_folder_is_tried_again_where_files_of_it_failed(
    base: KnowledgeBase, jobs: Jobs, tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("A text.", "utf-8")
    first = ended(jobs, jobs.add_paths([tmp_path / "docs"]))
    assert jobs.retry(first.id) is None, "nothing failed"
    (tmp_path / "docs" / "late.pdf").write_bytes(b"not yet a PDF")
    second = ended(jobs, jobs.add_paths([tmp_path / "docs"]))
    assert second.failed == 1
    (tmp_path / "docs" / "late.pdf").write_bytes(locked_pdf("Here at last.", ""))
    again = jobs.retry(second.id)
    assert again is not None
    assert stages(ended(jobs, again)) == {"a.txt": "unchanged", "late.pdf": "stored"}
    assert len(base.documents()) == 2


def test_what_fails_while_the_program_winds_up_goes_on_at_the_next_start(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    began = threading.Event()

    def torn(*_: object, cancel: threading.Event, **__: object) -> IngestReport:
        began.set()
        assert cancel.wait(60)
        msg = "cannot schedule new futures after interpreter shutdown"
        raise RuntimeError(msg)

    jobs = Jobs(base)
    with monkeypatch.context() as patched:
        patched.setattr(at_work, "ingest_uploads", torn)
        job_id = queue(jobs)
        assert began.wait(30)
        jobs.close()
    job = base.jobs.get(job_id)
    assert job is not None
    assert (job.state, job.error) == ("interrupted", "")
    assert not [record for record in caplog.records if record.exc_info]
    second = Jobs(base)
    assert ended(second, job_id).state == "done"
    second.close()


def test_a_job_brings_object_storage_up_to_date(jobs: Jobs) -> None:
    with bucket_in_memory() as bucket:
        bucket.put("docs/heron.txt", "A grey heron.")

        job = ended(jobs, jobs.add_paths([f"{bucket.url}/docs/"]))

        assert job.paths == (f"{bucket.url}/docs",)
        assert [(file.name, file.stage) for file in job.files] == [("heron.txt", "stored")]


def test_a_url_with_a_key_in_it_becomes_no_job(jobs: Jobs) -> None:
    with pytest.raises(SettingsError, match="URL with a key in it"):
        jobs.add_paths(["s3://AKIA:hush@bucket/docs"])

    assert not jobs.listed()
