"""Cancels, retries and forgets jobs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from kb import wire
from kb.catalog.job_records import JobInfo
from kb.server.caller import Asking
from kb.server.description import errors
from kb.server.errors import RefusalError, json_response
from kb.server.fields import VALID
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.job_records import JobId, JobReply, job_of
from kb.server.knowledge.serving import STORE, Serving
from kb.server.replies import Reply
from kb.server.requests import Body
from kb.server.scopes import needs

_Password = Annotated[str, Field(min_length=1, max_length=1000), VALID]
_REFUSED = {HTTPStatus.CONFLICT: "The state of the job does not allow this; `message` says why."}


class ForgottenReply(Reply):
    """The job that was forgotten."""

    object: Literal["job"]
    id: int
    deleted: Literal[True]


class CancelBody(Body):
    """``POST /v1/jobs/{job_id}/cancel``: an empty body, or ``{}``."""


class RetryBody(Body):
    """``POST /v1/jobs/{job_id}/retry``: passwords to try on protected files."""

    passwords: list[_Password] = Field(default=[], max_length=100)


_NOTHING = CancelBody()
_NO_PASSWORDS = RetryBody()


def routes(serving: Serving) -> APIRouter:
    """Return the routes that change jobs."""
    router = APIRouter(route_class=JsonRoute)
    changes = serving.changes

    @router.post(
        "/v1/jobs/{job_id}/cancel",
        operation_id="cancel_job",
        response_model=JobReply,
        responses=errors(*STORE, HTTPStatus.CONFLICT, body=True, said=_REFUSED),
    )
    @needs("write", body="small", collections="asked", bodiless=True)
    async def cancel(job_id: JobId, caller: Asking, body: CancelBody = _NOTHING) -> Response:
        """End a job after its present commit, or before it begins; stored documents stay."""
        del body

        def cancelled() -> JobInfo:
            found = job_of(serving, caller, job_id)
            if found.ended:
                msg = f"job {job_id} has ended already ({found.state}); nothing was cancelled"
                raise _refused(msg)
            serving.jobs.cancel(job_id)
            return job_of(serving, caller, job_id)

        return await changes.run(lambda: json_response(wire.job_json(cancelled())))

    @router.post(
        "/v1/jobs/{job_id}/retry",
        operation_id="retry_job",
        response_model=JobReply,
        responses=errors(*STORE, HTTPStatus.CONFLICT, body=True, said=_REFUSED),
    )
    @needs("write", body="small", collections="asked", bodiless=True)
    async def retry(job_id: JobId, caller: Asking, body: RetryBody = _NO_PASSWORDS) -> Response:
        """Retry a job's failed and remaining files; answers with the job that does it.

        A job that waits for a password continues with these, or without its protected files.
        """

        def again() -> JobInfo:
            found = job_of(serving, caller, job_id)
            new = _again(serving, found, tuple(body.passwords))
            return job_of(serving, caller, new)

        return await changes.run(lambda: json_response(wire.job_json(again())))

    @router.delete(
        "/v1/jobs/{job_id}",
        operation_id="forget_job",
        response_model=ForgottenReply,
        responses=errors(*STORE, HTTPStatus.CONFLICT, said=_REFUSED),
    )
    @needs("write", collections="asked")
    async def forget(job_id: JobId, caller: Asking) -> Response:
        """Forget a job that has ended; its stored documents stay."""

        def forgotten() -> dict[str, Any]:
            found = job_of(serving, caller, job_id)
            if not found.ended:
                msg = f"job {job_id} has not ended ({found.state}); cancel it first"
                raise _refused(msg)
            serving.jobs.dismiss(job_id)
            return {"object": "job", "id": job_id, "deleted": True}

        return await changes.run(lambda: json_response(forgotten()))

    return router


def _again(serving: Serving, job: JobInfo, passwords: tuple[str, ...]) -> int:
    """Queue the remaining files of a job; return the new job's id."""
    jobs = serving.jobs
    if job.asks and jobs.answer(job.id, passwords=passwords):
        return job.id
    if not job.ended:
        msg = f"job {job.id} has not ended ({job.state}); there is nothing to try again"
        raise _refused(msg)
    new = jobs.retry(job.id, passwords=passwords)
    if new is None:
        msg = (
            f"nothing of job {job.id} can be tried again: all of it was done, newer uploads "
            "replaced it, or its files are gone"
        )
        raise _refused(msg)
    return new


def _refused(why: str) -> RefusalError:
    return RefusalError(HTTPStatus.CONFLICT, why, code="job_refused")
