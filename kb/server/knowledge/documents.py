"""``/v1/documents``: lists documents page by page, returns one's text and chunks, deletes one."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from kb import wire
from kb.catalog.numbers import MOST_OFFSET
from kb.records import Chunk, MediaType, MetadataValue, PageSource, SectionKind
from kb.records.short_ids import passage_id
from kb.server.caller import Asking
from kb.server.description import errors
from kb.server.errors import json_response
from kb.server.fields import DIGITS, CollectionName, PageCursor
from kb.server.knowledge.filters import LISTS, ListedFilters
from kb.server.knowledge.records import DeletedReply, DocumentReply, NoticeReply
from kb.server.knowledge.serving import STORE, DocumentId, Serving, listed, page
from kb.server.replies import Reply
from kb.server.requests import QueryString, each_once
from kb.server.scopes import needs

_Box = Annotated[list[float], Field(min_length=4, max_length=4)]


class DocumentsReply(Reply):
    """Some documents of a collection, and the number of all that meet the conditions.

    Send ``next`` as ``after`` for the following ones; it is empty at the end.
    """

    object: Literal["list"]
    data: list[DocumentReply]
    total: int
    has_more: bool
    next: str


class SectionReply(Reply):
    """A stretch of a document under one heading."""

    start: int
    end: int
    heading_path: list[str]
    kind: SectionKind
    header_rows: int


class TextBoxReply(Reply):
    """A line that OCR read from a picture, and its position on the page."""

    start: int
    end: int
    box: _Box


class PageReply(Reply):
    """A page of a document."""

    number: int
    start: int
    end: int
    label: str
    read_by: PageSource
    confidence: float | None
    boxes: list[TextBoxReply]


class ContentReply(Reply):
    """A whole document as the loader read it; spans count code points of ``text``."""

    text: str
    media_type: MediaType
    title: str
    sections: list[SectionReply]
    pages: list[PageReply]
    metadata: dict[str, MetadataValue]
    notices: list[NoticeReply]


class ChunkReply(Reply):
    """A passage of a document."""

    ordinal: int
    text: str
    start: int
    end: int
    heading_path: list[str]
    kind: SectionKind
    page_first: int | None
    page_last: int | None
    tokens: int
    header: str
    short_id: str


class ChunksReply(Reply):
    """Some chunks of a document in reading order, and the total number."""

    object: Literal["list"]
    data: list[ChunkReply]
    total: int
    has_more: bool


class DocumentsQuery(ListedFilters):
    """``GET /v1/documents``: selects a collection's documents, newest first."""

    collection: CollectionName | None = None
    limit: Annotated[int, Field(ge=1, le=10_000), DIGITS] = 1000
    offset: Annotated[int, Field(ge=0, le=MOST_OFFSET), DIGITS] = 0
    after: PageCursor = ""


class ChunksQuery(QueryString):
    """``GET /v1/documents/{document_id}/chunks``: selects chunks."""

    limit: Annotated[int, Field(ge=1, le=10_000), DIGITS] = 1000
    offset: Annotated[int, Field(ge=0, le=MOST_OFFSET), DIGITS] = 0


class DeletingQuery(QueryString):
    """``DELETE /v1/documents/{document_id}``: the collection that must contain the document."""

    collection: CollectionName | None = None


def routes(serving: Serving) -> APIRouter:
    """Return the routes of documents."""
    router = APIRouter()
    base, quick, changes = serving.base, serving.quick, serving.changes

    @router.get(
        "/v1/documents",
        operation_id="list_documents",
        response_model=DocumentsReply,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def documents(
        asked: Annotated[DocumentsQuery, Query()], request: Request, caller: Asking
    ) -> Response:
        """List a collection's documents, newest first: all, or those that meet the conditions."""
        each_once(request, but=LISTS)
        collection = serving.one(caller, asked.collection)
        return await quick.run(lambda: json_response(_page(serving, asked, collection)))

    @router.get(
        "/v1/documents/{document_id}",
        operation_id="get_document",
        response_model=DocumentReply,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def document(document_id: DocumentId, caller: Asking) -> Response:
        """Describe a document: its files, size, tags, metadata and unread parts."""

        def described() -> dict[str, Any]:
            info = serving.document(caller, document_id)
            return wire.document_json(info, base.files.failed_of(document_id))

        return await quick.run(lambda: json_response(described()))

    @router.get(
        "/v1/documents/{document_id}/content",
        operation_id="get_document_content",
        response_model=ContentReply,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def content(document_id: DocumentId, caller: Asking) -> Response:
        """Return a document's text, with its sections and pages."""

        def whole() -> dict[str, Any]:
            serving.document(caller, document_id)
            return wire.content_json(base.document_content(document_id))

        return await quick.run(lambda: json_response(whole()))

    @router.get(
        "/v1/documents/{document_id}/chunks",
        operation_id="list_document_chunks",
        response_model=ChunksReply,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def chunks(
        document_id: DocumentId,
        asked: Annotated[ChunksQuery, Query()],
        request: Request,
        caller: Asking,
    ) -> Response:
        """Return a document's chunks in reading order."""
        each_once(request)

        def some() -> dict[str, Any]:
            info = serving.document(caller, document_id)
            found = base.chunks(document_id, limit=asked.limit, offset=asked.offset)
            told = partial(_chunk, info.short_id)
            return page(found, told, offset=asked.offset, total=info.chunks)

        return await quick.run(lambda: json_response(some()))

    @router.delete(
        "/v1/documents/{document_id}",
        operation_id="delete_document",
        response_model=DeletedReply,
        responses=errors(*STORE),
    )
    @needs("write", collections="asked")
    async def delete(
        document_id: DocumentId,
        asked: Annotated[DeletingQuery, Query()],
        request: Request,
        caller: Asking,
    ) -> Response:
        """Remove a document and all its files from its collection."""
        each_once(request)

        def deleted() -> dict[str, Any]:
            info = serving.document(caller, document_id)
            base.remove(document_id, collection=asked.collection or info.collection)
            return {"object": "document", "id": str(document_id), "deleted": True}

        return await changes.run(lambda: json_response(deleted()))

    return router


def _chunk(document: str, chunk: Chunk) -> dict[str, Any]:
    return {**wire.chunk_json(chunk), "short_id": passage_id(document, chunk.start)}


def _page(serving: Serving, asked: DocumentsQuery, collection: str) -> dict[str, Any]:
    base = serving.base
    page = base.document_page(
        collection=collection,
        limit=asked.limit,
        offset=asked.offset,
        after=asked.after,
        where=asked.search_filter(),
    )
    failed = base.files.failed_of(*(info.id for info in page.documents))
    return listed(
        [wire.document_json(info, failed) for info in page.documents],
        total=page.total,
        has_more=bool(page.next),
        next=page.next,
    )
