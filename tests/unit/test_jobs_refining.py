"""Sentences of what jobs have filled: embedded when there is no job, and left when there is one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from ingest.jobs import Jobs, retry_options
from kb import KnowledgeBase, Settings
from kb.embedding.base import Vectors

TEXT = " ".join(
    f"Valve {n} is opened by turning wheel {n * 7} twice, then left." for n in range(1500)
)


class Gate(HashingEmbedder):
    """Waits before it embeds sentences, until it may."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.waiting = threading.Event()

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        if threading.current_thread().name == "jobs":  # files are embedded by threads of theirs
            self.waiting.set()
            assert self.open.wait(60)
        return super().embed_documents(texts, on_progress)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(data_dir=tmp_path / "data")


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def base(settings: Settings, gate: Gate) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(settings, embedder=gate) as opened:
        yield opened


@pytest.fixture
def jobs(base: KnowledgeBase, gate: Gate) -> Iterator[Jobs]:
    opened = Jobs(base)
    yield opened
    gate.open.set()
    opened.close()


def queue(jobs: Jobs, name: str, text: str, *, collection: str | None = None) -> int:
    batch = jobs.batch()
    upload = batch.add(name, [text.encode()])
    return jobs.add_uploads([upload], collection=collection, options=retry_options())


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def whole(base: KnowledgeBase, name: str = "default") -> bool:
    info = base.collection(name)
    return info.chunks > 0 and info.refined == info.chunks


def test_a_job_is_done_when_all_can_be_found_and_its_sentences_follow(
    base: KnowledgeBase, jobs: Jobs, gate: Gate
) -> None:
    gate.open.clear()
    job = jobs.wait(queue(jobs, "valves.txt", TEXT), timeout_s=60)
    assert job is not None
    assert job.state == "done"
    assert base.search("wheel of valve 7")
    assert gate.waiting.wait(60)
    assert base.collection().refined == 0
    assert jobs.refines(base.collection().id)
    gate.open.set()
    until(lambda: whole(base))
    until(lambda: not jobs.refines(base.collection().id))
    (run,) = base.runs()
    until(lambda: base.runs()[0].refined_s is not None)
    assert run.finished_at is not None
    assert (base.runs()[0].refined_s or 0) > (run.finished_at - run.started_at).total_seconds()


def test_a_job_that_comes_meanwhile_does_not_wait_for_the_sentences(
    base: KnowledgeBase, jobs: Jobs, gate: Gate
) -> None:
    gate.open.clear()
    queue(jobs, "valves.txt", TEXT)
    assert gate.waiting.wait(60)
    second = queue(jobs, "pumps.txt", "Pumps are oiled daily.", collection="other")
    gate.open.set()
    job = jobs.wait(second, timeout_s=60)
    assert job is not None
    assert job.state == "done"
    until(lambda: whole(base) and whole(base, "other"))


def test_a_process_that_ends_leaves_them_to_the_next(settings: Settings, gate: Gate) -> None:
    with KnowledgeBase.open(settings, embedder=gate) as base:
        jobs = Jobs(base)
        gate.open.clear()
        jobs.wait(queue(jobs, "valves.txt", TEXT), timeout_s=60)
        assert gate.waiting.wait(60)
        threading.Timer(0.2, gate.open.set).start()
        jobs.close()
        assert not whole(base)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        jobs = Jobs(base)
        until(lambda: whole(base))
        jobs.close()


def test_they_can_be_stopped_and_asked_for_again(
    base: KnowledgeBase, jobs: Jobs, gate: Gate
) -> None:
    gate.open.clear()
    queue(jobs, "valves.txt", TEXT)
    assert gate.waiting.wait(60)
    target = base.collection()
    jobs.leave_unrefined(target.id)
    gate.open.set()
    until(lambda: not jobs.refines(target.id))
    time.sleep(0.3)
    assert not whole(base)
    assert jobs.refine(target)
    until(lambda: whole(base))
    assert not jobs.refine(target)


def test_nothing_follows_where_the_setting_is_off(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path / "data", sentences=False)
    with KnowledgeBase.open(settings, embedder=HashingEmbedder()) as base:
        jobs = Jobs(base)
        jobs.wait(queue(jobs, "valves.txt", TEXT), timeout_s=60)
        assert not jobs.refines(base.collection().id)
        jobs.close()
        assert base.collection().refined == 0


def test_a_collection_that_is_deleted_meanwhile_is_forgotten(
    base: KnowledgeBase, jobs: Jobs, gate: Gate
) -> None:
    gate.open.clear()
    queue(jobs, "valves.txt", TEXT)
    assert gate.waiting.wait(60)
    base.delete_collection("default")
    gate.open.set()
    job = jobs.wait(queue(jobs, "pumps.txt", "Pumps are oiled daily."), timeout_s=60)
    assert job is not None
    assert job.state == "done"
    until(lambda: whole(base) and base.jobs.refining() == [])
