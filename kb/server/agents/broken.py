"""What the SDK leaves out: answers to invalid messages, and calls under way when stdin ends."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Mapping
from typing import Any, Self

import anyio
from mcp import types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

_CANCELLED = "notifications/cancelled"
_NO_JSON = "the {0} is not JSON that can be read; send one message of JSON-RPC 2.0 a {0}, in UTF-8"
_NO_MESSAGE = (
    "the {0} is no message of JSON-RPC 2.0; send an object with `jsonrpc`, `id` and `method`"
)


_PATIENCE_S = 60.0
"""Seconds that calls may go on after stdin has ended: longer than any of them should take."""


class Calls:
    """Requests that are not answered yet."""

    def __init__(self) -> None:
        self._open: set[int | str] = set()
        self._none = anyio.Event()
        self._none.set()

    def received(self, message: types.JSONRPCMessage) -> None:
        """Note a message that arrived: a request, or the cancellation of one."""
        if isinstance(message, types.JSONRPCRequest):
            if not self._open:
                self._none = anyio.Event()
            self._open.add(message.id)
        elif isinstance(message, types.JSONRPCNotification) and message.method == _CANCELLED:
            self._end((message.params or {}).get("requestId"))

    def sent(self, message: types.JSONRPCMessage) -> None:
        """Note a message that leaves: the answer to a request."""
        if isinstance(message, types.JSONRPCResponse | types.JSONRPCError):
            self._end(message.id)

    async def answered(self) -> None:
        """Wait until all calls are answered."""
        with anyio.move_on_after(_PATIENCE_S):
            await self._none.wait()

    def _end(self, identity: object) -> None:
        self._open = {each for each in self._open if each != identity}
        if not self._open:
            self._none.set()


class Noting:
    """A stream for answers; each answer ends a call.

    Args:
        sent: the SDK's stream.
        calls: the calls under way.
    """

    def __init__(self, sent: Any, calls: Calls) -> None:  # noqa: ANN401 - the SDK's private types
        self._sent = sent
        self._calls = calls

    async def send(self, item: SessionMessage, /) -> None:
        """Send a message."""
        await self._sent.send(item)
        self._calls.sent(item.message)

    async def aclose(self) -> None:
        """Close the stream."""
        await self._sent.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class Answering:
    """A stream of messages that answers invalid ones itself.

    It ends when all calls before its end are answered.

    Args:
        received: the SDK's stream, with an exception for each line that is not a message.
        sent: the stream for answers.
        calls: the calls under way.
    """

    def __init__(self, received: Any, sent: Any, calls: Calls) -> None:  # noqa: ANN401 - the SDK's private types
        self._received = received
        self._sent = sent
        self._calls = calls

    @property
    def last_context(self) -> contextvars.Context | None:
        """The context of the last message's sender."""
        context: contextvars.Context | None = self._received.last_context
        return context

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message."""
        while True:
            try:
                item: SessionMessage | Exception = await self._received.receive()
            except anyio.EndOfStream:
                await self._calls.answered()
                raise
            if not isinstance(item, Exception):
                self._calls.received(item.message)
                return item
            await self._sent.send(SessionMessage(_answer(item)))

    async def aclose(self) -> None:
        """Close the stream."""
        await self._received.aclose()

    def __aiter__(self) -> Answering:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def answer_to_body(body: bytes) -> types.JSONRPCError | None:
    """Return the answer to a request body that is not a message; None for a message."""
    try:
        types.jsonrpc_message_adapter.validate_json(body, by_name=False)
    except ValidationError as fault:
        return _answer(fault, "body")
    return None


def _answer(fault: Exception, what: str = "line") -> types.JSONRPCError:
    problem: Mapping[str, Any] = fault.errors()[0] if isinstance(fault, ValidationError) else {}
    code, said = types.INVALID_REQUEST, _NO_MESSAGE
    if problem.get("type") == "json_invalid":
        code, said = types.PARSE_ERROR, _NO_JSON
    elif problem.get("type") == "string_unicode":
        code, said = types.PARSE_ERROR, _no_utf8(str(problem.get("input")))
    return types.JSONRPCError(
        jsonrpc="2.0",
        id=_id_in(problem.get("input")),
        error=types.ErrorData(code=code, message=said.format(what)),
    )


def _no_utf8(line: str) -> str:
    """Name the byte of a line that is not UTF-8; reading turned it into a lone surrogate."""
    at = next((at for at, char in enumerate(line) if "\udc80" <= char <= "\udcff"), 0)
    before = len(line[:at].encode("utf-8", "surrogateescape"))
    return (
        f"byte {before + 1} of the line, 0x{ord(line[at]) & 0xFF:02x}, is not UTF-8; send "
        "messages in UTF-8. Nothing of this one was done"
    )


def _id_in(sent: object) -> int | str | None:
    """Return the id of a malformed message, so that its sender need not wait for ever."""
    try:
        message = json.loads(sent) if isinstance(sent, str) else sent
    except (ValueError, RecursionError):
        return None
    found = message.get("id") if isinstance(message, dict) else None
    if isinstance(found, str):
        return found if found.isascii() else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None
