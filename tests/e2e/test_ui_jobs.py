"""The server of the browser UI does jobs without a visitor, and lets go of them when it ends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from job_turn import others_turn
from ui_server import served_ui

from ingest.jobs import Jobs
from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder

PATIENCE_S = 240


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "server").mkdir()
    return tmp_path / "server"


def queue(base: KnowledgeBase, settings: Settings, files: dict[str, bytes]) -> None:
    """Leave a job for each file, as a process that was killed does."""
    with others_turn(settings):
        jobs = Jobs(base)
        for name, data in files.items():
            jobs.add_uploads([jobs.batch().add(name, [data])])
        jobs.close()


def states(base: KnowledgeBase) -> list[str]:
    return [job.state for job in base.jobs.listed()]


def test_jobs_that_were_left_are_done_without_a_visitor(
    settings: Settings, base: KnowledgeBase, folder: Path
) -> None:
    files = {f"{n}.txt": f"Kestrel number {n}.".encode() for n in range(4)}
    queue(base, settings, files)
    with served_ui(folder, data_dir=str(settings.data_dir)) as server:
        deadline = time.monotonic() + PATIENCE_S
        while base.jobs.is_active():
            assert time.monotonic() < deadline, base.jobs.listed()
            time.sleep(0.2)
        log = server.log.read_text("utf-8")
    assert states(base) == ["done"] * 4
    assert sorted(info.name for info in base.documents()) == sorted(files)
    assert log.count("\n") == 1, log


def test_a_server_that_is_asked_to_end_lets_go_of_its_job_which_the_next_one_finishes(
    data_dir: Path, settings: Settings, embedder: Embedder, folder: Path
) -> None:
    lines = (f"Paragraph {n}: kestrels hover above the meadow. " * 12 for n in range(400))
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        queue(base, settings, {"long.txt": "\n\n".join(lines).encode(), "b.txt": b"A wren."})
        with served_ui(folder, data_dir=str(data_dir)) as server:
            deadline = time.monotonic() + PATIENCE_S
            while not (base.jobs.listed()[0].progress.chunks_total):
                assert time.monotonic() < deadline, base.jobs.listed()
                time.sleep(0.1)
        (long, _) = base.jobs.listed()
        assert (long.state, long.attempts) in [("interrupted", 0), ("running", 1)], long
        assert not base.jobs.listed()[1].ended
        assert "Traceback" not in server.log.read_text("utf-8")
        base.jobs.cancel(long.id)  # so that the test need not wait for all of it
    with KnowledgeBase.open(settings, embedder=embedder) as base:
        jobs = Jobs(base)
        last = jobs.wait(2, timeout_s=PATIENCE_S)
        assert last is not None
        assert last.state == "done"
        assert states(base) == ["cancelled", "done"]
        jobs.close()
