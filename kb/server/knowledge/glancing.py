"""``/v1/overview`` and ``/v1/highlights``: for programs that display collections and hits."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from kb import wire
from kb.records import MediaType
from kb.search.query import MOST_CHARACTERS
from kb.server.caller import Asking
from kb.server.description import errors
from kb.server.errors import MALFORMED, RefusalError, json_response
from kb.server.fields import VALID, CollectionName, Instruction
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.records import HitReply
from kb.server.knowledge.serving import STORE, Serving, listed
from kb.server.replies import Reply
from kb.server.requests import Body, QueryString, each_once
from kb.server.scopes import needs

_MOST_HITS = 100


class MapPointReply(Reply):
    """A document on the map; ``x`` and ``y`` are in [-1, 1], and similar documents are near."""

    document_id: int
    name: str
    media_type: MediaType
    x: float
    y: float


class OverviewReply(Reply):
    """A summary of a collection, as :class:`kb.Overview` describes it."""

    types: dict[str, int]
    chunk_lengths: dict[str, int]
    added: dict[str, int]
    points: list[MapPointReply]


class OverviewQuery(QueryString):
    """``GET /v1/overview``: the collection."""

    collection: CollectionName | None = None


class HighlightBody(Body):
    """``POST /v1/highlights``: hits of a search to highlight."""

    query: Annotated[str, Field(max_length=MOST_CHARACTERS), VALID]
    hits: Annotated[list[HitReply], Field(max_length=_MOST_HITS)]
    instruct: Instruction = ""


class HighlightedReply(Reply):
    """The same hits with highlights."""

    object: Literal["list"]
    data: list[HitReply]


def routes(serving: Serving) -> APIRouter:
    """Return the routes."""
    router = APIRouter(route_class=JsonRoute)

    @router.get(
        "/v1/overview",
        operation_id="get_overview",
        response_model=OverviewReply,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def overview(
        asked: Annotated[OverviewQuery, Query()], request: Request, caller: Asking
    ) -> Response:
        """Count a collection's documents by kind, length and day, with a map of them."""
        each_once(request)
        name = serving.one(caller, asked.collection)
        return await serving.quick.run(
            lambda: json_response(wire.overview_json(serving.base.overview(collection=name)))
        )

    @router.post(
        "/v1/highlights",
        operation_id="highlight_hits",
        response_model=HighlightedReply,
        responses=errors(*STORE, HTTPStatus.CONFLICT, body=True),
    )
    @needs("read", body="json", collections="asked")
    async def highlight(body: HighlightBody, caller: Asking) -> Response:
        """Highlight in the hits of a search the sentences that answer.

        A program can search without highlights, show the hits at once, and then add the highlights.
        """
        caller.check(*dict.fromkeys(hit.collection for hit in body.hits))
        return await serving.quick.run(lambda: json_response(_marked(serving, body)))

    return router


def _marked(serving: Serving, body: HighlightBody) -> dict[str, Any]:
    hits = [wire.hit_from_json(hit.model_dump()) for hit in body.hits]
    for number, hit in enumerate(hits):
        spans = [*hit.highlights, *hit.words, *([hit.sentence] if hit.sentence else [])]
        if any(not 0 <= start <= end <= len(hit.text) for start, end in spans):
            msg = f"hits.{number} marks what lies outside of its text; send it as it was given"
            raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="hits", code=MALFORMED)
    marked = serving.base.highlight(body.query, hits, instruct=body.instruct)
    return listed(map(wire.hit_json, marked))
