"""``/v1/documents/{document_id}/original``: the file that a document was read from."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

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
        "content": {_OTHER_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


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
        """Give the file that a document was read from, while it is there and the same."""

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
        return FileResponse(
            path,
            media_type=_TYPES.get(path.suffix.lower(), _OTHER_TYPE),
            headers={
                # Never shown in the browser as a page of this server.
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(info.name, safe='')}",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox",
            },
        )

    return router
