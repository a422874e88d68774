"""Passwords of jobs: known to one process, written down nowhere, asked for again when lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import job_turn
import pytest
from filelock import FileLock
from hashing_embedder import HashingEmbedder
from locked_files import files_that_hold, locked_pdf

from ingest.jobs import JobInfo, Jobs, retry_options
from kb import KnowledgeBase, Settings, StoreError

RIGHT = "Zimtstern-4711-richtig"
TEXT = "The grey heron waits in the reeds."


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    settings = Settings.load(data_dir=tmp_path / "data")
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def others_turn(base: KnowledgeBase) -> Iterator[FileLock]:
    """The lock of whoever works, held as by another process: jobs are queued and stay so."""
    with job_turn.others_turn(base.settings) as lock:
        yield lock


def queue(jobs: Jobs, password: str = RIGHT) -> int:
    upload = jobs.batch().add("heron.pdf", [locked_pdf(TEXT, RIGHT)])
    passwords = (password,) if password else ()
    return jobs.add_uploads([upload], options=retry_options(passwords))


def until_asked(jobs: Jobs, job_id: int) -> JobInfo:
    job = jobs.wait(job_id, timeout_s=60)
    assert job is not None
    assert job.asks, job
    return job


def lost(base: KnowledgeBase) -> int:
    """A job whose process ended before its turn came, and whose password went with it."""
    first = Jobs(base)
    job_id = queue(first)
    first.close()
    return job_id


def texts(base: KnowledgeBase) -> list[str]:
    return [base.document_text(info.id) for info in base.documents()]


def ended(jobs: Jobs, job_id: int) -> JobInfo:
    job = jobs.wait(job_id, timeout_s=60)
    assert job is not None
    assert job.ended, job
    return job


def test_the_password_opens_the_file_and_is_written_nowhere(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    jobs = Jobs(base)
    job_id = queue(jobs)
    assert files_that_hold(RIGHT, base.settings.data_dir) == []
    others_turn.release()
    assert ended(jobs, job_id).state == "done"
    assert texts(base) == [TEXT]
    assert files_that_hold(RIGHT, base.settings.data_dir) == []
    assert RIGHT not in repr(jobs.listed())
    jobs.close()


def test_a_job_whose_password_was_lost_asks_and_the_others_go_on(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    job_id = lost(base)
    second = Jobs(base)
    after = second.add_uploads([second.batch().add("owl.txt", [b"The barn owl hunts."])])
    others_turn.release()
    assert ended(second, after).state == "done"
    asking = until_asked(second, job_id)
    assert (asking.state, asking.active, second.active) == ("interrupted", False, False)
    assert second.answer(job_id, passwords=(RIGHT,))
    assert ended(second, job_id).state == "done"
    assert TEXT in texts(base)
    assert files_that_hold(RIGHT, base.settings.data_dir) == []
    second.close()


def test_a_job_that_waited_for_its_password_replaces_nothing_that_came_later(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    base.create_collection("default")
    job_id = lost(base)
    others_turn.release()
    jobs = Jobs(base)
    until_asked(jobs, job_id)
    later = jobs.batch().add("heron.pdf", [locked_pdf("A newer text.", "")])
    assert ended(jobs, jobs.add_uploads([later], options=retry_options())).state == "done"
    jobs.answer(job_id, passwords=(RIGHT,))
    job = ended(jobs, job_id)
    assert [file.stage for file in job.files] == ["cancelled"]
    assert texts(base) == ["A newer text."]
    jobs.close()


def test_a_job_that_asks_can_go_on_without_a_password(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    job_id = lost(base)
    others_turn.release()
    jobs = Jobs(base)
    until_asked(jobs, job_id)
    assert jobs.answer(job_id)
    job = ended(jobs, job_id)
    assert [(file.stage, file.reason_code) for file in job.files] == [("failed", "encrypted")]
    assert not jobs.answer(job_id), "it asks no more"
    jobs.close()


def test_a_job_that_asks_can_be_cancelled_and_its_bytes_go(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    job_id = lost(base)
    others_turn.release()
    jobs = Jobs(base)
    until_asked(jobs, job_id)
    jobs.cancel(job_id)
    assert ended(jobs, job_id).state == "cancelled"
    assert jobs.spool.is_empty()
    jobs.close()


def test_a_password_that_is_lost_again_is_asked_for_again(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    job_id = lost(base)
    others_turn.release()
    second = Jobs(base)
    until_asked(second, job_id)
    others_turn.acquire(timeout=60)
    assert second.answer(job_id, passwords=(RIGHT,))
    second.close()
    others_turn.release()
    third = Jobs(base)
    until_asked(third, job_id)
    third.close()


def test_the_process_that_knows_the_password_does_the_job_though_another_could_begin(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as second:
        knows, other = Jobs(base), Jobs(second)
        ids = [queue(knows), queue(other), queue(knows), queue(other)]
        others_turn.release()
        assert {ended(other, job_id).state for job_id in ids} == {"done"}
        assert texts(base) == [TEXT]
        knows.close()
        other.close()


def test_a_password_is_forgotten_when_another_process_cancels_the_job(
    base: KnowledgeBase, others_turn: FileLock
) -> None:
    with KnowledgeBase.open(base.settings, embedder=HashingEmbedder()) as second:
        knows, other = Jobs(base), Jobs(second)
        job_id = queue(knows)
        assert knows._worker._known
        other.cancel(job_id)
        deadline = time.monotonic() + 60
        while knows._worker._known or not knows.spool.is_empty():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert others_turn.is_locked
        knows.close()
        other.close()


def test_protected_files_are_tried_again_with_a_password(base: KnowledgeBase) -> None:
    jobs = Jobs(base)
    first = ended(jobs, queue(jobs, password=""))
    assert [file.reason_code for file in first.files] == ["encrypted"]
    again = jobs.retry(first.id, passwords=(RIGHT,))
    assert again is not None
    assert ended(jobs, again).state == "done"
    assert texts(base) == [TEXT]
    jobs.close()


def test_a_job_that_failed_as_a_whole_is_tried_again_with_a_password(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        msg = "the disk is full"
        raise StoreError(msg)

    jobs = Jobs(base)
    with monkeypatch.context() as patched:
        patched.setattr("ingest.jobs.execution.ingest_uploads", full)
        failed = ended(jobs, queue(jobs))
    assert failed.state == "failed"
    again = jobs.retry(failed.id, passwords=(RIGHT,))
    assert again is not None
    assert jobs.retry(failed.id) is None, "it is tried again already"
    assert ended(jobs, again).state == "done"
    assert texts(base) == [TEXT]
    jobs.close()
