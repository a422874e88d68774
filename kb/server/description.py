"""``/openapi.json``: every status with the shape of its answer, and how the key is brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from kb.server.replies import ErrorReply

_ALWAYS = {
    HTTPStatus.BAD_REQUEST: "The request is not as it is described here; `message` says where.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server failed; its log says why.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The server is ending or has too many connections, or "
    "another process holds the store; `Retry-After` says when to come back.",
}
_WITH_BODY = {
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body does not say that it is JSON in UTF-8.",
}
_BUSY = "As much is under way as may be at once; `Retry-After` says when to come back."
_OTHERS = {
    HTTPStatus.NOT_FOUND: "There is no such model, collection or document.",
    HTTPStatus.CONFLICT: "The collection was made with another model.",
    HTTPStatus.TOO_MANY_REQUESTS: _BUSY,
}
_UNAUTHORIZED = "The key of the server is missing, or another was sent."
_FORBIDDEN = "The server is called by a name that is not this machine's own."
_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}

Errors = dict[int | str, dict[str, Any]]


def errors(
    *statuses: HTTPStatus, body: bool = False, said: Mapping[HTTPStatus, str] = MappingProxyType({})
) -> Errors:
    """Return the answers of a route besides success, as FastAPI takes them.

    Args:
        statuses: what this route may answer besides what every route may.
        body: the route takes a body.
        said: what a status means here, where that is not what it means elsewhere.
    """
    told = _ALWAYS | (_WITH_BODY if body else {}) | {each: _OTHERS[each] for each in statuses}
    told |= said
    return {
        status.value: {
            "model": ErrorReply,
            "description": description,
            **({"headers": _RETRY_AFTER} if "Retry-After" in description else {}),
        }
        for status, description in sorted(told.items())
    }


def describe(app: FastAPI, *, key: bool) -> None:
    """Have an application say of itself what its routes do not know: who may ask."""
    app.openapi = _described(app, key=key)  # type: ignore[method-assign] # FastAPI's own way


def _described(app: FastAPI, *, key: bool) -> Callable[[], dict[str, Any]]:
    kept: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not kept:
            kept.update(get_openapi(title=app.title, version=app.version, routes=app.routes))
            _forget_422(kept)
            _tell_who_may_ask(kept, key=key)
        return kept

    return openapi


def _forget_422(description: dict[str, Any]) -> None:
    """Take out what FastAPI says of every route and this server never answers."""
    for methods in description["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        description["components"]["schemas"].pop(name, None)


def _tell_who_may_ask(description: dict[str, Any], *, key: bool) -> None:
    status, said = (
        (HTTPStatus.UNAUTHORIZED, _UNAUTHORIZED) if key else (HTTPStatus.FORBIDDEN, _FORBIDDEN)
    )
    if key:
        bearer = {"type": "http", "scheme": "bearer"}
        description["components"]["securitySchemes"] = {"key": bearer}
    for path, methods in description["paths"].items():
        for operation in methods.values():
            if key and path == "/health":
                continue
            operation["responses"][str(status.value)] = {
                "description": said,
                "content": operation["responses"]["500"]["content"],
            }
            if key:
                operation["security"] = [{"key": []}]
