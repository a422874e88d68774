"""``/v1/jobs``: lists and follows ingestion in the background, whoever began it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from kb import wire
from kb.catalog.job_records import JobInfo
from kb.catalog.numbers import MOST_OFFSET
from kb.server.caller import Asking
from kb.server.description import errors
from kb.server.errors import json_response
from kb.server.fields import DIGITS
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.job_records import JobFilesReply, JobId, JobReply, JobsReply, job_of
from kb.server.knowledge.serving import STORE, Serving, listed, page
from kb.server.knowledge.streaming import EVENTS, SILENCE_S, streaming
from kb.server.requests import QueryString, each_once
from kb.server.scopes import needs
from kb.wire.events import KEEP_ALIVE, event_bytes

_LOOK_S = 0.25
"""Seconds between two checks for changes that a follower receives."""


class JobFilesQuery(QueryString):
    """``GET /v1/jobs/{job_id}/files``: selects files."""

    limit: Annotated[int, Field(ge=1, le=10_000), DIGITS] = 1000
    offset: Annotated[int, Field(ge=0, le=MOST_OFFSET), DIGITS] = 0


def routes(serving: Serving) -> APIRouter:
    """Return the routes of jobs."""
    router = APIRouter(route_class=JsonRoute)
    quick = serving.quick

    @router.get(
        "/v1/jobs",
        operation_id="list_jobs",
        response_model=JobsReply,
        responses=errors(HTTPStatus.TOO_MANY_REQUESTS),
    )
    @needs("read", "write", collections="asked")
    async def jobs(caller: Asking) -> Response:
        """List the jobs of ingestion: waiting, under way and ended."""

        def remembered() -> dict[str, Any]:
            found = serving.jobs.listed()
            allowed = set(caller.among({each.collection for each in found}))
            return listed(wire.job_json(each) for each in found if each.collection in allowed)

        return await quick.run(lambda: json_response(remembered()))

    @router.get(
        "/v1/jobs/{job_id}",
        operation_id="get_job",
        response_model=JobReply,
        responses=errors(*STORE),
    )
    @needs("read", "write", collections="asked")
    async def one(job_id: JobId, caller: Asking) -> Response:
        """Report a job's progress, file by file."""
        return await quick.run(
            lambda: json_response(wire.job_json(job_of(serving, caller, job_id)))
        )

    @router.get(
        "/v1/jobs/{job_id}/files",
        operation_id="list_job_files",
        response_model=JobFilesReply,
        responses=errors(*STORE),
    )
    @needs("read", "write", collections="asked")
    async def files(
        job_id: JobId,
        asked: Annotated[JobFilesQuery, Query()],
        request: Request,
        caller: Asking,
    ) -> Response:
        """List the files of a job, each with its outcome."""
        each_once(request)

        def some() -> dict[str, Any]:
            job_of(serving, caller, job_id)
            jobs = serving.base.jobs
            found = jobs.files(job_id, limit=asked.limit, offset=asked.offset)
            total = jobs.file_count(job_id)
            return page(found, wire.job_file_json, offset=asked.offset, total=total)

        return await quick.run(lambda: json_response(some()))

    @router.get(
        "/v1/jobs/{job_id}/events",
        operation_id="follow_job",
        responses={**errors(*STORE), HTTPStatus.OK.value: EVENTS},
        response_class=Response,
    )
    @needs("read", "write", collections="asked")
    async def events(job_id: JobId, caller: Asking) -> Response:
        """Follow a job as server-sent events: `job` at every change, at last `end`.

        The job has then ended, or waits for a password. A stream without `end` was interrupted:
        follow the job again.
        """
        await quick.run(lambda: job_of(serving, caller, job_id))
        return streaming(_followed(serving, job_id), caller)

    return router


async def _followed(serving: Serving, job_id: int) -> AsyncGenerator[bytes]:
    """Emit a job's changes until it ends or waits, or the server ends."""
    clock = asyncio.get_running_loop().time
    seen, told_at = -1, clock()
    while not serving.ending.is_set():
        changes, found = await serving.quick.run(partial(_changed, serving, job_id, seen))
        if changes != seen:
            seen, told_at = changes, clock()
            told = wire.job_json(found) if found is not None else None
            if found is not None:
                yield event_bytes("job", told)
            if found is None or not found.active:
                yield event_bytes("end", told)
                return
        elif clock() - told_at >= SILENCE_S:
            told_at = clock()
            yield KEEP_ALIVE
        await asyncio.sleep(_LOOK_S)


def _changed(serving: Serving, job_id: int, seen: int) -> tuple[int, JobInfo | None]:
    """Return the change count of all jobs, and the job if that count has changed."""
    changes = serving.base.jobs.changes()
    return changes, serving.jobs.get(job_id) if changes != seen else None
