"""``/tokenize``: counts the tokens of texts with the served model."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import Response

from kb.server.description import errors
from kb.server.embeddings.asking import Asked, TextsRoute
from kb.server.embeddings.engine import Engine
from kb.server.errors import json_response
from kb.server.fields import Texts
from kb.server.replies import Reply
from kb.server.scopes import needs


class TokenizeRequest(Asked):
    """``POST /tokenize``: with ``special``, prompt and special tokens count, too."""

    input: Texts
    special: bool = False


class TokenizeReply(Reply):
    """Tokens of each text, and of all together.

    The server counts a text of more than 262,144 characters in pieces of that size. Each piece may
    count a token too many.
    """

    model: str
    count: int
    counts: list[int]


def routes(engine: Engine) -> APIRouter:
    """Return the route over one loaded model."""
    router = APIRouter(route_class=TextsRoute)

    @router.post(
        "/tokenize",
        response_model=TokenizeReply,
        responses=errors(HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, body=True),
    )
    @needs("embed", collections="none")
    async def count_tokens(body: TokenizeRequest) -> Response:
        """Count the tokens of texts."""
        wording = body.wording(engine.card)
        counts = await engine.counts(body.input, wording if body.special else None)
        return json_response({"model": engine.card.name, "count": sum(counts), "counts": counts})

    return router
