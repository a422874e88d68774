"""``/v1/failed`` and ``/v1/runs``: files that could not be read, and runs of ingestion."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from kb import wire
from kb.catalog.numbers import MOST_OFFSET
from kb.catalog.runs import RunStatus
from kb.records import Source
from kb.server.caller import Asking, Caller
from kb.server.description import errors
from kb.server.errors import json_response
from kb.server.fields import DIGITS, VALID, CollectionName
from kb.server.knowledge.records import FailedReply, SourceReply
from kb.server.knowledge.serving import STORE, Serving, listed, page
from kb.server.replies import Reply
from kb.server.requests import QueryString, each_once
from kb.server.scopes import needs

_PathText = Annotated[str, Field(max_length=10_000), VALID]


class FailedFilesReply(Reply):
    """Some files that could not be read, by path, and the total number."""

    object: Literal["list"]
    data: list[FailedReply]
    total: int
    has_more: bool


class DismissedReply(Reply):
    """A file removed from the list; ``deleted`` says whether it was there."""

    object: Literal["failed_file"]
    source: SourceReply
    deleted: bool


class RunReply(Reply):
    """A run of ingestion, as :class:`kb.RunInfo` describes it."""

    id: int
    collection: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    paths: list[str]
    counts: dict[str, int]
    changes: dict[str, list[str]]
    failures: dict[str, str]
    gone: list[str]
    left_out: dict[str, dict[str, str]]
    chunks: int
    embedded: int
    reused: int
    error: str
    refined_s: float | None


class RunsReply(Reply):
    """Runs of ingestion, newest first."""

    object: Literal["list"]
    data: list[RunReply]


class FailedQuery(QueryString):
    """``GET /v1/failed``: selects a collection's files."""

    collection: CollectionName | None = None
    limit: Annotated[int, Field(ge=1, le=10_000), DIGITS] = 1000
    offset: Annotated[int, Field(ge=0, le=MOST_OFFSET), DIGITS] = 0


class DismissingQuery(QueryString):
    """``DELETE /v1/failed``: the file, with its source as in the list."""

    root: _PathText
    path: _PathText
    collection: CollectionName | None = None


class RunsQuery(QueryString):
    """``GET /v1/runs``: the number of runs, and their collection; without one, runs of all."""

    collection: CollectionName | None = None
    limit: Annotated[int, Field(ge=1, le=10_000), DIGITS] = 100


def routes(serving: Serving) -> APIRouter:
    """Return the routes of history."""
    router = APIRouter()

    @router.get(
        "/v1/failed",
        operation_id="list_failed_files",
        response_model=FailedFilesReply,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def failed(
        asked: Annotated[FailedQuery, Query()], request: Request, caller: Asking
    ) -> Response:
        """List the files of a collection that could not be read, with their reasons."""
        each_once(request)
        name = serving.one(caller, asked.collection)
        return await serving.quick.run(lambda: json_response(_failed(serving, asked, name)))

    @router.delete(
        "/v1/failed",
        operation_id="dismiss_failed_file",
        response_model=DismissedReply,
        responses=errors(*STORE),
    )
    @needs("write", collections="asked")
    async def dismiss(
        asked: Annotated[DismissingQuery, Query()], request: Request, caller: Asking
    ) -> Response:
        """Remove a file from the list of those that could not be read; the next ingestion tries it.

        Its older version, if search still finds one, stays.
        """
        each_once(request)
        name = serving.one(caller, asked.collection)
        return await serving.changes.run(lambda: json_response(_dismissed(serving, asked, name)))

    @router.get(
        "/v1/runs",
        operation_id="list_runs",
        response_model=RunsReply,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def runs(
        asked: Annotated[RunsQuery, Query()], request: Request, caller: Asking
    ) -> Response:
        """List the runs of ingestion, newest first, with their changes and failures."""
        each_once(request)
        if asked.collection:
            caller.check(asked.collection)
        return await serving.quick.run(lambda: json_response(_runs(serving, asked, caller)))

    return router


def _failed(serving: Serving, asked: FailedQuery, name: str) -> dict[str, Any]:
    files = serving.base.files
    found = files.failed(collection=name, limit=asked.limit, offset=asked.offset)
    total = files.failed_count(collection=name)
    return page(found, wire.failed_json, offset=asked.offset, total=total)


def _dismissed(serving: Serving, asked: DismissingQuery, name: str) -> dict[str, Any]:
    source = Source(root=asked.root, path=asked.path)
    stood = serving.base.files.dismiss(source, collection=name)
    return {"object": "failed_file", "source": asdict(source), "deleted": stood}


def _runs(serving: Serving, asked: RunsQuery, caller: Caller) -> dict[str, Any]:
    names = None if caller.collections is None else list(caller.collections)
    if asked.collection:
        names = [serving.base.collection(asked.collection).name]
    caller.among(names or [])
    found = serving.base.runs(limit=asked.limit, collections=names)
    return listed(map(wire.run_json, found))
