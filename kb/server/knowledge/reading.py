"""``/v1/read``: returns a passage, a document or a part of one, by its address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from kb import wire
from kb.reading.reading import MOST_CONTEXT
from kb.server.caller import Asking, Caller
from kb.server.description import errors
from kb.server.errors import json_response
from kb.server.fields import INTEGER, VALID, CollectionNames, Words
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.records import ReadingReply
from kb.server.knowledge.serving import STORE, Serving
from kb.server.requests import Body
from kb.server.scopes import needs

_MOST_CHARACTERS = 10**9
_LONGEST_ADDRESS = 5000  # the longest path that systems allow, and lines after it


class ReadingBody(Body):
    """``POST /v1/read``: the parameters of ``kb get``."""

    address: Annotated[str, Field(max_length=_LONGEST_ADDRESS), VALID]
    pages: Words = ""
    lines: Words = ""
    characters: Words = ""
    context: Annotated[int, Field(ge=0, le=MOST_CONTEXT), INTEGER] = 0
    limit: Annotated[int, Field(ge=1, le=_MOST_CHARACTERS), INTEGER] | None = None
    collection: CollectionNames | None = None


def routes(serving: Serving) -> APIRouter:
    """Return the route of readings."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/v1/read",
        operation_id="read",
        response_model=ReadingReply,
        responses=errors(*STORE, body=True),
    )
    @needs("read", body="small", collections="asked")
    async def read(body: ReadingBody, caller: Asking) -> Response:
        """Read a passage by the id of a hit, or pages, lines or characters of a document."""
        if body.collection is not None:
            caller.check(*body.collection)
        return await serving.quick.run(lambda: json_response(_read(serving, caller, body)))

    return router


def _read(serving: Serving, caller: Caller, body: ReadingBody) -> dict[str, Any]:
    reading = serving.base.read(
        body.address,
        pages=body.pages,
        lines=body.lines,
        characters=body.characters,
        context=body.context,
        limit=body.limit,
        collection=_within(serving, caller, body.collection),
    )
    return wire.reading_json(reading)


def _within(serving: Serving, caller: Caller, asked: Sequence[str] | None) -> Sequence[str] | None:
    """Return the collections to look in: those asked for, else those of the key; None means all."""
    if asked is not None or caller.collections is None:
        return asked
    own = serving.base.settings.collection
    known = caller.among(each.name for each in serving.base.collections())
    return sorted(known, key=lambda name: name != own)
