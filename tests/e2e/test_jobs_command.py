"""``kb jobs``: what waits, what is under way, how each ended; ended, tried again and done here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from job_turn import others_turn
from locked_files import locked_pdf
from typer.testing import CliRunner, Result

from ingest.jobs import Jobs, retry_options
from kb import KnowledgeBase, Settings
from kb.cli.app import app

QUEUE_AND_DIE = """
import os, sys
from ingest.jobs import Jobs
from kb import KnowledgeBase, Settings
base = KnowledgeBase.open(Settings.load(data_dir=sys.argv[1]))
job = Jobs(base, working=False).batch()
jobs = Jobs(base, working=False)
job_id = jobs.add_uploads([job.add("heron.txt", [b"The grey heron waits."])])
base.jobs.begin(job_id)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return Settings.load(data_dir=data_dir, workers=1)


@pytest.fixture
def jobs(settings: Settings) -> Iterator[Jobs]:
    """The queue, as a program sees it that does not work on it."""
    with KnowledgeBase.open(settings) as base:
        yield Jobs(base, working=False)


def kb(settings: Settings, *arguments: str) -> Result:
    """Run a ``kb`` command in this process, which spares starting Python for each."""
    return CliRunner().invoke(app, arguments, env={"KB_DATA_DIR": str(settings.data_dir)})


def listed(settings: Settings) -> list[dict[str, Any]]:
    done = kb(settings, "jobs", "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def queue(jobs: Jobs, files: dict[str, bytes], passwords: Sequence[str] = ()) -> int:
    batch = jobs.batch()
    sent = [batch.add(name, [data]) for name, data in files.items()]
    return jobs.add_uploads(sent, options=retry_options(tuple(passwords)))


def test_without_jobs_it_says_so(settings: Settings) -> None:
    assert "no jobs" in kb(settings, "jobs").stdout
    assert listed(settings) == []


def test_a_queued_upload_is_listed_with_what_it_holds(settings: Settings, jobs: Jobs) -> None:
    job_id = queue(jobs, {"heron.txt": b"The grey heron waits.", "owl.txt": b"The owl hunts."})
    shown = kb(settings, "jobs").stdout
    assert "queued" in shown
    assert "heron.txt, owl.txt" in shown
    assert "0 of 2" in shown
    (told,) = listed(settings)
    assert (told["id"], told["state"], told["collection"]) == (job_id, "queued", "default")
    assert [file["name"] for file in told["files"]] == ["heron.txt", "owl.txt"]
    assert not {"spool", "locked", "spooled"} & (told.keys() | told["files"][0].keys())


def test_a_queued_job_is_cancelled_and_its_bytes_are_deleted(
    settings: Settings, jobs: Jobs
) -> None:
    job_id = queue(jobs, {"heron.txt": b"The grey heron waits."})
    done = kb(settings, "jobs", "cancel", str(job_id))
    assert (done.exit_code, done.stdout) == (0, f"cancelled {job_id}\n")
    assert listed(settings)[0]["state"] == "cancelled"
    assert jobs.spool.is_empty()


def test_a_job_that_another_process_does_is_asked_to_end(settings: Settings, jobs: Jobs) -> None:
    job_id = queue(jobs, {"heron.txt": b"The grey heron waits."})
    with others_turn(settings):
        jobs._base.jobs.begin(job_id)
        done = kb(settings, "jobs", "cancel", str(job_id))
        assert "ends after the commit under way" in done.stdout
        assert jobs._base.jobs.is_cancelling(job_id)


def test_a_job_whose_process_was_killed_is_no_longer_called_running(settings: Settings) -> None:
    subprocess.run(
        [sys.executable, "-c", QUEUE_AND_DIE, str(settings.data_dir)], check=False, timeout=60
    )
    (told,) = listed(settings)
    assert told["state"] == "interrupted"
    done = kb(settings, "jobs", "cancel", str(told["id"]))
    assert done.stdout == f"cancelled {told['id']}\n"


def test_what_is_queued_is_done_here_where_no_other_process_does_it(
    settings: Settings, jobs: Jobs
) -> None:
    queue(jobs, {"heron.txt": b"The grey heron waits."})
    queue(jobs, {"owl.txt": b"The owl hunts.", "empty.pdf": b"%PDF-1.4 and nothing else"})
    done = kb(settings, "jobs", "run")
    assert done.exit_code == 1  # one file could not be read
    assert "failed empty.pdf" in done.stdout
    assert [told["state"] for told in listed(settings)] == ["done", "done"]
    assert {each.name for each in jobs._base.documents()} == {"heron.txt", "owl.txt"}
    again = kb(settings, "jobs", "run")
    assert (again.exit_code, again.stdout) == (0, "nothing is queued\n")


def test_what_failed_is_tried_again_with_a_password(settings: Settings, jobs: Jobs) -> None:
    job_id = queue(jobs, {"safe.pdf": locked_pdf("The heron hides.", "sesame")})
    assert kb(settings, "jobs", "run").exit_code == 1
    done = kb(settings, "jobs", "retry", str(job_id), "--password", "sesame")
    assert done.exit_code == 0, done.output
    assert [each.name for each in jobs._base.documents()] == ["safe.pdf"]
    assert "sesame" not in done.output
    (told,) = listed(settings)
    assert (told["state"], told["failed"]) == ("done", 0)
    assert told["id"] != job_id


def test_a_retry_can_be_left_to_another_process(settings: Settings, jobs: Jobs) -> None:
    job_id = queue(jobs, {"a.pdf": b"%PDF-1.4 and nothing else"})
    assert kb(settings, "jobs", "run").exit_code == 1
    done = kb(settings, "jobs", "retry", str(job_id), "--later")
    assert done.exit_code == 0, done.output
    (told,) = listed(settings)
    assert told["state"] == "queued"
    assert f"queued again as {told['id']}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cancel", "7"], "there is no job 7; `kb jobs` lists them"),
        (["retry", "7"], "there is no job 7; `kb jobs` lists them"),
        (["cancel", str(2**70)], "there is no job"),
        (["retry", "1", "--later", "--password", "x"], "--later"),
    ],
)
def test_what_cannot_be_done_says_why(
    settings: Settings, jobs: Jobs, arguments: list[str], words: str
) -> None:
    queue(jobs, {"heron.txt": b"The grey heron waits."})
    done = kb(settings, "jobs", *arguments)
    assert done.exit_code in {1, 2}
    assert words in done.stderr
    assert "Traceback" not in done.output


