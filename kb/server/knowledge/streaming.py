"""Server-sent events: a thread emits them, the server sends them as they come."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from fastapi.responses import StreamingResponse

from kb.server.caller import Caller
from kb.server.errors import told
from kb.server.lanes import Lane
from kb.wire.events import KEEP_ALIVE, MEDIA_TYPE, event_bytes

SILENCE_S = 2.0
"""Seconds without an event after which the server sends a comment.

The second failed attempt to write shows that a client has disconnected.
"""

_ASK_S = 1.0
"""Seconds after which the next event or comment checks that the key is still valid."""

Emit = Callable[[str, Any], None]
"""Sends an event: its name and its JSON value."""

EVENTS = {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
"""Description of a stream of events in ``/openapi.json``."""

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def streamed(lane: Lane, work: Callable[[Emit], None], caller: Caller) -> StreamingResponse:
    """Answer with the events that ``work`` emits in a thread of a lane.

    The answer begins with the first event, so an earlier error has its own status. A later error is
    the event ``error``, and ends the stream. A revoked key is such an error.
    """
    loop = asyncio.get_running_loop()
    events: asyncio.Queue[bytes | None] = asyncio.Queue()

    def emit(name: str, data: object) -> None:
        loop.call_soon_threadsafe(events.put_nowait, event_bytes(name, data))

    async def run() -> None:
        try:
            await lane.run(lambda: work(emit))
        finally:
            events.put_nowait(None)

    working = asyncio.ensure_future(run())
    try:
        first = await events.get()
        if first is None:
            await working  # raises the error of the work
    except BaseException:
        working.cancel()
        raise
    return _response(_sent(first, events, working), caller)


def streaming(events: AsyncGenerator[bytes], caller: Caller) -> StreamingResponse:
    """Answer with events as they come; an error among them is the event ``error``.

    A revoked key is such an error.
    """
    return _response(events, caller)


def _response(events: AsyncGenerator[bytes], caller: Caller) -> StreamingResponse:
    allowed = _while_allowed(events, caller)
    return StreamingResponse(_with_errors(allowed), media_type=MEDIA_TYPE, headers=_HEADERS)


async def _while_allowed(events: AsyncGenerator[bytes], caller: Caller) -> AsyncGenerator[bytes]:
    clock = asyncio.get_running_loop().time
    asked_at = clock()
    async with contextlib.aclosing(events):
        async for event in events:
            if clock() - asked_at >= _ASK_S:
                caller.check_again()
                asked_at = clock()
            yield event


async def _with_errors(events: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    try:
        async with contextlib.aclosing(events):
            async for event in events:
                yield event
    except Exception as error:  # noqa: BLE001 - the status has been sent: the client is told so
        yield event_bytes("error", told(error))


async def _sent(
    first: bytes | None, events: asyncio.Queue[bytes | None], working: asyncio.Future[None]
) -> AsyncGenerator[bytes]:
    event = first
    try:
        while event is not None:
            yield event
            event = await _next(events)
            while event == KEEP_ALIVE:
                yield event
                event = await _next(events)
        await working
    finally:
        working.cancel()


async def _next(events: asyncio.Queue[bytes | None]) -> bytes | None:
    try:
        async with asyncio.timeout(SILENCE_S):
            return await events.get()
    except TimeoutError:
        return KEEP_ALIVE
