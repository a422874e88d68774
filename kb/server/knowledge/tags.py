"""``/v1/tags`` and ``/v1/facets``: tags of documents, and the values that filters offer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from kb import wire
from kb.server.caller import Asking, Caller
from kb.server.description import errors
from kb.server.errors import json_response
from kb.server.fields import CollectionName, Integer, Words
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.records import DocumentReply
from kb.server.knowledge.serving import STORE, Serving, listed
from kb.server.replies import Reply
from kb.server.requests import Body, QueryString, each_once
from kb.server.scopes import needs

_MOST_DOCUMENTS = 1000
_MOST_TAGS = 100


class Tagging(Body):
    """``POST /v1/tags``: tags to add to documents, and tags to remove from them."""

    documents: Annotated[list[Integer], Field(min_length=1, max_length=_MOST_DOCUMENTS)]
    add: list[Words] = Field(default=[], max_length=_MOST_TAGS)
    remove: list[Words] = Field(default=[], max_length=_MOST_TAGS)
    collection: CollectionName | None = None


class TaggedReply(Reply):
    """The documents with their tags after the change; empty for a key that may not read."""

    object: Literal["list"]
    data: list[DocumentReply]


class FacetsReply(Reply):
    """Tags and languages of a collection's documents, most frequent first."""

    tags: list[str]
    languages: list[str]


class FacetsQuery(QueryString):
    """``GET /v1/facets``: the collection."""

    collection: CollectionName | None = None


def routes(serving: Serving) -> APIRouter:
    """Return the routes of tags."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/v1/tags",
        operation_id="tag_documents",
        response_model=TaggedReply,
        responses=errors(*STORE, body=True),
    )
    @needs("write", body="small", collections="asked")
    async def tag(body: Tagging, caller: Asking) -> Response:
        """Add tags to documents and remove others: from all of the documents, or from none."""
        if body.collection:
            caller.check(body.collection)
        return await serving.changes.run(lambda: json_response(_tagged(serving, body, caller)))

    @router.get(
        "/v1/facets",
        operation_id="list_facets",
        response_model=FacetsReply,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def facets(
        asked: Annotated[FacetsQuery, Query()], request: Request, caller: Asking
    ) -> Response:
        """List the tags and languages that filters can choose from."""
        each_once(request)
        name = serving.one(caller, asked.collection)
        return await serving.quick.run(
            lambda: json_response(wire.facets_json(serving.base.facets(collection=name)))
        )

    return router


def _tagged(serving: Serving, body: Tagging, caller: Caller) -> dict[str, Any]:
    base = serving.base
    ids = list(dict.fromkeys(body.documents))
    for document_id in ids:
        serving.document(caller, document_id)
    base.tag(ids, add=body.add, remove=body.remove, collection=body.collection)
    if not caller.may_read:
        return listed([])
    infos = [base.document(document_id) for document_id in ids]
    failed = base.files.failed_of(*ids)
    return listed([wire.document_json(info, failed) for info in infos])
