"""``POST /mcp``: the tools by the protocol's Streamable HTTP, behind the gate like every route.

There are no sessions. Each request brings its key and gets its answer as JSON, so that any process
may answer it. The server has no stream to listen to and no session to end, so it refuses GET and
DELETE, as the protocol allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from kb.server.agents.desk import Desk
from kb.server.caller import CALLER, Caller
from kb.server.guard import Guard
from kb.server.knowledge.serving import Serving
from kb.server.scopes import needs

PATH = "/mcp"

# The gate refuses larger bodies first.
_MOST_BYTES = 1 << 30

ResultT = TypeVar("ResultT")


def route(serving: Serving, guard: Guard) -> Route:
    """Return the route of the protocol; a key with any of its scopes may use it."""
    endpoint = needs("read", "write", collections="asked")(_Endpoint(serving, guard))
    return Route(PATH, endpoint, methods=["POST"])


@dataclass
class _Endpoint:
    """An ASGI application."""

    serving: Serving
    guard: Guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # The SDK takes half a second to import, and most servers never need it.
        from mcp.server.streamable_http_manager import (  # noqa: PLC0415
            StreamableHTTPSessionManager,
        )

        from kb.server.agents.broken import answer_to_body  # noqa: PLC0415
        from kb.server.agents.protocol import server_of  # noqa: PLC0415

        # The protocol asks for this check even when the request brings a key.
        headers = Headers(scope=scope)
        self.guard.check_page(headers)
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        if headers.get("content-type", "").startswith("application/json"):
            # The SDK would answer with several lines of its own checks.
            fault = answer_to_body(body)
            if fault is not None:
                told = fault.model_dump(mode="json", by_alias=True, exclude_unset=True)
                await JSONResponse(told, status_code=400)(scope, receive, send)
                return
        serving = self.serving

        async def run(work: Callable[[], ResultT], *, writes: bool = False) -> ResultT:
            return await (serving.changes if writes else serving.quick).run(work)

        caller: Caller = scope[CALLER]
        caller.among(())  # most methods of the protocol use no collection; each tool checks its own
        desk = Desk(base=serving.base, caller=caller, jobs=lambda: serving.jobs)
        manager = StreamableHTTPSessionManager(
            server_of(desk, run),
            stateless=True,
            json_response=True,
            max_request_body_size=_MOST_BYTES,
        )
        async with manager.run():
            await manager.handle_request(scope, _again(body, receive), send)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that gives a body already read, and then the messages after it."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
