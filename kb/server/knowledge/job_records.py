"""Shapes of jobs in answers, for ``/openapi.json``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path

from kb.catalog.job_records import JobInfo, JobKind, JobStage, JobState
from kb.errors import JobError
from kb.server.caller import Caller
from kb.server.fields import DIGITS, MOST_INTEGER
from kb.server.knowledge.records import NoticeReply
from kb.server.knowledge.serving import Serving
from kb.server.replies import Reply

JobId = Annotated[int, Path(ge=0, le=MOST_INTEGER), DIGITS]


class JobFileReply(Reply):
    """A file of a job: ``done`` of ``total`` counts pages during reading, and chunks afterwards.

    ``document_id`` and ``short_id`` belong to its document, as long as that exists.
    """

    name: str
    stage: JobStage
    done: int
    total: int
    notices: list[NoticeReply]
    reason: str
    reason_code: str
    replaced: bool
    size: int
    content_hash: str
    document_id: int | None
    short_id: str


class ProgressReply(Reply):
    """Progress of a job, over all its files."""

    total: int
    finished: int
    failed: int
    unread: bool
    chunks_done: int
    chunks_total: int
    chunks_per_s: float
    gone: list[str]
    left_out: dict[str, dict[str, str]]


class JobReply(Reply):
    """A job; ``files`` are those that tell most: first those under way, then failed ones.

    ``asks`` says that the job needs its password again.
    """

    id: int
    kind: JobKind
    state: JobState
    collection: str
    collection_id: str | None
    paths: list[str]
    options: dict[str, Any]
    cancelling: bool
    attempts: int
    progress: ProgressReply
    files: list[JobFileReply]
    error: str
    error_code: str
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    asks: bool
    total: int
    finished: int
    failed: int


class JobsReply(Reply):
    """All remembered jobs, oldest first."""

    object: Literal["list"]
    data: list[JobReply]


class JobFilesReply(Reply):
    """Some files of a job in their order of arrival, and the number of remembered files."""

    object: Literal["list"]
    data: list[JobFileReply]
    total: int
    has_more: bool


def job_of(serving: Serving, caller: Caller, job_id: int) -> JobInfo:
    """Return a job.

    Raises:
        JobError: the job does not exist, or the caller's key does not include its collection.
    """
    found = serving.jobs.get(job_id)
    if found is None or not caller.among([found.collection]):
        msg = f"there is no job {job_id} (any more); GET /v1/jobs lists those that there are"
        raise JobError(msg)
    return found
