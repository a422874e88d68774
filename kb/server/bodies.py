"""Request bodies: held until they are complete, or passed on as they arrive."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from kb.server.errors import RefusalError
from kb.server.limits import LINGERS_S

_UNCOUNTED = 1 << 16
"""Bytes of each body that do not count, so that searches go on beside large bodies."""

_WAITING = 4  # parts, of 64 KiB at most, that arrived before the route asked for them


class HeldBody:
    """A body as it arrives; ``counted`` are the bytes that count towards the limit.

    Args:
        complete: no more of it is expected.
    """

    def __init__(self, *, complete: bool = False) -> None:
        self._parts: list[bytes] = []
        self.size = 0
        self.counted = 0
        self.complete = complete

    def take(self, message: Message) -> int:
        """Add a part; return how many more bytes count."""
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

    def drop(self) -> int:
        """Forget it; return how many fewer bytes count."""
        self._parts.clear()
        before, self.counted = self.counted, 0
        return before

    async def left(self, receive: Receive) -> None:
        """Return when the client has disconnected."""
        while (await receive())["type"] != "http.disconnect":
            pass

    def replay(self, left: asyncio.Future[None]) -> Receive:
        """Return a ``receive`` that gives the body once, then the disconnection of the client."""
        first: list[Message] = [
            {"type": "http.request", "body": self.whole(), "more_body": False},
        ]

        async def again() -> Message:
            if first:
                return first.pop()
            await asyncio.wait({left})
            return {"type": "http.disconnect"}

        return again


async def answer_and_read_on(
    response: Response, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request, then read what its client still sends, for a while, and keep none of it."""

    async def send_whole(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        await send({**message, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGERS_S):
                while (await receive()).get("more_body"):
                    pass
        await send({"type": "http.response.body"})  # closes the connection

    await response(scope, receive, send_whole)


class PassingBody:
    """A body that a route gets as it arrives, with a few parts of it in memory.

    Args:
        largest: its size limit in bytes.
        patience_s: seconds that its client may be silent.
    """

    def __init__(self, *, largest: int, patience_s: float) -> None:
        self._largest = largest
        self._patience_s = patience_s
        self._parts: asyncio.Queue[Message] = asyncio.Queue(_WAITING)
        self.complete = False

    async def left(self, receive: Receive) -> None:
        """Pass on the body; return when the client has disconnected.

        Raises:
            RefusalError: the body is too large (413), or its client was silent for too long (408).
        """
        size = 0
        while not self.complete:
            try:
                async with asyncio.timeout(self._patience_s):
                    message = await receive()
            except TimeoutError:
                raise too_slow(self._patience_s) from None
            if message["type"] == "http.disconnect":
                return
            size += len(message.get("body", b""))
            if size > self._largest:
                raise too_large(self._largest, "fewer files at once")
            self.complete = not message.get("more_body", False)
            await self._parts.put(message)
        while (await receive())["type"] != "http.disconnect":
            pass

    def replay(self, left: asyncio.Future[None]) -> Receive:
        """Return a ``receive`` that gives the parts, then the disconnection of the client."""

        async def following() -> Message:
            part = asyncio.ensure_future(self._parts.get())
            try:
                both: set[asyncio.Future[Any]] = {left, part}
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                return part.result() if part.done() else {"type": "http.disconnect"}
            finally:
                part.cancel()

        return following


def is_bodiless(headers: Headers) -> bool:
    """Return whether the headers of a request rule out a body."""
    return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers


def check_type(headers: Headers, *, json: bool) -> None:
    """Refuse a body that is compressed, or not JSON where JSON is required.

    Raises:
        RefusalError: it is such a body (415).
    """
    if json:
        kind, _, parameters = headers.get("content-type", "").partition(";")
        charset = parameters.strip().lower().partition("charset=")[2].strip('"') or "utf-8"
        if kind.strip().lower() != "application/json" or charset != "utf-8":
            msg = "the body must be JSON and say so: `Content-Type: application/json`"
            raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, msg)
    if headers.get("content-encoding", "identity").lower() != "identity":
        msg = "the body must not be compressed; leave out `Content-Encoding`"
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, msg)


def require_file(headers: Headers) -> None:
    """Refuse a form where the body must be a file itself.

    Raises:
        RefusalError: it is a form (415).
    """
    if headers.get("content-type", "").strip().lower().startswith("multipart/"):
        msg = "the body must be the bytes of the file, not a form (`curl --data-binary @FILE`)"
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, msg, code="form_refused")


def taken_for_json(scope: Scope) -> None:
    """Treat a body without a type, or with that of a form, as JSON, as Ollama does.

    Ollama's examples send such bodies, because curl labels every body as a form.
    """
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    if not kinds or kinds == [b"application/x-www-form-urlencoded"]:
        others = [each for each in scope["headers"] if each[0] != b"content-type"]
        scope["headers"] = [*others, (b"content-type", b"application/json")]


def check_length(headers: Headers, largest: int, advice: str) -> None:
    """Refuse a body whose declared length is too large.

    Raises:
        RefusalError: it is (413).
    """
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > largest:
        raise too_large(largest, advice)


def too_large(largest: int, advice: str) -> RefusalError:
    """Return the refusal of a body of more than ``largest`` bytes."""
    msg = (
        f"the payload is too large: a body has at most {largest / 2**20:.3g} MiB here; "
        f"send {advice}"
    )
    return RefusalError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, msg, code="body_too_large")


def too_slow(seconds: float) -> RefusalError:
    """Return the refusal of a body that does not arrive."""
    msg = f"the body did not arrive within {seconds:.0f} s; send it again"
    return RefusalError(HTTPStatus.REQUEST_TIMEOUT, msg)
