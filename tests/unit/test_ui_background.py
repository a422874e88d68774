"""Runs in the background: one after the other, seen by all, ended on request."""

import threading
import time
from collections.abc import Iterator

import pytest

from ingest import FileEvent, IngestReport
from ingest.report import OnEvent
from kb import Source, StoreError
from ui.background import KEPT_RUNS, Ingestion, RunProgress


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    opened = Ingestion()
    yield opened
    opened.close()


def report(*, interrupted: bool = False) -> IngestReport:
    return IngestReport(collection="c", files=(), seconds=0.0, interrupted=interrupted)


def event(name: str, stage: str, done: int = 0, total: int = 0, reason: str = "") -> FileEvent:
    return FileEvent(
        source=Source(root="uploads", path=name),
        stage=stage,  # type: ignore[arg-type] # one of the stages, written out in each test
        done=done,
        total=total,
        reason=reason,
    )


def wait_for(ingestion: Ingestion, state: str) -> RunProgress:
    deadline = time.monotonic() + 10
    while True:
        runs = ingestion.runs()
        if runs and runs[-1].state == state:
            return runs[-1]
        assert time.monotonic() < deadline, runs
        time.sleep(0.01)


def test_progress_is_seen_while_it_happens(ingestion: Ingestion) -> None:
    seen = threading.Event()

    def work(on_event: OnEvent, _: threading.Event) -> IngestReport:
        on_event(event("a.txt", "embedding", 3, 10))
        assert seen.wait(10)
        on_event(event("a.txt", "stored", 10, 10))
        return report()

    ingestion.start(["a.txt", "b.txt"], work, collection="c")
    deadline = time.monotonic() + 10
    while ingestion.runs()[0].chunks_done != 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    run = ingestion.runs()[0]
    assert [file.stage for file in run.files] == ["embedding", "waiting"]
    assert run.chunks_total == 10
    assert run.seconds_left is None  # b.txt has not been read
    seen.set()
    run = wait_for(ingestion, "done")
    assert run.chunks_done == 10
    assert run.finished == 1


def test_runs_wait_for_each_other(ingestion: Ingestion) -> None:
    go = threading.Event()

    def work(_: OnEvent, __: threading.Event) -> IngestReport:
        assert go.wait(10)
        return report()

    ingestion.start(["a"], work, collection="c")
    ingestion.start(["b"], work, collection="c")
    deadline = time.monotonic() + 10
    while ingestion.runs()[0].state != "running":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ingestion.runs()[1].state == "queued"
    assert ingestion.active
    go.set()
    wait_for(ingestion, "done")
    assert not ingestion.active


def test_a_cancelled_run_says_which_files_are_done(ingestion: Ingestion) -> None:
    def work(on_event: OnEvent, cancel: threading.Event) -> IngestReport:
        on_event(event("a", "stored", 1, 1))
        assert cancel.wait(10)
        return report(interrupted=True)

    run_id = ingestion.start(["a", "b"], work, collection="c")
    while ingestion.runs()[0].finished != 1:
        time.sleep(0.01)
    ingestion.cancel(run_id)
    run = wait_for(ingestion, "cancelled")
    assert [file.stage for file in run.files] == ["stored", "cancelled"]


def test_a_waiting_run_can_be_cancelled_before_it_begins(ingestion: Ingestion) -> None:
    go = threading.Event()
    began = threading.Event()

    def first(_: OnEvent, __: threading.Event) -> IngestReport:
        assert go.wait(10)
        return report()

    def second(_: OnEvent, __: threading.Event) -> IngestReport:
        began.set()
        return report()

    ingestion.start(["a"], first, collection="c")
    ingestion.cancel(ingestion.start(["b"], second, collection="c"))
    go.set()
    wait_for(ingestion, "cancelled")
    assert not began.is_set()


def test_a_failed_store_ends_the_run_with_its_message_and_not_the_thread(
    ingestion: Ingestion,
) -> None:
    def broken(_: OnEvent, __: threading.Event) -> IngestReport:
        msg = "the disk is full; free some space"
        raise StoreError(msg)

    ingestion.start(["a"], broken, collection="c")
    assert wait_for(ingestion, "error").error == "the disk is full; free some space"
    ingestion.start(["a"], lambda _, __: report(), collection="c")
    wait_for(ingestion, "done")


def test_finished_runs_can_be_dismissed_and_only_they(ingestion: Ingestion) -> None:
    go = threading.Event()

    def work(_: OnEvent, __: threading.Event) -> IngestReport:
        assert go.wait(10)
        return report()

    run_id = ingestion.start(["a"], work, collection="c")
    ingestion.dismiss(run_id)
    assert len(ingestion.runs()) == 1
    go.set()
    wait_for(ingestion, "done")
    ingestion.dismiss(run_id)
    assert ingestion.runs() == []


def test_only_the_last_runs_are_remembered(ingestion: Ingestion) -> None:
    for number in range(KEPT_RUNS + 5):
        ingestion.start([f"{number}"], lambda _, __: report(), collection="c")
        wait_for(ingestion, "done")
    runs = ingestion.runs()
    assert len(runs) == KEPT_RUNS
    assert runs[-1].files[0].name == f"{KEPT_RUNS + 4}"


def test_time_left_is_told_once_every_file_is_read(ingestion: Ingestion) -> None:
    go = threading.Event()

    def work(on_event: OnEvent, _: threading.Event) -> IngestReport:
        on_event(event("a", "embedding", 0, 40))
        time.sleep(0.05)
        on_event(event("a", "embedding", 20, 40))
        assert go.wait(10)
        return report()

    ingestion.start(["a"], work, collection="c")
    while ingestion.runs()[0].chunks_done != 20:
        time.sleep(0.01)
    run = ingestion.runs()[0]
    assert run.seconds_left == pytest.approx(20 / run.chunks_per_s)
    go.set()
