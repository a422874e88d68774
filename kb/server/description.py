"""``/openapi.json``: every status with the shape of its answer, and how to send the key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from kb.server.caller import Caller
from kb.server.replies import ErrorReply, Reply
from kb.server.scopes import declared

_TOO_MUCH_HEADER = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

_ALWAYS = {
    HTTPStatus.BAD_REQUEST: "The request differs from this description; `message` says where.",
    _TOO_MUCH_HEADER: "The headers and the address together are too long.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server failed; its log says why.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The server is ending or has too many connections, or another "
    "process holds the store; `Retry-After` says when to try again.",
}
_WITH_BODY = {
    HTTPStatus.REQUEST_TIMEOUT: "The request did not arrive in time.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not declared as JSON in UTF-8.",
}
_BUSY = "Too much is under way; `Retry-After` says when to try again."
_OTHERS = {
    HTTPStatus.NOT_FOUND: "There is no such model, collection or document.",
    HTTPStatus.CONFLICT: "The collection was made with another model, or the name is taken.",
    HTTPStatus.TOO_MANY_REQUESTS: _BUSY,
}
_UNAUTHORIZED = "A key is needed and missing, or the one sent is unknown, expired or revoked."
_FORBIDDEN = (
    "The key does not allow this. Without a key: a web page of another site sent the request, or "
    "it calls the server by a name that is not this machine's own."
)
_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}

_ABOUT = (
    "A local knowledge base: embeddings, search, documents and their ingestion. Language models "
    "find a few tools made for them in /tools/openapi.json."
)
_ABOUT_TOOLS = "Search and read the user's own documents."

Errors = dict[int | str, dict[str, Any]]


def errors(
    *statuses: HTTPStatus,
    body: bool = False,
    said: Mapping[HTTPStatus, str] = MappingProxyType({}),
    model: type[Reply] = ErrorReply,
) -> Errors:
    """Return the error answers of a route in FastAPI's form.

    Args:
        statuses: this route's statuses besides those of every route.
        body: the route takes a body.
        said: what a status means here, if it differs from its usual meaning.
        model: the shape of these answers.
    """
    told = _ALWAYS | (_WITH_BODY if body else {}) | {each: _OTHERS[each] for each in statuses}
    told |= said
    return {
        status.value: {
            # The code that reads headers does not know the dialect.
            "model": ErrorReply if status is _TOO_MUCH_HEADER else model,
            "description": description,
            **({"headers": _RETRY_AFTER} if "Retry-After" in description else {}),
        }
        for status, description in sorted(told.items())
    }


Described = Callable[[Caller], dict[str, Any]]
"""Returns a description of the routes that a caller may use."""


def describe(
    app: FastAPI, *, needs_keys: Callable[[], bool], apart: str
) -> tuple[Described, Described]:
    """Return functions that describe to each caller the routes that its key permits.

    So a program that makes a tool of every route gets no tool that its key does not permit.

    Args:
        app: the application.
        needs_keys: returns whether every caller needs a key now.
        apart: the path below which routes have a description of their own.

    Returns:
        The description of all other routes; and that of the routes below ``apart``, with paths
            relative to it.
    """
    for route in app.routes:
        if isinstance(route, APIRoute) and not route.operation_id:
            route.unique_id = route.name  # the tool's name for a language model
    below = [each for each in app.routes if getattr(each, "path", "").startswith(f"{apart}/")]
    others = [each for each in app.routes if each not in below]
    return _kept(app, others, needs_keys), _kept(app, below, needs_keys, root=apart)


def _kept(
    app: FastAPI, routes: list[BaseRoute], needs_keys: Callable[[], bool], *, root: str = ""
) -> Described:
    """Return the description of some routes, made once for each kind of caller."""
    kept: dict[object, dict[str, Any]] = {}

    def openapi(caller: Caller) -> dict[str, Any]:
        needed = needs_keys()
        kind = (needed, caller.scopes, caller.collections is None)
        if kind not in kept:
            made = get_openapi(
                title=app.title,
                version=app.version,
                description=_ABOUT_TOOLS if root else _ABOUT,
                routes=[route for route in routes if _may(caller, route)],
            )
            # A key for none of these routes sees none of them.
            made.setdefault("components", {}).setdefault("schemas", {})
            _forget_422(made)
            _tell_who_may_ask(made, _open_paths(app), needed=needed)
            made["paths"] = {path.removeprefix(root): told for path, told in made["paths"].items()}
            kept[kind] = made
        return kept[kind]

    return openapi


def _may(caller: Caller, route: BaseRoute) -> bool:
    needs = declared(route)
    return needs is not None and caller.may(needs)


def _open_paths(app: FastAPI) -> set[str]:
    found = {getattr(route, "path", ""): declared(route) for route in app.routes}
    return {path for path, needs in found.items() if needs is not None and needs.is_open}


def _forget_422(description: dict[str, Any]) -> None:
    """Remove the 422 that FastAPI adds to every route; this server never sends it."""
    for methods in description["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        description["components"]["schemas"].pop(name, None)


def _tell_who_may_ask(description: dict[str, Any], opened: set[str], *, needed: bool) -> None:
    bearer = {"type": "http", "scheme": "bearer"}
    description["components"]["securitySchemes"] = {"key": bearer}
    schema = {"$ref": f"#/components/schemas/{ErrorReply.__name__}"}
    content = {"application/json": {"schema": schema}}
    for path, methods in description["paths"].items():
        told = {HTTPStatus.FORBIDDEN: _FORBIDDEN}
        if path not in opened:
            told[HTTPStatus.UNAUTHORIZED] = _UNAUTHORIZED
            told[HTTPStatus.TOO_MANY_REQUESTS] = _BUSY
        for operation in methods.values():
            responses = operation["responses"]
            shape = responses.get("500", {}).get("content", content)  # Ollama's routes have another
            for status, said in told.items():
                headers = {"headers": _RETRY_AFTER} if said == _BUSY else {}
                responses.setdefault(
                    str(status.value), {"description": said, "content": shape, **headers}
                )
            if path not in opened:
                operation["security"] = [{"key": []}] if needed else [{}, {"key": []}]
