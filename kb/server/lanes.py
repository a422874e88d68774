"""Runs work in threads: a fixed number for each sort; the rest waits, clients by turns."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from kb.server.queueing.clients import present_client
from kb.server.queueing.fair import FairQueue
from kb.server.queueing.room import Load, Room
from kb.stopping import stoppable

ResultT = TypeVar("ResultT")

_MOST_WAITING = 4096


class _Job:
    """A piece of work, and its waiting caller."""

    sort = None

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.client = present_client()
        self.turns = 1
        self.nobody_waits = threading.Event()
        self._loop = asyncio.get_running_loop()
        self.result: asyncio.Future[Any] = self._loop.create_future()

    def run(self) -> None:
        """Do the work and report to the caller."""
        try:
            with stoppable(self.nobody_waits):
                value = self.work()
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self._tell(self.result.set_exception, error)
        else:
            self._tell(self.result.set_result, value)

    def _tell(self, tell: Callable[[Any], None], told: object) -> None:
        def unless_gone() -> None:
            if not self.result.done():
                tell(told)

        with contextlib.suppress(RuntimeError):  # the server has ended
            self._loop.call_soon_threadsafe(unless_gone)


class Lane:
    """Threads for one sort of work. Work waits for its turn while all of them are busy.

    Args:
        what: the sort's name in messages.
        at_once: number of threads.
        most: limit of running and waiting work.
    """

    def __init__(self, what: str, at_once: int, *, most: int = _MOST_WAITING) -> None:
        self._room = Room(what, Load(most))
        self._queue: FairQueue[_Job] = FairQueue()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"serve-{what}-{number}", daemon=True)
            for number in range(at_once)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """The amount of running and waiting work."""
        with self._changed:
            return self._room.waiting.texts

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Run ``work`` in a thread, and return its result.

        Cancellation removes waiting work from the queue. Work that has begun ends at its next
        check.

        Raises:
            RefusalError: too much work waits (429).
        """
        job = _Job(work)
        with self._changed:
            self._room.enter(job.client, Load(1))
            self._queue.put(job)
            self._changed.notify()
        try:
            result: ResultT = await job.result
        except asyncio.CancelledError:
            self._forget(job)
            raise
        return result

    def close(self) -> None:
        """Wait for running work; discard waiting work."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _forget(self, job: _Job) -> None:
        with self._changed:
            job.nobody_waits.set()
            if job.turns:
                self._queue.remove(job)
                self._room.leave(job.client, Load(1), done=False)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job.run()
            with self._changed:
                self._room.leave(job.client, Load(1))

    def _next(self) -> _Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            job = None if self._closed else self._queue.first()
            if job is not None:
                job.turns = 0
                self._queue.took_turn(job)
            return job
