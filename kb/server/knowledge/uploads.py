"""``/v1/uploads``: files to ingest as a job, or to replace a document's file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kb import wire
from kb.errors import StoreBusyError, StoreError
from kb.records import DocumentInfo
from kb.server.bodies import require_file
from kb.server.caller import Asking
from kb.server.description import Errors, errors
from kb.server.errors import RefusalError, json_response
from kb.server.knowledge.forms import Begun, Ended, Found, parts_of_form
from kb.server.knowledge.job_records import JobReply
from kb.server.knowledge.left_out import nothing_left
from kb.server.knowledge.sending import FILES, Form, no_room, received, taken_apart
from kb.server.knowledge.serving import STORE, DocumentId, Serving
from kb.server.replies import Reply
from kb.server.scopes import needs
from kb.uploads import UPLOADS_ROOT

if TYPE_CHECKING:
    from ingest.jobs import Batch, Upload

_MOST_NAMED = 10


class LeftOutReply(Reply):
    """A file that is not ingested: its reason as a sentence, and as a stable word."""

    name: str
    reason: str
    reason_code: str


class UploadReply(Reply):
    """A job was queued: ``taken`` are the names under which it stores documents.

    ``renamed`` maps the old to the new names of files that arrived under one name.
    """

    object: Literal["upload"]
    job: JobReply
    taken: list[str]
    renamed: dict[str, str]
    left_out: list[LeftOutReply]


_SAID = {
    HTTPStatus.BAD_REQUEST: "The form is broken, or none of its files can be ingested.",
    HTTPStatus.CONFLICT: "Documents of these names have other contents, and `replace` is false; "
    "or the store is read-only.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The files exceed the size limit.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "No loader reads files of these kinds.",
}
_ACCEPTED: Errors = {
    HTTPStatus.ACCEPTED.value: {
        "model": UploadReply,
        "description": "The job that ingests them is queued; `Location` is its address.",
        "headers": {"Location": {"schema": {"type": "string"}}},
    }
}
_ANSWERS = {**errors(*STORE, HTTPStatus.CONFLICT, body=True, said=_SAID), **_ACCEPTED}
_FORM = {
    "type": "object",
    "required": [FILES],
    "additionalProperties": False,
    "properties": {
        FILES: {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": "Documents, and zips of documents.",
        },
        "collection": {
            "type": "string",
            "description": "Collection for the files; created if necessary.",
        },
        "replace": {
            "type": "boolean",
            "default": True,
            "description": "Whether a file replaces another of its name; otherwise 409.",
        },
        "password": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Passwords to try on protected files; never stored.",
        },
    },
}
_FORM_BODY = {
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}
}
_FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def routes(serving: Serving) -> APIRouter:
    """Return the routes of uploads."""
    router = APIRouter()
    most_file_bytes = serving.base.settings.max_file_mb << 20

    @router.post(
        "/v1/uploads",
        operation_id="upload_files",
        status_code=HTTPStatus.ACCEPTED,
        responses=_ANSWERS,
        openapi_extra=_FORM_BODY,
    )
    @needs("write", body="files", collections="asked")
    async def upload(request: Request, caller: Asking) -> Response:
        """Ingest files in the background: several, or zips of them; answers with the job.

        A file that cannot be read leaves its stored version unchanged.
        """
        parts = parts_of_form(request.headers.get("content-type", ""), request.stream())
        async with _batch(serving) as batch:
            form = await received(parts, batch, most_file_bytes=most_file_bytes)
            name = serving.one(caller, form.collection)
            return await serving.changes.run(
                lambda: _accepted(serving, form, *_queued(serving, form, batch, name))
            )

    @router.put(
        "/v1/documents/{document_id}/original",
        operation_id="replace_document",
        status_code=HTTPStatus.ACCEPTED,
        responses=_ANSWERS,
        openapi_extra=_FILE_BODY,
    )
    @needs("write", body="files", collections="asked")
    async def replace_file(document_id: DocumentId, request: Request, caller: Asking) -> Response:
        """Replace the uploaded file of a document in the background; answers with the job.

        The body is the new file. After reading it, the document has a new id. A file that cannot be
        read leaves the document unchanged.
        """
        require_file(request.headers)
        info = await serving.quick.run(lambda: serving.document(caller, document_id))
        names = _replaceable(info)
        async with _batch(serving) as batch:
            form = await received(
                _one_file(names[0], request), batch, most_file_bytes=most_file_bytes
            )
            return await serving.changes.run(
                lambda: _accepted(serving, form, *_replaced(serving, form, info, names))
            )

    return router


@asynccontextmanager
async def _batch(serving: Serving) -> AsyncIterator[Batch]:
    """Lend room for files; delete those that no job has taken.

    Raises:
        RefusalError: the store is read-only (409), or the disk is full (503).
    """
    base = serving.base
    if base.read_only:
        raise RefusalError(HTTPStatus.CONFLICT, base.read_only, code="read_only")
    try:
        async with serving.arriving:
            batch = await serving.changes.run(serving.jobs.batch)
            try:
                yield batch
            finally:
                batch.discard()
    except StoreBusyError:
        raise
    except StoreError as error:
        raise no_room(error) from error


def _queued(
    serving: Serving, form: Form, batch: Batch, collection: str
) -> tuple[list[Upload], dict[str, str], int]:
    """Queue the files of a form; return them, the changed names, and the job's id.

    Raises:
        RefusalError: no file can be ingested, or one would replace another document (409).
    """
    from ingest.jobs import retry_options  # noqa: PLC0415 - kb stands below ingest

    base, jobs = serving.base, serving.jobs
    uploads, renamed = taken_apart(
        form,
        batch,
        jobs,
        most_file_bytes=base.settings.max_file_mb << 20,
        collection=collection,
    )
    if not uploads:
        raise nothing_left(form.left_out)
    if not form.replaces and (clashes := jobs.would_replace(uploads, collection=collection)):
        told = ", ".join(map(repr, clashes[:_MOST_NAMED]))
        more = f" and {len(clashes) - _MOST_NAMED} more" if len(clashes) > _MOST_NAMED else ""
        msg = (
            f"there are documents called {told}{more} with other contents, and nothing was taken; "
            "send `replace=true` to replace them, or give the files other names"
        )
        raise RefusalError(HTTPStatus.CONFLICT, msg, param="replace", code="document_exists")
    options = retry_options(form.passwords)
    job_id = jobs.add_uploads(uploads, collection=collection, options=options)
    return uploads, renamed, job_id


def _replaceable(info: DocumentInfo) -> list[str]:
    """Return the names of a document's uploads.

    Raises:
        RefusalError: the document came from elsewhere (409).
    """
    names = [source.path for source in info.sources if source.root == UPLOADS_ROOT]
    if not names or len(names) < len(info.sources):
        msg = (
            f"document {info.id}, {info.name!r}, did not come from an upload alone: change its "
            "file where it is and ingest it again, or add the text anew under its name"
        )
        raise RefusalError(HTTPStatus.CONFLICT, msg, code="not_uploaded")
    return names


async def _one_file(name: str, request: Request) -> AsyncIterator[Found]:
    """Yield a body as the only file of a form."""
    yield Begun(field=FILES, file=name.rpartition("/")[2])
    async for part in request.stream():
        yield part
    yield Ended()


def _replaced(
    serving: Serving, form: Form, info: DocumentInfo, names: list[str]
) -> tuple[list[Upload], dict[str, str], int]:
    """Queue a file that replaces a document's upload."""
    from ingest.jobs import retry_options  # noqa: PLC0415 - kb stands below ingest

    if not form.uploads:
        raise nothing_left(form.left_out)
    (upload,) = form.uploads
    uploads = [replace(upload, name=name) for name in names]
    job_id = serving.jobs.add_uploads(uploads, collection=info.collection, options=retry_options())
    return uploads, {}, job_id


def _accepted(
    serving: Serving, form: Form, uploads: list[Upload], renamed: dict[str, str], job_id: int
) -> Response:
    job = serving.jobs.get(job_id)
    if job is None:
        msg = f"job {job_id} was forgotten already; `GET /v1/documents` says what is stored"
        raise RefusalError(HTTPStatus.NOT_FOUND, msg, code="job_not_found")
    told: dict[str, Any] = {
        "object": "upload",
        "job": wire.job_json(job),
        "taken": [upload.name for upload in uploads],
        "renamed": renamed,
        "left_out": [asdict(each) for each in form.left_out],
    }
    response = json_response(told)
    response.status_code = HTTPStatus.ACCEPTED
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return response
