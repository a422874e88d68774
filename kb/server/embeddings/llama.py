"""``/embedding`` and ``/embeddings``: llama.cpp's interface or OpenAI's, chosen by the field."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ConfigDict, Discriminator, Field
from pydantic import Tag as Choice

from kb.server.description import errors
from kb.server.embeddings import openai
from kb.server.embeddings.asking import WITH_VECTORS, Embeddable, TextsRoute, answered
from kb.server.embeddings.engine import Engine
from kb.server.fields import TextOrTexts
from kb.server.replies import Reply
from kb.server.scopes import needs


class ContentRequest(Embeddable):
    """llama.cpp's fields; unknown fields are ignored, as llama.cpp does.

    ``embd_normalize`` 2 means unit length, which all vectors of this server have.
    """

    model_config = ConfigDict(extra="ignore")

    content: TextOrTexts
    embd_normalize: Literal[2] = 2


class OneVector(Reply):
    """The vector of one text; ``windows`` appears if the text was too long for the model."""

    index: Literal[0]
    embedding: list[float]
    windows: int = Field(default=1, ge=2)


class ListedVector(Reply):
    """The vector of one of several texts, inside a list, as in llama.cpp's answers."""

    index: Annotated[int, Field(ge=0)]
    embedding: Annotated[list[list[float]], Field(min_length=1, max_length=1)]
    windows: int = Field(default=1, ge=2)


def _field(body: Any) -> str:  # noqa: ANN401 - JSON
    """Return which field a body uses."""
    if isinstance(body, Mapping) and "content" in body and "input" not in body:
        return "(content)"
    return "(input)"


EitherRequest = Annotated[
    Annotated[openai.EmbeddingRequest, Choice("(input)")]
    | Annotated[ContentRequest, Choice("(content)")],
    Discriminator(_field),
]


_EITHER: dict[str, Any] = {
    "response_model": openai.EmbeddingReply | OneVector | list[ListedVector],
    "responses": WITH_VECTORS
    | errors(HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, body=True),
}


def routes(engine: Engine) -> APIRouter:
    """Return the routes over one loaded model."""
    router = APIRouter(route_class=TextsRoute)

    @router.post("/embedding", **_EITHER)
    @needs("embed", collections="none")
    async def embed_content(body: EitherRequest) -> Response:
        """Turn texts into vectors of unit length, in llama.cpp's form."""
        return await _embed(engine, body)

    @router.post("/embeddings", **_EITHER)
    @needs("embed", collections="none")
    async def embed_contents(body: EitherRequest) -> Response:
        """Turn texts into vectors of unit length, in llama.cpp's form or in OpenAI's.

        A body with `input` gets OpenAI's answer. With `content`, one text gets an object with
        `embedding`, and a list of texts a list of objects.
        """
        return await _embed(engine, body)

    return router


async def _embed(engine: Engine, body: openai.EmbeddingRequest | ContentRequest) -> Response:
    if isinstance(body, openai.EmbeddingRequest):
        return await openai.embed(engine, body)
    alone = isinstance(body.content, str)
    texts = [body.content] if alone else body.content
    done = await engine.embed(texts, body.wording(engine.card), body.long_inputs)

    def write() -> Any:  # noqa: ANN401 - JSON
        rows = done.vectors.tolist()
        long = [
            {"windows": done.windows[at]} if at in done.windows else {} for at in range(len(rows))
        ]
        if alone:
            return {"index": 0, "embedding": rows[0], **long[0]}
        return [{"index": at, "embedding": [row], **long[at]} for at, row in enumerate(rows)]

    return await answered(engine, done, write)
