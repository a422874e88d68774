"""What every request passes first: the host it names, its key, its size, and how many there are."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.server.answers import RefusalError, busy, error_response

_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_OPEN_PATHS = frozenset({"/health"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of a server.

    Attributes:
        body_bytes: largest body. Python's objects of a hostile JSON text take some 20 times its
            size.
        body_s: seconds that a body may take to arrive.
        requests: most requests under way, those whose body is still arriving included.
        bulk: most requests with documents to embed at once.
    """

    body_bytes: int = 8 * 2**20
    body_s: float = 60.0
    requests: int = 64
    bulk: int = 16


class Gate:
    """ASGI middleware that lets requests in, whole, or refuses them in OpenAI's error shape.

    Without a key, only requests that name this machine as their host get in: a web page whose
    name was made to point to 127.0.0.1 (DNS rebinding) names its own. A body must be declared as
    JSON, which web pages of other origins cannot do without being asked first.

    Args:
        app: what is behind.
        key: every request but ``/health`` must bring it as a bearer token; ``""`` for none.
        limits: bounds.
    """

    def __init__(self, app: ASGIApp, *, key: str, limits: Limits) -> None:
        self._app = app
        self._key = key.encode()
        self._limits = limits
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except RefusalError as error:
            await error_response(error)(scope, receive, send)
            return
        self._under_way += 1
        try:
            try:
                body = await self._read(scope, receive)
            except RefusalError as error:
                response = error_response(error)
                response.headers["Connection"] = "close"  # the rest of the body is not wanted
                await response(scope, receive, send)
                return
            if body is not None:
                await self._app(scope, _replay(body, receive), send)
        finally:
            self._under_way -= 1

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if not self._key:
            _check_host(headers)
        if scope["path"] in _OPEN_PATHS:
            return
        if self._key:
            _check_key(headers, self._key)
        if self._under_way >= self._limits.requests:
            raise busy(self._limits.requests, "requests")
        if scope["method"] == "POST":
            _check_type(headers)
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > self._limits.body_bytes:
            raise self._too_large()

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the body, None where the client went away."""
        if scope["method"] in {"GET", "HEAD"}:
            return b""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self._limits.body_bytes:
                        raise self._too_large()
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            msg = f"the body did not arrive within {self._limits.body_s:.0f} s; send it again"
            raise RefusalError(HTTPStatus.REQUEST_TIMEOUT, msg) from None

    def _too_large(self) -> RefusalError:
        mib = self._limits.body_bytes / 2**20
        msg = f"the payload is too large: a body has at most {mib:.3g} MiB; send fewer texts"
        return RefusalError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, msg, code="body_too_large")


def _check_host(headers: Mapping[str, str]) -> None:
    host = headers.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if name not in _LOCAL_NAMES:
        msg = (
            f"this server answers on this machine only, not as {host[:200]!r}; "
            "call it as localhost, or start it with a key in KB_SERVER_API_KEY"
        )
        raise RefusalError(HTTPStatus.FORBIDDEN, msg)


def _check_key(headers: Mapping[str, str], key: bytes) -> None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    # Starlette reads headers as Latin-1, so this gives back the bytes that were sent.
    given = token.strip().encode("latin-1") if scheme.lower() == "bearer" else b""
    if not hmac.compare_digest(given, key):
        what = "is not the one of this server" if given else "is missing"
        msg = f"the API key {what}; send it as `Authorization: Bearer KEY`"
        raise RefusalError(HTTPStatus.UNAUTHORIZED, msg, code="invalid_api_key")


def _check_type(headers: Mapping[str, str]) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        msg = "the body must be JSON and say so: `Content-Type: application/json`"
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, msg)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives the body once, then what the connection says."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again
