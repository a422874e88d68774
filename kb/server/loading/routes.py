"""``PUT /process``: takes a file's bytes and returns its text, for Open WebUI's document loader."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from kb.knowledge_base import KnowledgeBase
from kb.server.bodies import require_file
from kb.server.description import errors
from kb.server.errors import RefusalError, json_response
from kb.server.loading.arriving import Arrivals
from kb.server.loading.naming import SentFile
from kb.server.loading.reader import FileReader
from kb.server.loading.refusals import refusal
from kb.server.loading.replies import LoadedPart
from kb.server.scopes import needs

if TYPE_CHECKING:
    from kb.records import Document, Page

PATHS = ("/process", "/v1/process")
"""Open WebUI adds ``/process`` to the URL in its settings."""

_NAME = "The file's name, percent-encoded UTF-8; its extension says how to read it."
_TYPE = "Type of the file, used if the extension of its name says nothing."
_SAID = {
    HTTPStatus.BAD_REQUEST: "The file cannot be read; `code` and `message` say why.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The file exceeds the size limit.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "No loader reads files of this kind.",
}
_BODY = {"requestBody": {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}


def routes(base: KnowledgeBase, *, reader: FileReader) -> APIRouter:
    """Return the routes.

    Args:
        base: the knowledge base whose settings limit the files; nothing in it changes.
        reader: reads the files.
    """
    router = APIRouter()
    arrivals = Arrivals(
        None if base.read_only else base.settings.spool_dir,
        most_file_bytes=base.settings.max_file_mb * 2**20,
    )

    @router.put(PATHS[1], include_in_schema=False)
    @router.put(
        PATHS[0],
        operation_id="read_file",
        response_model=list[LoadedPart],
        responses=errors(HTTPStatus.TOO_MANY_REQUESTS, body=True, said=_SAID),
        openapi_extra=_BODY,
    )
    @needs("embed", body="files", collections="none")
    async def process(
        request: Request,
        filename: Annotated[str, Header(alias="X-Filename", description=_NAME)] = "",
        content_type: Annotated[str, Header(description=_TYPE)] = "",
    ) -> Response:
        """Return the text of a file, one part per page if it has pages; stores nothing.

        It reads PDF (scans by OCR), DOCX, Markdown, and text in any common encoding.
        """
        require_file(request.headers)
        sent = SentFile.of(filename, content_type)
        with arrivals.room() as arriving:
            arrivals.check_length(sent, _declared_length(request))
            path = await arriving.receive(sent, request.stream())
            document = await _read(reader, sent, path)
            return await run_in_threadpool(lambda: json_response(parts(document)))

    return router


async def _read(reader: FileReader, sent: SentFile, path: Path) -> Document:
    from ingest.errors import LoadError, WorkerStartError  # noqa: PLC0415 - see reader.py

    try:
        return (await reader.read(path)).document
    except LoadError as error:
        raise refusal(error, name=sent.shown, stored_as=path.name) from error
    except WorkerStartError as error:
        status = HTTPStatus.SERVICE_UNAVAILABLE
        raise RefusalError(status, str(error), code="no_worker") from error


def parts(document: Document) -> list[dict[str, Any]]:
    """Return a document in Open WebUI's form: a part for each page with text, or a single part.

    The first part has the remarks on the document.
    """
    told: dict[str, Any] = dict(document.metadata)
    if document.title:
        told["title"] = document.title
    found = [
        _part(document.text[page.start : page.end], told | _of_page(page))
        for page in document.pages
        if document.text[page.start : page.end].strip()
    ] or [_part(document.text, told)]
    if document.notices:
        found[0]["metadata"]["notices"] = [notice.message for notice in document.notices]
    return found


def _part(text: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {"page_content": text, "metadata": metadata}


def _of_page(page: Page) -> dict[str, Any]:
    told: dict[str, Any] = {"page": page.number - 1, "read_by": page.read_by}
    if page.label:
        told["page_label"] = page.label
    return told


def _declared_length(request: Request) -> int:
    told = request.headers.get("content-length", "")
    return int(told[:20]) if told.isascii() and told.isdigit() else 0
