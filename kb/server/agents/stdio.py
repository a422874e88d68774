"""The protocol over stdin and stdout, for an agent that starts this program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from mcp.server.stdio import stdio_server

from kb.server.agents.broken import Answering
from kb.server.agents.desk import Desk
from kb.server.agents.protocol import server_of

ResultT = TypeVar("ResultT")


def serve(desk: Desk) -> None:
    """Answer an agent until it closes stdin.

    Meanwhile what anything else prints, C libraries too, goes to stderr: the SDK keeps the
    real stdout to itself.
    """
    asyncio.run(_serve(desk))


async def _serve(desk: Desk) -> None:
    server = server_of(desk, _run)
    async with stdio_server() as (received, sent):
        await server.run(Answering(received, sent), sent, server.create_initialization_options())


async def _run(work: Callable[[], ResultT], *, writes: bool = False) -> ResultT:  # noqa: ARG001 - one agent waits for itself alone
    return await asyncio.to_thread(work)
