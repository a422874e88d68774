"""Bounded work in threads: so much at once of each sort, and no queue without an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from kb.server.answers import busy

ResultT = TypeVar("ResultT")


class Lane:
    """Threads for one sort of work. What finds none of them free is refused at once.

    Args:
        what: names the sort in messages.
        at_once: how many threads.
    """

    def __init__(self, what: str, at_once: int) -> None:
        self._what = what
        self._at_once = at_once
        self._under_way = 0
        self._mutex = threading.Lock()
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=f"serve-{what}")

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Return what ``work`` returns, done in a thread.

        Raises:
            RefusalError: all threads are at work (429).
        """
        with self._mutex:
            if self._under_way >= self._at_once:
                raise busy(self._at_once, self._what)
            self._under_way += 1
        future = self._threads.submit(work)
        # Not when the request ends: a request that is given up leaves its thread at work.
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Wait for work under way."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _leave(self, _: Future[ResultT]) -> None:
        with self._mutex:
            self._under_way -= 1
