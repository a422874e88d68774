"""Lists jobs of ingestion on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from kb.catalog.job_records import JobInfo, JobState
from kb.cli.listings import minute, some
from kb.text import one_line

_MOST_FAILURES = 10
_STYLES: dict[JobState, str] = {
    "queued": "cyan",
    "running": "cyan",
    "done": "green",
    "failed": "red",
    "cancelled": "yellow",
    "interrupted": "yellow",
}


def print_jobs(found: Sequence[JobInfo], console: Console) -> None:
    """Print jobs, oldest first."""
    if not found:
        console.print("no jobs: nothing waits, and none is remembered")
    for job in found:
        print_job(job, console)


def print_job(job: JobInfo, console: Console) -> None:
    """Print a job: progress, folder or files, and failures."""
    console.print(
        Text.assemble(
            (f"{job.id}", "bold"),
            f"  {minute(job.queued_at)}  ",
            (_state(job), _STYLES[job.state]),
            f"  {job.finished} of {job.total}  {one_line(job.collection)}  ",
            (one_line(_what(job)), "cyan"),
        )
    )
    if job.asks:
        console.print("   it wants a password: kb jobs retry ID --password …, or without one")
    if job.error:
        console.print(Text(f"   {_error(job)}", style="red"))
    failed = [file for file in job.files if file.stage == "failed"]
    for file in failed[:_MOST_FAILURES]:
        named = file.reason if file.name in file.reason else f"{file.name}: {file.reason}"
        console.print(Text(f"   failed {one_line(named)}", style="red"))
    if (left := job.failed - len(failed[:_MOST_FAILURES])) > 0:
        console.print(Text(f"   … and {left:,} more failed (--json lists them)", style="red"))


def is_well(job: JobInfo) -> bool:
    """Return whether a job has done all its work."""
    return job.state == "done" and not job.failed


def _state(job: JobInfo) -> str:
    return "cancelling" if job.cancelling and not job.ended else job.state


def _what(job: JobInfo) -> str:
    return some(job.paths or [file.name for file in job.files])


def _error(job: JobInfo) -> str:
    if job.error_code == "unexpected":
        return f"it met a fault of the program; the log describes it under {job.error}"
    return one_line(job.error)
