"""``/v1/search``, ``/v1/collections`` and ``/v1/documents``: what ``kb --json`` prints."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from kb.cli import listings, presentation
from kb.knowledge_base import KnowledgeBase
from kb.server.answers import json_response
from kb.server.lanes import Lane
from kb.server.requests import SearchRequest


def routes(base: KnowledgeBase, *, quick: Lane) -> APIRouter:
    """Return the routes over a knowledge base; ``quick`` lends the threads."""
    router = APIRouter()

    @router.post("/v1/search")
    async def search(body: SearchRequest) -> Response:
        return await quick.run(lambda: json_response(_listed(_hits(base, body))))

    @router.get("/v1/collections")
    async def collections() -> Response:
        return await quick.run(
            lambda: json_response(
                _listed([presentation.collection_json(info) for info in base.collections()])
            )
        )

    @router.get("/v1/documents")
    async def documents(
        collection: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    ) -> Response:
        return await quick.run(lambda: json_response(_page(base, collection, limit, offset)))

    return router


def _hits(base: KnowledgeBase, body: SearchRequest) -> list[dict[str, Any]]:
    hits = base.search(
        body.query,
        top_k=body.top_k,
        collection=body.collection or None,
        where=body.filters.search_filter(),
        mode=body.mode,
        context=body.context,
        diversity=body.diversity,
        instruct=body.instruct,
        rerank=body.rerank,
        highlights=body.highlights,
    )
    return [presentation.hit_json(hit) for hit in hits]


def _page(base: KnowledgeBase, collection: str | None, limit: int, offset: int) -> dict[str, Any]:
    """Return some documents, newest first, and how many there are in all."""
    found = base.documents(collection=collection)
    failed = base.files.failed(collection=collection)
    chosen = found[offset : offset + limit]
    listed = _listed([listings.document_json(info, failed) for info in chosen])
    return listed | {"total": len(found), "has_more": offset + len(chosen) < len(found)}


def _listed(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": items}
