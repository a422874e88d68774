"""Errors for clients: OpenAI's shape, a status each, and never a traceback."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from kb.errors import (
    ChatError,
    CollectionError,
    CollectionExistsError,
    CollectionNameError,
    DocumentNotFoundError,
    EmbedderMismatchError,
    InputTooLongError,
    JobError,
    KnowledgeBaseError,
    SettingsError,
    StoreBusyError,
)
from kb.server.known_fields import meant
from kb.wire import errors as codes

_log = logging.getLogger(__name__)

RETRY_AFTER_S = 1
MALFORMED = codes.MALFORMED
OLLAMA = "/api/"
"""Prefix of the routes of Ollama's interface."""

_FAULT = "the server failed on this request; its log says why"
_MOST_PROBLEMS = 5  # of one request that an answer names
# Pydantic's words for its own types.
_NO_OBJECT = frozenset({"dict_type", "model_attributes_type", "model_type"})
_SHOULD = "Input should "
_CHOICE = re.compile(r"\([a-z]+\)")  # names one of several possible bodies, not a field
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # a memory address, in Python's text of an object

# The first class that matches decides. Errors outside the list are faults of this server: 500.
_STATUS: tuple[tuple[type[KnowledgeBaseError], HTTPStatus], ...] = (
    (InputTooLongError, HTTPStatus.BAD_REQUEST),
    (SettingsError, HTTPStatus.BAD_REQUEST),
    (CollectionExistsError, HTTPStatus.CONFLICT),
    (CollectionNameError, HTTPStatus.BAD_REQUEST),
    (CollectionError, HTTPStatus.NOT_FOUND),
    (DocumentNotFoundError, HTTPStatus.NOT_FOUND),
    (JobError, HTTPStatus.NOT_FOUND),
    (EmbedderMismatchError, HTTPStatus.CONFLICT),
    (StoreBusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ChatError, HTTPStatus.BAD_GATEWAY),
)

_TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


class RefusalError(Exception):
    """A request that gets an error as its answer, and the error."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code
        self.headers = dict(headers or {})


def busy(at_once: int, what: str) -> RefusalError:
    """Return the refusal of a request while there is no room for it."""
    msg = f"{at_once} {what} are under way, the most at once; try again in {RETRY_AFTER_S} s"
    return RefusalError(HTTPStatus.TOO_MANY_REQUESTS, msg, code="too_many_requests")


def json_response(value: Any) -> Response:  # noqa: ANN401 - JSON
    """Return a value as JSON; call it in the thread of the work: large values take a while."""
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate that an error quotes becomes a JSON escape.
    return Response(content.encode(errors="backslashreplace"), media_type="application/json")


def error_response(error: RefusalError, path: str = "") -> Response:
    """Return an error in OpenAI's shape; 429 and 503 say when to retry.

    Ollama's clients use paths below ``/api/``. They read a text where OpenAI's read an object.
    """
    shape = _detail(error)
    response = json_response({"error": shape["message"] if path.startswith(OLLAMA) else shape})
    response.status_code = error.status
    if error.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers.update(error.headers)
    return response


def refusal_of(error: KnowledgeBaseError, path: str = "") -> RefusalError:
    """Return the error that a client of a route gets."""
    code = codes.code_of(error)
    for kind, status in _STATUS:
        if isinstance(error, kind):
            text = "query" if path.endswith(("/search", "/rerank")) else "input"
            param = text if kind is InputTooLongError else None
            return RefusalError(status, str(error), param=param, code=code)
    _log.error("%s: %s", type(error).__name__, error)
    return RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, str(error), code=code)


def told(error: Exception) -> dict[str, Any]:
    """Return an error for the inside of an answer that has begun; log a fault of the server."""
    if isinstance(error, KnowledgeBaseError):
        return _detail(refusal_of(error))
    if isinstance(error, RefusalError):
        return _detail(error)
    _log.error("an answer broke off", exc_info=error)
    return _detail(RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, _FAULT))


def _detail(error: RefusalError) -> dict[str, Any]:
    client_error = error.status < HTTPStatus.INTERNAL_SERVER_ERROR
    kind = _TYPES.get(error.status, "invalid_request_error" if client_error else "server_error")
    return {
        "message": _ADDRESS.sub("", str(error)),
        "type": kind,
        "param": error.param,
        "code": error.code,
    }


def on_the_wire(error: RefusalError) -> bytes:
    """Return an error as a complete HTTP/1.1 response, for use without a request."""
    response = error_response(error)
    lines = [f"HTTP/1.1 {error.status.value} {error.status.phrase}".encode(), b"connection: close"]
    lines += [name + b": " + value for name, value in response.raw_headers]
    return b"\r\n".join([*lines, b"", bytes(response.body)])


def handle_errors(app: FastAPI) -> None:
    """Give every error of an application this shape."""

    @app.exception_handler(RefusalError)
    async def refused(request: Request, error: RefusalError) -> Response:
        return error_response(error, request.url.path)

    @app.exception_handler(KnowledgeBaseError)
    async def expected(request: Request, error: KnowledgeBaseError) -> Response:
        path = request.url.path
        return error_response(refusal_of(error, path), path)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        problems = error.errors()
        wrong = "; ".join(_told(problem, request) for problem in problems[:_MOST_PROBLEMS])
        left = len(problems) - _MOST_PROBLEMS
        wrong += f"; and {left:,} more" if left > 0 else ""
        param = _place(problems[0]) or None
        refusal = RefusalError(HTTPStatus.BAD_REQUEST, wrong, param=param, code=MALFORMED)
        return error_response(refusal, request.url.path)

    @app.exception_handler(HTTPException)
    async def generic(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        refusal = RefusalError(status, str(error.detail), headers=error.headers)
        return error_response(refusal, request.url.path)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, __: Exception) -> Response:
        # The traceback goes to the server's log only.
        refusal = RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, _FAULT)
        return error_response(refusal, request.url.path)


def _told(problem: Mapping[str, Any], request: Request) -> str:
    """Describe one error without the sent value, which may be huge."""
    place = _place(problem)
    if problem["type"] == "extra_forbidden":
        right = meant(request, problem["loc"])
        return f"{place} is not a field of this request" + (f" (is it {right}?)" if right else "")
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] in _NO_OBJECT:
        message = "it must be a JSON object"
    elif message.startswith(_SHOULD):
        message = f"it must {message.removeprefix(_SHOULD)}"
    return f"{place}: {message}" if place else f"the body: {message}"


def _place(problem: Mapping[str, Any]) -> str:
    parts = [str(part)[:80] for part in problem["loc"][1:]]
    return ".".join(part for part in parts if not _CHOICE.fullmatch(part))
