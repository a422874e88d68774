"""``/v1/embeddings``, ``/v1/models`` and ``/tokenize``: OpenAI's interface, and exact counts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response

from kb.embedding.base import Embedder, Vectors, unit_rows
from kb.errors import InputTooLongError
from kb.server.description import errors
from kb.server.errors import RefusalError, json_response
from kb.server.json_bodies import JsonRoute
from kb.server.lanes import Lane
from kb.server.replies import EmbeddingReply, ModelReply, ModelsReply, TokenizeReply
from kb.server.requests import EmbeddingRequest, TokenizeRequest
from kb.server.scopes import KEY_SCOPES, needs
from kb.stopping import checkpoint

OWNER = "shelfmark"
"""By this name in ``owned_by`` the embedding client knows a server of this project."""

_TEXTS_AT_ONCE = 64


def routes(embedder: Embedder, *, bulk: Lane, quick: Lane) -> APIRouter:
    """Return the routes over one loaded model.

    Args:
        embedder: the model.
        bulk: threads for documents.
        quick: threads for queries and counts, which do not wait behind documents.
    """
    router = APIRouter(route_class=JsonRoute)
    card = model_card(embedder)
    name = embedder.identity.model_id

    @router.post(
        "/v1/embeddings",
        response_model=EmbeddingReply,
        responses=errors(HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, body=True),
    )
    @needs("embed", collections="none")
    async def embeddings(body: EmbeddingRequest) -> Response:
        """Turn texts into vectors of unit length, as OpenAI's clients ask for them."""
        lane = quick if body.input_type == "query" else bulk
        return await lane.run(lambda: json_response(embed(embedder, body, card["max_model_len"])))

    @router.post(
        "/tokenize",
        response_model=TokenizeReply,
        responses=errors(HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, body=True),
    )
    @needs("embed", collections="none")
    async def tokenize(body: TokenizeRequest) -> Response:
        """Count the tokens of texts."""
        return await quick.run(lambda: json_response(count(embedder, body)))

    @router.get(
        "/v1/models", response_model=ModelsReply, responses=errors(HTTPStatus.TOO_MANY_REQUESTS)
    )
    @needs(*KEY_SCOPES, collections="none")
    async def models() -> Response:
        """List the model that is served."""
        return json_response({"object": "list", "data": [card]})

    @router.get(
        "/v1/models/{model:path}",
        response_model=ModelReply,
        responses=errors(HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS),
    )
    @needs(*KEY_SCOPES, collections="none")
    async def model(model: str) -> Response:
        """Describe the model that is served, asked for by its name."""
        _check_model(model, name)
        return json_response(card)

    return router


def model_card(embedder: Embedder) -> dict[str, Any]:
    """Return what the server says of its model.

    ``max_model_len`` counts everything the model reads, ``max_input_tokens`` a document alone.
    """
    identity, abilities = embedder.identity, embedder.abilities
    around = embedder.count_read([""])[0]
    return {
        "id": identity.model_id,
        "object": "model",
        "created": 0,
        "owned_by": OWNER,
        "max_model_len": embedder.max_tokens + around,
        "max_input_tokens": embedder.max_tokens,
        "dimensions": identity.dim,
        "least_dimensions": abilities.least_dim,
        "takes_instruct": abilities.takes_task,
        "fingerprint": identity.fingerprint,
    }


def embed(embedder: Embedder, body: EmbeddingRequest, most: int) -> dict[str, Any]:
    """Return the answer to a request for vectors; ``most`` is the tokens that the model reads.

    Raises:
        InputTooLongError: names the first text that is too long, and its tokens.
        RefusalError: another model is asked for, a width that vectors may not be cut to, or an
            instruction where none belongs.
    """
    query = body.input_type == "query"
    model = embedder.identity.model_id
    _check_inputs(embedder, body)
    _check_dimensions(embedder, body.dimensions)
    counts = _counted(
        body.input, lambda texts: embedder.count_read(texts, query=query, task=body.instruct)
    )
    for index, tokens in enumerate(counts):
        if tokens > most:
            msg = (
                f"input {index} of {len(counts)} has {tokens} tokens with its prompt, more than "
                f"the context length of {model}, {most}; split it (nothing was cut off)"
            )
            raise InputTooLongError(msg)
    vectors = _vectors(embedder, body, query=query)
    if body.dimensions is not None:
        vectors = unit_rows(vectors, dim=body.dimensions)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": row}
            for index, row in enumerate(_written(vectors, body.encoding_format))
        ],
        "model": model,
        "usage": {"prompt_tokens": sum(counts), "total_tokens": sum(counts)},
    }


def count(embedder: Embedder, body: TokenizeRequest) -> dict[str, Any]:
    """Return the tokens of each text: alone, or with all that the model reads of it."""
    _check_inputs(embedder, body)
    if body.special:
        query = body.input_type == "query"
        counts = _counted(
            body.input, lambda texts: embedder.count_read(texts, query=query, task=body.instruct)
        )
    else:
        counts = _counted(body.input, embedder.count_tokens)
    return {"model": embedder.identity.model_id, "count": sum(counts), "counts": counts}


def _vectors(embedder: Embedder, body: EmbeddingRequest, *, query: bool) -> Vectors:
    if not query:
        return embedder.embed_documents(body.input)
    check = checkpoint()
    vectors = []
    for text in body.input:
        check()
        vectors.append(embedder.embed_query(text, task=body.instruct))
    return np.stack(vectors)


def _counted(texts: Sequence[str], count: Callable[[Sequence[str]], list[int]]) -> list[int]:
    """Count tokens, some texts at a time: a client that has gone is not counted for."""
    check = checkpoint()
    counts: list[int] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        check()
        counts += count(texts[start : start + _TEXTS_AT_ONCE])
    return counts


def _written(vectors: Vectors, form: str) -> list[Any]:
    """Return vectors as numbers, or as OpenAI packs them: base64 of little-endian float32."""
    if form == "float":
        rows: list[Any] = vectors.tolist()
        return rows
    packed = vectors.astype("<f4")
    return [base64.b64encode(row.tobytes()).decode("ascii") for row in packed]


def _check_inputs(embedder: Embedder, body: EmbeddingRequest | TokenizeRequest) -> None:
    served = embedder.identity.model_id
    if body.model is not None:
        _check_model(body.model, served)
    if not body.instruct:
        return
    if body.input_type != "query":
        msg = 'an instruction belongs to queries; send input_type "query", or leave it out'
    elif not embedder.abilities.takes_task:
        msg = f"{served} takes no instruction; leave it out"
    else:
        return
    raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="instruct")


def _check_model(wanted: str, served: str) -> None:
    if wanted != served:
        msg = f"the model {wanted[:200]!r} is not served here; the only one is {served!r}"
        raise RefusalError(HTTPStatus.NOT_FOUND, msg, param="model", code="model_not_found")


def _check_dimensions(embedder: Embedder, wanted: int | None) -> None:
    dim, least = embedder.dim, embedder.abilities.least_dim
    if wanted is None or least <= wanted <= dim:
        return
    allowed = f"only {dim}" if least == dim else f"{least} to {dim}"
    msg = f"dimensions={wanted}, but {embedder.identity.model_id} gives {allowed}"
    raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param="dimensions")
