"""The protocol over stdin and stdout, for an agent that starts this program."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TextIO, TypeVar

import anyio
from mcp.server.stdio import stdio_server

from kb.server.agents.broken import Answering, Calls, Noting
from kb.server.agents.desk import Desk
from kb.server.agents.protocol import server_of

ResultT = TypeVar("ResultT")


def serve(desk: Desk) -> None:
    """Serve an agent until it closes stdin.

    The server still answers the calls of before. Meanwhile it sends all other output, of C
    libraries too, to stderr, because the SDK keeps the real stdout to itself.
    """
    asyncio.run(_serve(desk))


async def _serve(desk: Desk) -> None:
    server, calls = server_of(desk, _run), Calls()
    async with stdio_server(stdin=anyio.wrap_file(_taken_stdin())) as (received, sent):
        noting = Noting(sent, calls)
        answering = Answering(received, noting, calls)
        await server.run(answering, noting, server.create_initialization_options())


def _taken_stdin() -> TextIO:
    """Return stdin, and keep everything else from reading it.

    The SDK would replace bytes that are not UTF-8 with U+FFFD, and a tool would store that. Here
    such a byte becomes a lone surrogate, which no valid text contains, so that the server refuses
    the line.
    """
    own = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # A thread may still wait for it at the end, so nothing closes it.
    return open(own, encoding="utf-8", errors="surrogateescape", newline="\n", closefd=False)


async def _run(work: Callable[[], ResultT], *, writes: bool = False) -> ResultT:  # noqa: ARG001 - one agent waits for itself alone
    return await asyncio.to_thread(work)
