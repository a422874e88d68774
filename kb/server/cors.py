"""Cross-origin requests (CORS): pages of configured origins may read the server's answers.

The rules are those of the WHATWG's Fetch standard, section "CORS protocol". Without an origin in
the settings this layer adds nothing. Browsers then hide answers from pages of other origins.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_EXPOSED = "Content-Disposition, Location, Retry-After, X-Long-Inputs, X-Request-Id"
_REMEMBERED_S = "600"

# Header names as in RFC 9110, separated by commas.
_NAMES = re.compile(r"[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+)*", re.ASCII)


class Cors:
    """ASGI middleware in front of everything that asks for a key.

    A browser first asks for permission to send a request, and that question carries no key.

    Args:
        app: the application behind it.
        origins: origins whose pages may use the server: ``https://chat.example:8443``.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin", "")
        if not self._origins or scope["type"] != "http":
            await self._app(scope, receive, send)
        elif (
            origin in self._origins
            and scope["method"] == "OPTIONS"
            and "access-control-request-method" in headers
        ):
            await _permission(origin, headers)(scope, receive, send)
        else:
            await self._app(scope, receive, self._told(origin, send))

    def _told(self, origin: str, send: Send) -> Send:
        """Return a ``send`` that adds the permitted origin to answers."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = MutableHeaders(scope=message)
                told.add_vary_header("Origin")  # a cache must keep origins' answers apart
                if origin in self._origins:
                    told["Access-Control-Allow-Origin"] = origin
                    told["Access-Control-Expose-Headers"] = _EXPOSED
            await send(message)

        return telling


def _permission(origin: str, asked: Headers) -> Response:
    """Return the answer to a browser's preflight request."""
    told = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Max-Age": _REMEMBERED_S,
        "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }
    names = asked.get("access-control-request-headers", "").strip()
    if _NAMES.fullmatch(names):
        told["Access-Control-Allow-Headers"] = names
    if asked.get("access-control-request-private-network") == "true":
        told["Access-Control-Allow-Private-Network"] = "true"
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=told)
