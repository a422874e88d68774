"""Runs a coroutine to its end, wherever the test runs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(scene: Coroutine[Any, Any, Result]) -> Result:
    """Run ``scene`` in an event loop of its own and return its result.

    In a thread of its own, too: once a test has used Playwright, an event loop runs in the main
    thread until the session ends, and ``asyncio.run`` refuses to start another one there.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, scene).result()
