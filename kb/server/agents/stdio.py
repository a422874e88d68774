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
    """Answer an agent until it closes stdin.

    What it has called by then is answered. Meanwhile what anything else prints, C libraries too,
    goes to stderr: the SDK keeps the real stdout to itself.
    """
    asyncio.run(_serve(desk))


async def _serve(desk: Desk) -> None:
    server, calls = server_of(desk, _run), Calls()
    async with stdio_server(stdin=anyio.wrap_file(_taken_stdin())) as (received, sent):
        noting = Noting(sent, calls)
        answering = Answering(received, noting, calls)
        await server.run(answering, noting, server.create_initialization_options())


def _taken_stdin() -> TextIO:
    """Return stdin, of which nothing else reads from now on.

    The SDK would put U+FFFD for what is not UTF-8, and it would be stored so. Here it becomes half
    a surrogate pair, which is in no text: such a line is refused.
    """
    own = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # A thread may still wait for it at the end, so that nobody closes it.
    return open(own, encoding="utf-8", errors="surrogateescape", newline="\n", closefd=False)


async def _run(work: Callable[[], ResultT], *, writes: bool = False) -> ResultT:  # noqa: ARG001 - one agent waits for itself alone
    return await asyncio.to_thread(work)
