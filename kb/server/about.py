"""``/health`` and ``/openapi.json``: what the server says of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.routing import Route

from kb.server.description import errors
from kb.server.errors import json_response
from kb.server.replies import HealthReply
from kb.server.scopes import KEY_SCOPES, needs, needs_nothing


def health() -> APIRouter:
    """Return the route that says that requests are answered."""
    router = APIRouter()

    @router.get("/health", response_model=HealthReply, responses=errors())
    @needs_nothing()
    async def health() -> Response:
        """Say that requests are answered; needs no key."""
        return json_response({"status": "ok"})

    return router


def description(path: str, described: Callable[[], Any]) -> Route:
    """Return the route that describes others: whoever may use any may read it."""

    @needs(*KEY_SCOPES, collections="none")
    async def openapi(_: Request) -> Response:
        return json_response(described())

    return Route(path, openapi)
