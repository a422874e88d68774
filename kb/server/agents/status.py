"""The tool ``status``: totals, ingestion under way, and files that could not be read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kb.catalog.job_records import JobInfo
from kb.errors import JobError
from kb.server.agents.budget import Budget
from kb.server.agents.desk import Desk, counted
from kb.server.agents.fences import quoted
from kb.server.agents.results import Result, Told
from kb.server.fields import INTEGER
from kb.server.requests import Body

STATUS = """Report the state of the knowledge base: its contents, jobs under way, failed files.

Use this when a search finds less than expected, or with `job` to see how far add_file has got."""

_MOST_JOBS = 10
_MOST_FILES = 10
"""Most files of a job in an answer, the most telling ones first."""
_MOST_FAILED = 20
_TOKENS = 4000


class Status(Body):
    """Parameters of ``status``."""

    job: Annotated[
        int | None,
        Field(ge=0, le=2**53, description="Number of a job, as add_file gives it."),
        INTEGER,
    ] = None


class FileOfJob(Result):
    """A file of a job."""

    name: str
    stage: str
    reason: str
    id: str | None = Field(default=None, description="Id of its document, once search finds it.")


class Job(Result):
    """A job that adds files, under way or ended."""

    job: int
    collection: str
    state: str
    finished: int
    total: int
    failed: int
    files: list[FileOfJob]
    files_left: int | None = Field(default=None, description="Number of its other files.")
    error: str | None = None


class Failed(Result):
    """A file that could not be read, so that search cannot find it."""

    path: str
    collection: str
    reason: str


class State(Result):
    """Totals of the collections that this agent may use."""

    documents: int
    passages: int
    collections: int
    may_write: bool
    jobs: list[Job]
    jobs_left: int | None = Field(
        default=None, description="Number of other jobs that have not ended."
    )
    failed_files: int
    failed: list[Failed]


def status(desk: Desk, asked: Status) -> Told:
    """Answer a call of ``status``."""
    collections = desk.collections()
    all_jobs = _jobs(desk, asked.job)
    jobs, left = all_jobs[:_MOST_JOBS], max(0, len(all_jobs) - _MOST_JOBS)
    failed = [
        Failed(path=str(file.source), collection=name, reason=file.reason)
        for name in collections
        for file in desk.base.files.failed(collection=name)
    ]
    told = State(
        documents=sum(info.documents for info in collections.values()),
        passages=sum(info.chunks for info in collections.values()),
        collections=len(collections),
        may_write=desk.may_write,
        jobs=[job_values(job) for job in jobs],
        jobs_left=left or None,
        failed_files=len(failed),
        failed=failed[:_MOST_FAILED],
    )
    head = (
        f"{counted(told.documents, 'document')} ({counted(told.passages, 'passage')}) in "
        f"{counted(told.collections, 'collection')}; "
        f"{'may be changed' if told.may_write else 'read only'}."
    )
    budget = Budget(_TOKENS)
    lines = [job_line(job) for job in jobs]
    if left:
        lines.append(
            f"- and {counted(left, 'more job')} not ended yet; status with `job` tells of one"
        )
    if failed:
        lines.append(f"{counted(len(failed), 'file')} could not be read:")
        lines += [f"- {quoted(each.path)}: {quoted(each.reason)}" for each in told.failed]
        if len(failed) > _MOST_FAILED:
            lines.append(f"- and {len(failed) - _MOST_FAILED} more")
    shown = [line for line in lines if budget.take(line)]
    if len(shown) < len(lines):
        shown.append(
            f"- {counted(len(lines) - len(shown), 'line')} had no room; the values have all"
        )
    return Told("\n".join([head, *shown]), told)


def job_line(job: JobInfo) -> str:
    """Return a job as a line, with its most telling files."""
    line = f"- job {job.id} ({job.state}): {job.finished} of {counted(job.total, 'file')} done"
    if job.failed:
        line += f", {job.failed} failed"
    if job.error:
        line += f"; {quoted(job.error)}"
    told = [
        f"  - {quoted(each.name)}: {each.stage} {each.reason}".rstrip()
        + (f", id={each.short_id}" if each.short_id else "")
        for each in job.files[:_MOST_FILES]
    ]
    if left := _files_left(job):
        told.append(f"  - and {counted(left, 'more file')}")
    return "\n".join([line, *told])


def job_values(job: JobInfo) -> Job:
    """Return a job as values."""
    return Job(
        job=job.id,
        collection=job.collection,
        state=job.state,
        finished=job.finished,
        total=job.total,
        failed=job.failed,
        files_left=_files_left(job) or None,
        files=[
            FileOfJob(
                name=each.name, stage=each.stage, reason=each.reason, id=each.short_id or None
            )
            for each in job.files[:_MOST_FILES]
        ],
        error=job.error or None,
    )


def _files_left(job: JobInfo) -> int:
    return max(job.total, len(job.files)) - len(job.files[:_MOST_FILES])


def _jobs(desk: Desk, wanted: int | None) -> list[JobInfo]:
    if wanted is not None:
        found = desk.base.jobs.get(wanted)
        if found is None or not desk.caller.among([found.collection]):
            msg = f"there is no job {wanted}; status without `job` lists those that there are"
            raise JobError(msg)
        return [found]
    found_jobs = [job for job in desk.base.jobs.listed() if not job.ended]
    allowed = set(desk.caller.among({job.collection for job in found_jobs}))
    return [job for job in found_jobs if job.collection in allowed]
