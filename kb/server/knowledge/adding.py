"""``POST /v1/documents``: stores a text, or a document that a program has read, under a name."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from kb import wire
from kb.records import Document
from kb.server.caller import Asking
from kb.server.description import errors
from kb.server.errors import MALFORMED, RefusalError, json_response
from kb.server.fields import CollectionName, MetadataItem, Text, Words
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.documents import ContentReply
from kb.server.knowledge.serving import STORE, Serving
from kb.server.replies import Reply
from kb.server.requests import Body
from kb.server.scopes import needs

_MOST_METADATA = 100


class AddedReply(Reply):
    """The result of adding a document: ``embedded`` chunks are new, ``reused`` ones existed."""

    document_id: int
    outcome: Literal["added", "changed", "unchanged"]
    chunks: int
    embedded: int
    reused: int
    tokens: int
    short_id: str


class NewDocument(Body):
    """``POST /v1/documents``: ``text`` or ``document``, not both; files go to ``/v1/uploads``."""

    text: Text | None = None
    document: ContentReply | None = None
    name: Words = ""
    collection: CollectionName | None = None
    metadata: dict[Words, MetadataItem] = Field(default={}, max_length=_MOST_METADATA)

    def content(self) -> Document | str:
        """Return the content to add.

        Raises:
            RefusalError: the body has both or neither (400), or the document is invalid.
        """
        if (self.text is None) == (self.document is None):
            msg = "send either `text` or `document`"
            raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="text", code=MALFORMED)
        if self.document is None:
            return self.text or ""
        return _checked(wire.content_from_json(self.document.model_dump()))


def routes(serving: Serving) -> APIRouter:
    """Return the route that adds single documents."""
    router = APIRouter(route_class=JsonRoute)

    @router.post(
        "/v1/documents",
        operation_id="add_document",
        response_model=AddedReply,
        responses=errors(*STORE, HTTPStatus.CONFLICT, body=True),
    )
    @needs("write", body="json", collections="asked")
    async def add(body: NewDocument, caller: Asking) -> Response:
        """Store a text under a name, so that searches find it; the same name again replaces it.

        Use it to remember a note, or a page whose text you have. Without a name the name is the
        text's hash. The answer says whether the document was added, changed, or already there.
        """
        collection = serving.one(caller, body.collection)

        def added() -> dict[str, Any]:
            result = serving.base.add(
                body.content(),
                name=body.name,
                collection=collection,
                metadata=body.metadata,
            )
            return wire.added_json(result)

        return await serving.changes.run(lambda: json_response(added()))

    return router


def _checked(document: Document) -> Document:
    """Check a client's document as strictly as one from a worker process."""
    from ingest.loaders import LoadedFile  # noqa: PLC0415 - `kb` works without `ingest`
    from ingest.reading.wire import pack_file, unpack_file  # noqa: PLC0415 - as above

    claimed = LoadedFile(document=document, content_hash="0" * 64, size=0, mtime_ns=0)
    try:
        return unpack_file(json.loads(json.dumps(pack_file(claimed)))).document
    except ValueError as error:
        msg = f"the document does not make sense: {error}"
        raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="document", code=MALFORMED) from error
