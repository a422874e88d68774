"""Computes the texts of many requests together; each request gets its own vectors back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kb.embedding.base import Batching, Vectors
from kb.server.queueing.clients import present_client
from kb.server.queueing.fair import FairQueue
from kb.server.queueing.room import Load, Room
from kb.stopping import stoppable

_log = logging.getLogger(__name__)


class Compute(Protocol):
    """Computes vectors of texts; all of them are queries with ``task``, or all documents."""

    def __call__(self, texts: Sequence[str], task: str) -> Vectors:
        """Return one row for each text, in order."""
        ...


class _Request:
    """Texts of one request, and their vectors so far.

    Args:
        texts: the texts to compute.
        task: see :class:`Compute`.
        width: width of a vector.
    """

    def __init__(self, texts: Sequence[str], task: str, *, width: int) -> None:
        self.client = present_client()
        self.sort = task
        self.texts: Sequence[str] = texts
        self.vectors = np.empty((len(texts), width), dtype=np.float32)
        self.gone = False
        self._next = 0
        self._missing = len(texts)
        self._loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Vectors] = self._loop.create_future()

    @property
    def turns(self) -> int:
        """Number of texts that wait."""
        return len(self.texts) - self._next

    @property
    def size(self) -> int:
        """Characters of the next text."""
        return len(self.texts[self._next])

    def take(self) -> _Text:
        """Return the next text."""
        self._next += 1
        return _Text(self, self._next - 1)

    def fill(self, row: int, vector: Vectors) -> None:
        """Store a vector; the last one answers the request."""
        self.vectors[row] = vector
        self._missing -= 1
        if not self._missing:
            self._tell(lambda: self.answer.set_result(self.vectors))

    def fail(self, error: Exception) -> None:
        """Answer the request with an error."""
        self._tell(lambda: self.answer.set_exception(error))

    def left(self) -> Load:
        """Return the remaining work, without texts under way."""
        rest = self.texts[self._next :]
        return Load(len(rest), sum(map(_size, rest)))

    def _tell(self, tell: Callable[[], None]) -> None:
        def unless_gone() -> None:
            if not self.answer.done():
                tell()

        with contextlib.suppress(RuntimeError):  # the server has ended
            self._loop.call_soon_threadsafe(unless_gone)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text under computation."""

    request: _Request
    row: int

    @property
    def text(self) -> str:
        return self.request.texts[self.row]

    @property
    def load(self) -> Load:
        return Load(1, _size(self.text))


class _NobodyWaits(threading.Event):
    """An event that is set once all clients of a batch have disconnected."""

    def __init__(self, batch: Sequence[_Text]) -> None:
        super().__init__()
        self._requests = {text.request for text in batch}

    def is_set(self) -> bool:
        """Return whether all have disconnected."""
        return all(request.gone for request in self._requests)


class TextQueue:
    """Texts in the order of their turns, and the threads that compute them.

    A cancelled request leaves at once; only a text of it that is already under way is finished.

    Args:
        what: the texts' name in messages, in the plural.
        compute: the model.
        width: width of its vectors.
        batching: sizes of the model's batches.
        most: limit of waiting work.
    """

    def __init__(
        self, what: str, compute: Compute, *, width: int, batching: Batching, most: Load
    ) -> None:
        self._compute = compute
        self._width = width
        self._batching = batching
        self._queue: FairQueue[_Request] = FairQueue()
        self._room = Room(what, most)
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"serve-{what}-{number}", daemon=True)
            for number in range(batching.calls)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> Load:
        """The work that waits or runs."""
        with self._changed:
            return self._room.waiting

    async def vectors(self, texts: Sequence[str], *, task: str = "") -> Vectors:
        """Return the vectors of texts, in order.

        Raises:
            RefusalError: there is no room for them now (429).
            KnowledgeBaseError: the model raises it.
        """
        if not texts:
            return np.empty((0, self._width), dtype=np.float32)
        request = _Request(texts, task, width=self._width)
        with self._changed:
            self._room.enter(request.client, request.left())
            self._queue.put(request)
            self._changed.notify()
        try:
            return await request.answer
        except asyncio.CancelledError:
            self._forget(request)
            raise

    def close(self) -> None:
        """Wait for the present computation; discard waiting texts."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _forget(self, request: _Request) -> None:
        with self._changed:
            request.gone = True
            self._queue.remove(request)
            self._room.leave(request.client, request.left(), done=False)
            request.texts = request.texts[: len(request.texts) - request.turns]

    def _work(self) -> None:
        while batch := self._next_batch():
            self._finish(batch)

    def _next_batch(self) -> list[_Text]:
        """Wait for texts and return the next ones; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            batch: list[_Text] = []
            characters = 0
            while not self._closed and (request := self._queue.first()) is not None:
                characters += request.size
                other = batch and request.sort != batch[0].request.sort
                if batch and (other or characters > self._batching.characters):
                    break
                batch.append(request.take())
                self._queue.took_turn(request)
                if len(batch) == self._batching.texts:
                    break
            if self._queue:
                self._changed.notify()
            return batch

    def _finish(self, batch: list[_Text]) -> None:
        """Compute a batch; if that fails, compute each request by itself."""
        try:
            with stoppable(_NobodyWaits(batch)):
                vectors = self._compute([each.text for each in batch], batch[0].request.sort)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self._finish_apart(batch, error)
            return
        with self._changed:
            for each in batch:
                self._room.leave(each.request.client, each.load)
        for each, vector in zip(batch, vectors, strict=True):
            each.request.fill(each.row, vector)

    def _finish_apart(self, batch: list[_Text], error: Exception) -> None:
        requests = list(dict.fromkeys(each.request for each in batch))
        if len(requests) > 1:
            _log.info("a batch of %d requests failed, each is tried by itself", len(requests))
            for request in requests:
                self._finish([each for each in batch if each.request is request])
            return
        with self._changed:
            for each in batch:
                self._room.leave(each.request.client, each.load, done=False)
        if not requests[0].gone:
            self._forget(requests[0])
        requests[0].fail(error)


def _size(text: str) -> int:
    """Return the bytes of a text in memory, without Python's overhead."""
    return len(text) if text.isascii() else 2 * len(text)