def test_what_has_ended_is_neither_cancelled_nor_tried_again_in_vain(
    settings: Settings, jobs: Jobs
) -> None:
    job_id = queue(jobs, {"heron.txt": b"The grey heron waits."})
    waiting = kb(settings, "jobs", "retry", str(job_id))
    assert waiting.exit_code == 1
    assert "has not ended" in waiting.stderr
    assert kb(settings, "jobs", "run").exit_code == 0
    cancelled, again = (kb(settings, "jobs", do, str(job_id)) for do in ("cancel", "retry"))
    assert f"job {job_id} has ended already (done)" in cancelled.stderr
    assert "nothing of job" in again.stderr
    assert cancelled.exit_code == again.exit_code == 1


def test_a_ctrl_c_leaves_the_job_to_be_gone_on_with(settings: Settings, jobs: Jobs) -> None:
    queue(jobs, {f"{n}.txt": b"The grey heron waits. " * 2000 for n in range(40)})
    with subprocess.Popen(
        [sys.executable, "-m", "kb", "jobs", "run"],
        env={**os.environ, "KB_DATA_DIR": str(settings.data_dir)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        (queued,) = jobs.listed()
        next(each for each in jobs.follow(queued.id) if each.state == "running")
        process.send_signal(2)
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    (left,) = jobs.listed()
    assert left.active
    assert listed(settings)[0]["state"] in {"interrupted", "queued"}
