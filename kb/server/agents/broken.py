"""Lines on stdin that are no messages, which the SDK passes over: each is answered as an error."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Mapping
from typing import Any, Self

import anyio
from mcp import types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

_NO_JSON = (
    "the line is not JSON that can be read; send one message of JSON-RPC 2.0 a line, in UTF-8"
)
_NO_MESSAGE = (
    "the line is no message of JSON-RPC 2.0; send an object with `jsonrpc`, `id` and `method`"
)


class Answering:
    """A stream of messages, out of which what is none is taken and answered.

    Args:
        received: the SDK's, with an exception for each line that is no message.
        sent: where answers go.
    """

    def __init__(self, received: Any, sent: Any) -> None:  # noqa: ANN401 - the SDK's private types
        self._received = received
        self._sent = sent

    @property
    def last_context(self) -> contextvars.Context | None:
        """The context of whoever sent the last message."""
        context: contextvars.Context | None = self._received.last_context
        return context

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message."""
        while True:
            item: SessionMessage | Exception = await self._received.receive()
            if not isinstance(item, Exception):
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


def _answer(fault: Exception) -> types.JSONRPCError:
    problem: Mapping[str, Any] = fault.errors()[0] if isinstance(fault, ValidationError) else {}
    no_json = problem.get("type") == "json_invalid"
    code, said = (types.PARSE_ERROR, _NO_JSON) if no_json else (types.INVALID_REQUEST, _NO_MESSAGE)
    return types.JSONRPCError(
        jsonrpc="2.0",
        id=_id_in(problem.get("input")),
        error=types.ErrorData(code=code, message=said),
    )


def _id_in(sent: object) -> int | str | None:
    """Return the id of what is nearly a message, so that its sender need not wait for ever."""
    try:
        message = json.loads(sent) if isinstance(sent, str) else sent
    except (ValueError, RecursionError):
        return None
    found = message.get("id") if isinstance(message, dict) else None
    if isinstance(found, str):
        return found if found.isascii() else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None
