"""``/tools``: an OpenAPI tool server for language models that answer from the documents.

Open WebUI and others read :data:`DESCRIPTION` below the URL in their settings. They make a tool of
each operation: its id is the tool's name, and the model reads its description.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from kb.records import SearchHit
from kb.server.caller import Asking, Caller
from kb.server.description import errors
from kb.server.errors import json_response
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.serving import STORE, Serving
from kb.server.requests import each_once
from kb.server.scopes import needs
from kb.server.tools.shapes import (
    MOST_LISTED,
    Collections,
    DocumentPart,
    Documents,
    ListDocuments,
    Passages,
    ReadDocument,
    Search,
)

ROOT = "/tools"


def routes(serving: Serving) -> APIRouter:
    """Return the routes of tools."""
    router = APIRouter(route_class=JsonRoute)
    quick = serving.quick

    @router.post(
        f"{ROOT}/search",
        operation_id="search_documents",
        response_model=Passages,
        responses=errors(*STORE, HTTPStatus.CONFLICT, body=True),
    )
    @needs("read", body="small", collections="asked")
    async def search(body: Search, caller: Asking) -> Response:
        """Search the user's own documents for passages that answer a question.

        Use this first whenever the user asks about something that may be written in their files,
        notes, manuals or reports, and before you answer from memory. Ask one thing at a time and
        search again in other words if nothing fits. Each passage comes with the name of its
        document and the place in it: cite them in your answer. If no passage answers, say so.
        """
        return await quick.run(lambda: json_response(_found(serving, body, caller)))

    @router.post(
        f"{ROOT}/read",
        operation_id="read_document",
        response_model=DocumentPart,
        responses=errors(*STORE, body=True),
    )
    @needs("read", body="small", collections="asked")
    async def read(body: ReadDocument, caller: Asking) -> Response:
        """Read the text of one document, from its beginning or around a passage.

        Use this when a passage that search_documents found is too short to answer, or when the
        user asks for a summary of a document. Long documents come in parts: `next` says where the
        following part begins, and is null at the end.
        """
        return await quick.run(lambda: json_response(_part(serving, body, caller)))

    @router.get(
        f"{ROOT}/collections",
        operation_id="list_collections",
        response_model=Collections,
        responses=errors(HTTPStatus.TOO_MANY_REQUESTS),
    )
    @needs("read", collections="asked")
    async def collections(caller: Asking) -> Response:
        """List the collections that documents are kept in, with what each is about.

        Use this when the user asks what there is, or names a collection to search in.
        """
        return await quick.run(lambda: json_response(_collections(serving, caller)))

    @router.get(
        f"{ROOT}/documents",
        operation_id="list_documents",
        response_model=Documents,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def documents(
        asked: Annotated[ListDocuments, Query()], request: Request, caller: Asking
    ) -> Response:
        """List the documents of a collection, newest first, 200 at a time.

        Use this when the user asks which documents there are, or which were added lately. To find
        what documents say, use search_documents instead.
        """
        each_once(request)
        return await quick.run(lambda: json_response(_documents(serving, asked, caller)))

    return router


def _found(serving: Serving, body: Search, caller: Caller) -> dict[str, Any]:
    chosen = serving.chosen(caller, body.collection)
    hits = serving.base.search(body.query, collection=chosen, top_k=body.limit, highlights="none")
    return {
        "passages": [_passage(hit) for hit in hits],
        "did_you_mean": serving.base.did_you_mean(body.query, collection=chosen),
    }


def _passage(hit: SearchHit) -> dict[str, Any]:
    return {
        "document": hit.source,
        "document_id": hit.document_id,
        "short_id": hit.short_id,
        "collection": hit.collection,
        "place": hit.place,
        "score": round(hit.score, 2),
        "start": hit.start,
        "text": f"{hit.header}\n{hit.text}" if hit.header else hit.text,
    }


def _part(serving: Serving, body: ReadDocument, caller: Caller) -> dict[str, Any]:
    info = serving.document(caller, body.document_id)
    text = serving.base.document_text(info.id)
    end = body.start + body.length
    return {
        "document": info.name,
        "document_id": info.id,
        "short_id": info.short_id,
        "title": info.title,
        "characters": len(text),
        "start": min(body.start, len(text)),
        "next": end if end < len(text) else None,
        "text": text[body.start : end],
    }


def _collections(serving: Serving, caller: Caller) -> dict[str, Any]:
    found = {info.name: info for info in serving.base.collections()}
    return {
        "collections": [
            {
                "name": name,
                "description": found[name].description,
                "documents": found[name].documents,
            }
            for name in caller.among(found)
        ],
        "usual": serving.one(caller, None) if caller.collections is None else _own(caller),
    }


def _own(caller: Caller) -> str:
    """Return the collection of a key for a single one; empty for a key of several."""
    own = caller.collections or ()
    return own[0] if len(own) == 1 else ""


def _documents(serving: Serving, asked: ListDocuments, caller: Caller) -> dict[str, Any]:
    page = serving.base.document_page(
        collection=serving.one(caller, asked.collection), limit=MOST_LISTED, offset=asked.offset
    )
    return {
        "documents": [
            {
                "document_id": info.id,
                "short_id": info.short_id,
                "document": info.name,
                "title": info.title,
                "characters": info.characters,
                "added": info.added_at.date().isoformat(),
            }
            for info in page.documents
        ],
        "total": page.total,
    }
