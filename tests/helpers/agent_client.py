"""The SDK's own client, connected to a knowledge base over either transport."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from kb.keys import bearer

PATIENCE_S = 120.0


def command(folder: Path, *options: str) -> StdioServerParameters:
    """Return how an agent starts the server over a data folder."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "kb", "mcp", *options],
        env={"KB_DATA_DIR": str(folder), "KB_WORKERS": "1"},
    )


@asynccontextmanager
async def over_stdio(
    folder: Path, options: Sequence[str] = (), *, mode: str = "auto"
) -> AsyncIterator[Client]:
    """Lend a client of a server that it has started."""
    # What it logs is shown with the test that fails.
    transport = stdio_client(command(folder, *options), errlog=sys.__stderr__ or sys.stderr)
    async with Client(transport, mode=mode, read_timeout_seconds=PATIENCE_S) as client:
        yield client


@asynccontextmanager
async def over_http(url: str, key: str = "", *, mode: str = "auto") -> AsyncIterator[Client]:
    """Lend a client of a server that runs."""
    headers = bearer(key) if key else {}
    async with httpx2.AsyncClient(trust_env=False, headers=headers, timeout=PATIENCE_S) as http:
        transport = streamable_http_client(f"{url}/mcp", http_client=http)
        async with Client(transport, mode=mode, read_timeout_seconds=PATIENCE_S) as client:
            yield client
