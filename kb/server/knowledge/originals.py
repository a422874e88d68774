"""``/v1/documents/{document_id}/original``: the original file of a document."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from kb.records import DocumentInfo
from kb.server.caller import Asking
from kb.server.description import Errors, errors
from kb.server.errors import RefusalError
from kb.server.knowledge.serving import STORE, DocumentId, Serving
from kb.server.scopes import needs

_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".docm": "application/vnd.ms-word.document.macroEnabled.12",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
}
_OTHER_TYPE = "application/octet-stream"
_FILE: Errors = {
    HTTPStatus.OK: {
        "description": "The file, as it was read.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in sorted({*_TYPES.values(), _OTHER_TYPE})
        },
    }
}


class _WholeFile(FileResponse):
    """A response with the whole file: Starlette refuses wrong ranges in a shape of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, whatever range the request asks for."""
        headers = [each for each in scope["headers"] if each[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


def routes(serving: Serving) -> APIRouter:
    """Return the routes of originals."""
    router = APIRouter()

    @router.get(
        "/v1/documents/{document_id}/original",
        operation_id="get_document_original",
        response_class=FileResponse,
        responses={**errors(*STORE), **_FILE},
    )
    @needs("read", collections="asked")
    async def original(document_id: DocumentId, caller: Asking) -> Response:
        """Return the original file of a document, if it exists unchanged."""

        def found() -> tuple[DocumentInfo, Path | None]:
            info = serving.document(caller, document_id)
            return info, serving.base.original(document_id)

        info, path = await serving.quick.run(found)
        if path is None:
            msg = (
                f"the file of document {document_id}, {info.name!r}, is not there any more or has "
                "changed since it was read; its text is at "
                f"/v1/documents/{document_id}/content"
            )
            raise RefusalError(HTTPStatus.NOT_FOUND, msg, code="original_not_found")
        return _WholeFile(
            path,
            headers={
                # Set here, so that Starlette adds no charset: a text may have any encoding.
                "Content-Type": _TYPES.get(path.suffix.lower(), _OTHER_TYPE),
                "Accept-Ranges": "none",
                # Browsers must never show it as a page of this server.
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(info.name, safe='')}",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox",
            },
        )

    return router
