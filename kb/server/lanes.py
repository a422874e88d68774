"""Bounded work in threads: so much at once of each sort, and no queue without an end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from kb.server.answers import busy
from kb.stopping import stoppable

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

        Who is cancelled while waiting has the work end between two texts.

        Raises:
            RefusalError: all threads are at work (429).
        """
        nobody_waits = threading.Event()

        def stoppable_work() -> ResultT:
            with stoppable(nobody_waits):
                return work()

        with self._mutex:
            if self._under_way >= self._at_once:
                raise busy(self._at_once, self._what)
            self._under_way += 1
        future = self._threads.submit(stoppable_work)
        # Not when the request ends: the thread of one that is given up is at work a moment longer.
        future.add_done_callback(self._leave)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            nobody_waits.set()
            raise

    def close(self) -> None:
        """Wait for work under way."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _leave(self, _: Future[ResultT]) -> None:
        with self._mutex:
            self._under_way -= 1
