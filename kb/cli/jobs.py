"""``kb jobs``: the queue of ingestion, without a browser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from kb import wire
from kb.catalog.job_records import JobInfo
from kb.cli.common import EXIT_FAILED, JsonOption, opened, print_json, stdout
from kb.cli.job_listings import is_well, print_job, print_jobs
from kb.errors import JobError

if TYPE_CHECKING:
    from ingest.jobs import Jobs

# After this time a thread finishes the commit under way; the next process cleans up.
_GRACE_S = 5.0

app = typer.Typer(
    invoke_without_command=True,
    help="List the jobs of ingestion: uploads and folders, waiting, under way or ended.",
)

_Id = Annotated[int, typer.Argument(metavar="ID", help="Job, as `kb jobs` lists it.")]


@app.callback()
def jobs(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the remembered jobs, oldest first."""
    if context.invoked_subcommand is not None:
        return
    with _queue() as queue:
        queue.settle()
        found = queue.listed()
        if as_json:
            print_json([wire.job_json(job) for job in found])
        else:
            print_jobs(found, stdout())


@app.command()
def cancel(
    ids: Annotated[list[int], typer.Argument(metavar="ID…", help="Jobs, as `kb jobs` lists them.")],
) -> None:
    """End jobs, in any process; their stored documents stay."""
    with _queue() as queue:
        queue.settle()
        for job in [_there(queue, job_id) for job_id in ids]:
            if job.ended:
                msg = f"job {job.id} has ended already ({job.state}); nothing was cancelled"
                raise JobError(msg)
            queue.cancel(job.id)
            now = queue.get(job.id)
            if now is not None and not now.ended:
                stdout().print(f"{job.id} ends after the commit under way")
            else:
                stdout().print(f"cancelled {job.id}")


@app.command()
def retry(
    job_id: _Id,
    password: Annotated[
        list[str] | None, typer.Option(help="Password for encrypted files; repeatable.")
    ] = None,
    later: Annotated[
        bool, typer.Option("--later", help="Only queue it, for another process or `kb jobs run`.")
    ] = False,
) -> None:
    """Retry the failed and remaining files of a job in this process.

    A job that waits for a password continues with the given one, or without its protected files.
    """
    if later and password:
        msg = "--later cannot be combined with --password: passwords are written nowhere"
        raise typer.BadParameter(msg)
    with _queue() as queue:
        new = _again(queue, _there(queue, job_id), tuple(password or ()))
        if later:
            stdout().print(f"queued again as {new}")
        else:
            _follow(queue, [new])


@app.command()
def run() -> None:
    """Run all queued jobs, or wait for the process that runs them."""
    with _queue() as queue:
        queue.settle()
        waiting = [job.id for job in queue.listed() if job.active]
        if waiting:
            _follow(queue, waiting)
        else:
            stdout().print("nothing is queued")


@contextmanager
def _queue() -> Iterator[Jobs]:
    from ingest.jobs import Jobs  # noqa: PLC0415 - kb stands below ingest

    with opened() as base:
        queue = Jobs(base, working=False)
        try:
            yield queue
        finally:
            queue.close(timeout_s=_GRACE_S)


def _there(queue: Jobs, job_id: int) -> JobInfo:
    """Return a job.

    Raises:
        JobError: the job does not exist.
    """
    found = next((job for job in queue.listed() if job.id == job_id), None)
    if found is None:
        msg = f"there is no job {job_id}; `kb jobs` lists them"
        raise JobError(msg)
    return found


def _again(queue: Jobs, job: JobInfo, passwords: tuple[str, ...]) -> int:
    """Queue the remaining files of a job; return the new job's id.

    Raises:
        JobError: nothing is left, or the job has not ended.
    """
    if job.asks and queue.answer(job.id, passwords=passwords):
        return job.id
    if not job.ended:
        msg = f"job {job.id} has not ended; `kb jobs run` does what is queued"
        raise JobError(msg)
    new = queue.retry(job.id, passwords=passwords)
    if new is None:
        msg = (
            f"nothing of job {job.id} can be tried again: all of it was done, newer uploads "
            "replaced it, or its files are gone"
        )
        raise JobError(msg)
    return new


def _follow(queue: Jobs, ids: Sequence[int]) -> None:
    """Run jobs here, unless another process runs them; show their progress, then their results.

    Raises:
        typer.Exit: a job failed, or a file of one.
    """
    queue.work(watching=False)  # ends with the last job
    well = True
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for job_id in ids:
            task = bar.add_task(f"job {job_id}", total=None)
            last = None
            for last in queue.follow(job_id):
                bar.update(task, completed=last.finished, total=last.total or None)
            bar.remove_task(task)
            if last is not None:
                print_job(last, stdout())
                well = well and is_well(last)
    if not well:
        raise typer.Exit(EXIT_FAILED)
