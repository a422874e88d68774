"""``/v1/embeddings`` and ``/v1/models``: OpenAI's interface."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from kb.embedding.base import Vectors, unit_rows
from kb.server.description import errors
from kb.server.embeddings.asking import (
    WITH_VECTORS,
    Embeddable,
    LongInput,
    TextsRoute,
    answered,
    check_dimensions,
    check_model,
    long_inputs,
)
from kb.server.embeddings.card import OWNER, Card
from kb.server.embeddings.engine import Embedded, Engine
from kb.server.errors import json_response
from kb.server.fields import INTEGER, LongInputs, Texts, Words
from kb.server.replies import Reply
from kb.server.scopes import KEY_SCOPES, needs


class EmbeddingRequest(Embeddable):
    """``POST /v1/embeddings``: OpenAI's fields, and the kind of the texts.

    The server accepts ``user`` and ignores it, because OpenAI's clients send it.
    """

    input: Texts
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1, le=2**31 - 1), INTEGER] | None = None
    user: Words | None = None


class Usage(Reply):
    """Tokens that the model has read."""

    prompt_tokens: int
    total_tokens: int


class Embedding(Reply):
    """One vector: numbers, or base64 of little-endian float32."""

    object: Literal["embedding"]
    index: Annotated[int, Field(ge=0)]
    embedding: list[float] | str


class EmbeddingReply(Reply):
    """Vectors in the order of the texts.

    ``long_inputs`` appears if texts were too long for the model: each such text gets the mean of
    its windows' vectors.
    """

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: Usage
    long_inputs: list[LongInput] = Field(default=[])


class ModelReply(Reply):
    """The served model.

    ``max_model_len`` counts all tokens of its input, ``max_input_tokens`` those of a document
    alone. ``long_inputs`` is how the server treats texts with more, unless a request says.
    """

    id: str
    object: Literal["model"]
    created: int
    owned_by: Literal["shelfmark"]
    max_model_len: int
    max_input_tokens: int
    dimensions: int
    least_dimensions: int
    takes_instruct: bool
    fingerprint: str
    long_inputs: LongInputs


class ModelsReply(Reply):
    """All served models: one."""

    object: Literal["list"]
    data: list[ModelReply]


def routes(engine: Engine) -> APIRouter:
    """Return the routes over one loaded model."""
    router = APIRouter(route_class=TextsRoute)
    card = model_json(engine.card) | {"long_inputs": engine.long_inputs}

    @router.post(
        "/v1/embeddings",
        response_model=EmbeddingReply,
        responses=WITH_VECTORS
        | errors(HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, body=True),
    )
    @needs("embed", collections="none")
    async def create_embeddings(body: EmbeddingRequest) -> Response:
        """Turn texts into vectors of unit length, in OpenAI's form.

        Texts of similar meaning have vectors near each other.
        """
        return await embed(engine, body)

    @router.get(
        "/v1/models", response_model=ModelsReply, responses=errors(HTTPStatus.TOO_MANY_REQUESTS)
    )
    @needs(*KEY_SCOPES, collections="none")
    async def list_models() -> Response:
        """List the served model."""
        return json_response({"object": "list", "data": [card]})

    @router.get(
        "/v1/models/{model:path}",
        response_model=ModelReply,
        responses=errors(HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS),
    )
    @needs(*KEY_SCOPES, collections="none")
    async def describe_model(model: str) -> Response:
        """Describe the served model by its name."""
        check_model(model, engine.card.name)
        return json_response(card)

    return router


async def embed(engine: Engine, body: EmbeddingRequest) -> Response:
    """Answer a request for vectors in OpenAI's form."""
    wording = body.wording(engine.card)
    check_dimensions(body.dimensions, engine.card)
    done = await engine.embed(body.input, wording, body.long_inputs)
    return await answered(engine, done, lambda: _answer(engine.card, body, done))


def model_json(card: Card) -> dict[str, Any]:
    """Return the server's facts about its model in OpenAI's form."""
    return {
        "id": card.name,
        "object": "model",
        "created": 0,
        "owned_by": OWNER,
        "max_model_len": card.most_read,
        "max_input_tokens": card.most_input,
        "dimensions": card.dim,
        "least_dimensions": card.least_dim,
        "takes_instruct": card.takes_task,
        "fingerprint": card.fingerprint,
    }


def _answer(card: Card, body: EmbeddingRequest, done: Embedded) -> dict[str, Any]:
    vectors = done.vectors
    if body.dimensions is not None:
        vectors = unit_rows(vectors, dim=body.dimensions)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": row}
            for index, row in enumerate(_written(vectors, body.encoding_format))
        ],
        "model": card.name,
        "usage": {"prompt_tokens": done.tokens, "total_tokens": done.tokens},
        **long_inputs(done.windows),
    }


def _written(vectors: Vectors, form: str | None) -> list[Any]:
    """Return vectors as numbers, or in OpenAI's packed form: base64 of little-endian float32."""
    if form != "base64":
        rows: list[Any] = vectors.tolist()
        return rows
    packed = vectors.astype("<f4")
    return [base64.b64encode(row.tobytes()).decode("ascii") for row in packed]
