"""``/v1/search``, ``/v1/collections`` and ``/v1/documents``: what ``kb --json`` prints."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from kb import wire
from kb.knowledge_base import KnowledgeBase
from kb.search.request import SearchRequest
from kb.server.caller import Asking, Caller
from kb.server.description import errors
from kb.server.errors import MALFORMED, RefusalError, json_response
from kb.server.json_bodies import JsonRoute
from kb.server.lanes import Lane
from kb.server.replies import CollectionsReply, DocumentsReply, SearchReply
from kb.server.requests import DocumentsRequest, SearchBody
from kb.server.scopes import needs

_STORE = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS)


def routes(base: KnowledgeBase, *, quick: Lane) -> APIRouter:
    """Return the routes over a knowledge base; ``quick`` lends the threads."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/v1/search",
        response_model=SearchReply,
        responses=errors(*_STORE, HTTPStatus.CONFLICT, body=True),
    )
    @needs("read", body="small", collections="asked")
    async def search(body: SearchBody, caller: Asking) -> Response:
        """Find the passages that answer a question best."""
        chosen = caller.chosen(body.collection, default=base.settings.collection)
        request = replace(body.request(), collections=chosen)
        return await quick.run(lambda: json_response(_found(base, request)))

    @router.get(
        "/v1/collections",
        response_model=CollectionsReply,
        responses=errors(HTTPStatus.TOO_MANY_REQUESTS),
    )
    @needs("read", collections="asked")
    async def collections(caller: Asking) -> Response:
        """List the collections."""
        return await quick.run(lambda: json_response(_collections(base, caller)))

    @router.get("/v1/documents", response_model=DocumentsReply, responses=errors(*_STORE))
    @needs("read", collections="asked")
    async def documents(
        asked: Annotated[DocumentsRequest, Query()], request: Request, caller: Asking
    ) -> Response:
        """List a collection's documents, newest first."""
        if len(request.query_params) < len(request.query_params.multi_items()):
            msg = "a query parameter stands twice; send each once"
            raise RefusalError(HTTPStatus.BAD_REQUEST, msg, code=MALFORMED)
        named = [asked.collection] if asked.collection else None
        chosen = caller.chosen(named, default=base.settings.collection)
        collection = chosen[0] if chosen else None
        return await quick.run(lambda: json_response(_page(base, asked, collection)))

    return router


def _found(base: KnowledgeBase, request: SearchRequest) -> dict[str, Any]:
    listed = _listed([wire.hit_json(hit) for hit in base.find(request)])
    meant = base.did_you_mean(request.query, collection=request.collections)
    return listed | {"did_you_mean": meant}


def _collections(base: KnowledgeBase, caller: Caller) -> dict[str, Any]:
    found = {info.name: info for info in base.collections()}
    return _listed([wire.collection_json(found[name]) for name in caller.among(found)])


def _page(base: KnowledgeBase, asked: DocumentsRequest, collection: str | None) -> dict[str, Any]:
    """Return some documents, newest first, and how many there are in all."""
    found = base.documents(collection=collection)
    failed = base.files.failed(collection=collection)
    chosen = found[asked.offset : asked.offset + asked.limit]
    listed = _listed([wire.document_json(info, failed) for info in chosen])
    return listed | {"total": len(found), "has_more": asked.offset + len(chosen) < len(found)}


def _listed(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": items}
