"""What every request passes first: the host it names, its key, its place, its size, its turn."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.server.caller import CALLER, Caller
from kb.server.credentials import check_host, check_key
from kb.server.errors import RefusalError, busy, error_response
from kb.server.scopes import Place, RouteTable

_UNCOUNTED = 1 << 16
"""Bytes of each body that take no room from others, so that searches go on beside large bodies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of a server.

    Attributes:
        body_bytes: largest body.
        small_body_bytes: largest body where no documents are sent.
        held_bytes: most bytes of all bodies together.
        headers_s: seconds that the headers of a request may take to arrive.
        body_s: seconds that a body may take to arrive.
        stalled_s: seconds that a client may leave an answer unread.
        grace_s: seconds that requests under way get to end in when the server is told to.
        connections: most connections at once, where the system allows as many.
        requests: most requests at work, those with documents included.
        bulk: most requests with documents to embed at once.
    """

    body_bytes: int = 8 * 2**20
    small_body_bytes: int = 2**20
    held_bytes: int = 256 * 2**20
    headers_s: float = 10.0
    body_s: float = 60.0
    stalled_s: float = 60.0
    grace_s: float = 30.0
    connections: int = 512
    requests: int = 64
    bulk: int = 16


class Gate:
    """ASGI middleware that lets requests in, whole, or refuses them in OpenAI's error shape.

    Without a key, only requests that name this machine as their host get in: a web page whose
    name was made to point to 127.0.0.1 (DNS rebinding) names its own. A body must be declared as
    JSON, which web pages of other origins cannot do without being asked first.

    What a client asked for ends soon after it has gone.

    Args:
        app: what is behind.
        key: every request but those that need nothing must bring it as a bearer token; ``""``
            for none.
        limits: bounds.
        table: the routes, with what each needs.

    Attributes:
        table: the same.
    """

    def __init__(self, app: ASGIApp, *, key: str, limits: Limits, table: RouteTable) -> None:
        self._app = app
        self._key = key.encode()
        self._limits = limits
        self.table = table
        self._at_work = 0
        self._held = 0
        self._ending = False
        self._arriving: set[asyncio.Timeout] = set()
        self._working: set[asyncio.Timeout] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body()
        try:
            place, caller = self._check(scope)
            scope[CALLER] = caller
            bodiless = scope["method"] in {"GET", "HEAD"}
            if bodiless or await self._read(receive, body, self._largest(place)):
                await self._answer(scope, body, receive, send, is_open=place.needs.is_open)
        except RefusalError as error:
            response = error_response(error)
            if not body.complete and scope["method"] not in {"GET", "HEAD"}:
                response.headers["Connection"] = "close"  # the rest of the body is not wanted
            await response(scope, receive, send)
        finally:
            self._held -= body.counted

    def end(self) -> None:
        """Take no more bodies, and give what is at work a while: the server was told to end."""
        self._ending = True
        now = asyncio.get_running_loop().time()
        for limit in self._arriving:
            limit.reschedule(now)
        for limit in self._working:
            limit.reschedule(now + self._limits.grace_s)

    def _check(self, scope: Scope) -> tuple[Place, Caller]:
        """Refuse a request for what its headers say; return where it goes and who sent it."""
        headers = Headers(scope=scope)
        if not self._key:
            check_host(headers)
        caller = Caller()
        try:
            place = self.table.place(scope)
        except RefusalError:
            if self._key:
                check_key(headers, self._key)  # strangers are not told what there is
            raise
        if self._key and not place.needs.is_open:
            check_key(headers, self._key)
        caller.require(place.needs)
        if not place.needs.is_open:
            self._check_turn()
        if scope["method"] == "POST":
            _check_type(headers)
        largest = self._largest(place)
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > largest:
            raise _too_large(largest)
        return place, caller

    def _largest(self, place: Place) -> int:
        small = place.needs.body == "small"
        return self._limits.small_body_bytes if small else self._limits.body_bytes

    def _check_turn(self) -> None:
        if self._at_work >= self._limits.requests:
            raise busy(self._limits.requests, "requests")

    async def _read(self, receive: Receive, body: _Body, largest: int) -> bool:
        """Read a body whole; say whether its client is still there."""
        limit = asyncio.timeout(0 if self._ending else self._limits.body_s)
        try:
            async with limit:
                self._arriving.add(limit)
                while not body.complete:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return False
                    self._held += body.take(message)
                    if body.size > largest:
                        raise _too_large(largest)
                    if body.counted and self._held > self._limits.held_bytes:
                        raise busy(self._limits.held_bytes >> 20, "MiB of requests")
        except TimeoutError:
            if self._ending:
                raise _ended() from None
            msg = f"the body did not arrive within {self._limits.body_s:.0f} s; send it again"
            raise RefusalError(HTTPStatus.REQUEST_TIMEOUT, msg) from None
        finally:
            self._arriving.discard(limit)
        return True

    async def _answer(
        self, scope: Scope, body: _Body, receive: Receive, send: Send, *, is_open: bool
    ) -> None:
        """Have a request answered, unless its client goes away first."""
        if not is_open:
            self._check_turn()
        sent = _Sent(send)
        limit = asyncio.timeout(self._limits.grace_s if self._ending else None)
        self._at_work += 1
        try:
            async with limit:
                self._working.add(limit)
                left = asyncio.ensure_future(_left(receive))
                work = asyncio.ensure_future(self._app(scope, _replay(body.whole(), left), sent))
                try:
                    await asyncio.wait({left, work}, return_when=asyncio.FIRST_COMPLETED)
                    # The connection says so, too, when the answer has been sent.
                    if work.done() or sent.complete:
                        await work
                finally:
                    await _cancelled(left, work)
        except TimeoutError:
            if sent.begun:
                raise
            raise _ended() from None
        finally:
            self._working.discard(limit)
            self._at_work -= 1


class _Body:
    """A body as it arrives; ``counted`` are the bytes that take room from others."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0
        self.counted = 0
        self.complete = False

    def take(self, message: Message) -> int:
        """Add what arrived; return how many more bytes are counted."""
        part = message.get("body", b"")
        self._parts.append(part)
        self.size += len(part)
        self.complete = not message.get("more_body", False)
        before, self.counted = self.counted, max(0, self.size - _UNCOUNTED)
        return self.counted - before

    def whole(self) -> bytes:
        """Return the body, and keep none of it."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


class _Sent:
    """A ``send`` that remembers how far the answer is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self.complete = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self._send(message)
        is_body = message["type"] == "http.response.body"
        self.complete = is_body and not message.get("more_body", False)


async def _left(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancelled(*tasks: asyncio.Future[None]) -> None:
    """End what is left of a request."""
    for task in tasks:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _replay(body: bytes, left: asyncio.Future[None]) -> Receive:
    """Return a ``receive`` that gives the body once, then whether the client has gone."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        if first:
            return first.pop()
        await asyncio.wait({left})
        return {"type": "http.disconnect"}

    return again


def _check_type(headers: Headers) -> None:
    kind, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().partition("charset=")[2].strip('"') or "utf-8"
    if kind.strip().lower() != "application/json" or charset != "utf-8":
        msg = "the body must be JSON and say so: `Content-Type: application/json`"
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, msg)
    if headers.get("content-encoding", "identity").lower() != "identity":
        msg = "the body must not be compressed; leave out `Content-Encoding`"
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, msg)


def _too_large(largest: int) -> RefusalError:
    msg = f"the payload is too large: a body has at most {largest / 2**20:.3g} MiB here; send less"
    return RefusalError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, msg, code="body_too_large")


def _ended() -> RefusalError:
    msg = "the server is ending; send the request again when it is back"
    return RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, msg, code="ending")
