"""A process is killed at every step of a job; nothing queued is lost, and nothing is left over.

``make test`` kills at every other step or so; ``make test-full`` at each, and at 40 random moments
more.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest.jobs import JobInfo, Jobs, retry_options
from kb import KnowledgeBase, Settings

RUN = Path(__file__).parent / "job_run.py"
QUEUE = "kb.queueing:JobQueue"


def slow(when: str, method: str, nth: int, *, is_queued: bool) -> object:
    """A step between two others that `make test` kills at."""
    return pytest.param(when, method, nth, is_queued, marks=pytest.mark.slow)


STEPS = [
    # Nothing is promised before the job is queued, and nothing may stay.
    ("before", "ingest.jobs.spool:Spool.batch", 1, False),
    slow("after", "ingest.jobs.spool:Spool.batch", 1, is_queued=False),
    ("after", "ingest.jobs.spool:Batch.add", 1, False),
    slow("before", f"{QUEUE}.add", 1, is_queued=False),
    # From here on it is done, whatever happens.
    ("after", f"{QUEUE}.add", 1, True),
    slow("before", "ingest.jobs.spool:Batch.hand_over", 1, is_queued=True),
    slow("before", f"{QUEUE}.begin", 1, is_queued=True),
    ("after", f"{QUEUE}.begin", 1, True),
    slow("before", "kb.uploads:Uploads.keep", 1, is_queued=True),
    slow("after", "kb.uploads:Uploads.keep", 1, is_queued=True),
    ("before", "kb.uploads:Uploads.keep", 2, True),
    slow("before", "kb.indexing.steps:Indexing.commit_all", 1, is_queued=True),
    ("after", "kb.indexing.steps:Indexing.commit_all", 1, True),
    slow("after", f"{QUEUE}.place", 1, is_queued=True),
    slow("before", f"{QUEUE}.end", 1, is_queued=True),
    slow("after", f"{QUEUE}.end", 1, is_queued=True),
    ("before", "ingest.jobs.spool:Spool.clean", 2, True),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(data_dir=tmp_path / "data")


@contextmanager
def working(
    settings: Settings, count: int, *death: str
) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that queues and does jobs, killed at the end; and the jobs that it has queued."""
    process = subprocess.Popen(
        [sys.executable, str(RUN), str(settings.data_dir), str(count), *death],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    queued: list[int] = []
    try:
        for line in process.stdout:
            if line == "queued\n":
                break
            queued.append(int(line))
        yield process, queued
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def finish(settings: Settings) -> list[JobInfo]:
    """Do what is left, as the next process does; look at everything; return the jobs."""
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        jobs = Jobs(base)
        deadline = time.monotonic() + 60
        while jobs.active or base.jobs.refining() or not jobs.spool.is_empty():
            assert time.monotonic() < deadline, jobs.listed()
            time.sleep(0.05)
        found = jobs.listed()
        jobs.close()
        names = [info.name for info in base.documents()] if base.collections() else []
        assert len(names) == len(set(names))
        for job in found:
            if job.state == "done":
                assert {file.name for file in job.files} <= set(names)
                info = base.collection()
                assert info.refined == info.chunks
        for info in base.documents() if base.collections() else []:
            number, _, part = info.name.removesuffix(".txt").partition("-")
            assert base.document_text(info.id).split() == f"Text {number} {part}.".split() * 400
        assert base.check().ok, base.check()
    left = [path.name for path in settings.data_dir.rglob("*") if path.suffix == ".part"]
    left += [path.name for path in settings.store_dir.glob("run-*.lock")]
    assert left == []
    return found


@pytest.mark.parametrize(("when", "method", "nth", "is_queued"), STEPS)
def test_a_process_that_is_killed_at_a_step_loses_no_queued_job_and_leaves_nothing(
    settings: Settings, when: str, method: str, nth: int, *, is_queued: bool
) -> None:
    with working(settings, 1, when, method, str(nth)) as (process, _):
        assert process.wait(60) == -9
    (job,) = finish(settings) if is_queued else [None]
    if job is None:
        assert finish(settings) == []
        return
    assert (job.state, job.finished, job.failed) == ("done", 2, 0)


def test_a_process_that_waits_takes_over_from_one_that_is_killed(settings: Settings) -> None:
    with (
        KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base,
        working(settings, 6) as (process, queued),
    ):
        waiting = Jobs(base)
        process.kill()
        for job_id in queued:
            job = waiting.wait(job_id, timeout_s=60)
            assert job is not None
            assert job.state == "done", job
        waiting.close()
    assert len(finish(settings)) == 6


def test_a_job_that_was_cancelled_before_its_process_was_killed_does_not_go_on(
    settings: Settings,
) -> None:
    # It dies when it would write down that the job has ended.
    with (
        KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base,
        working(settings, 1, "before", f"{QUEUE}.end", "1") as (process, _),
    ):
        assert process.wait(60) == -9
        (job,) = base.jobs.listed()
        assert job.state == "running"
        assert not base.jobs.cancel(job.id)
    (job,) = finish(settings)
    assert job.state == "cancelled"


def test_two_processes_that_queue_at_once_lose_nothing(settings: Settings) -> None:
    with working(settings, 5) as (_, first), working(settings, 5) as (__, second):
        pass
    assert sorted({*first, *second}) == list(range(1, 11))
    found = finish(settings)
    assert [job.state for job in found] == ["done"] * 10


def kill_many(settings: Settings, kills: int, *, seed: int) -> None:
    """Queue twenty jobs, and kill whoever works at them at random moments."""
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        jobs = Jobs(base)
        jobs.close()  # others do them
        for number in range(20):
            batch = jobs.batch()
            files = [
                batch.add(f"{number}-{part}.txt", [f"Text {number} {part}. ".encode() * 400])
                for part in "ab"
            ]
            jobs.add_uploads(files, options=retry_options())
    moments = random.Random(seed)  # noqa: S311 - moments to kill at, no secret
    for _ in range(kills):
        with working(settings, 0):
            time.sleep(moments.uniform(0.0, 1.5))
    found = finish(settings)
    assert [job.state for job in found] == ["done"] * 20
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        assert len(base.documents()) == 40


@pytest.mark.slow
def test_a_queue_survives_kills_at_random_moments(settings: Settings) -> None:
    kill_many(settings, 4, seed=4)


@pytest.mark.slow
def test_a_queue_survives_forty_kills(settings: Settings) -> None:
    kill_many(settings, 40, seed=40)
