"""A queue bounded by weight, so that memory is bounded whatever the documents' sizes."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class WeightedQueue(Generic[T]):
    """First in, first out; ``put`` waits while the weights inside exceed ``capacity``.

    One item heavier than the capacity is let in when the queue is empty. After :meth:`close`
    items that are inside can still be taken; after :meth:`abort` nothing can.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[tuple[int, T]] = deque()
        self._weight = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T, weight: int = 1) -> bool:
        """Add an item, waiting for room; return False if the queue was closed meanwhile."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or not self._items or self._weight + weight <= self._capacity
            )
            if self._closed:
                return False
            self._items.append((weight, item))
            self._weight += weight
            self._changed.notify_all()
            return True

    def get(self) -> T | None:
        """Take the next item, waiting for one; None when the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._items))
            return self._take()

    def get_now(self) -> T | None:
        """Take the next item if there is one."""
        with self._changed:
            return self._take()

    def close(self) -> None:
        """Take no more items."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Take no more items and drop those inside."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._weight = 0
            self._changed.notify_all()

    def _take(self) -> T | None:
        if not self._items:
            return None
        weight, item = self._items.popleft()
        self._weight -= weight
        self._changed.notify_all()
        return item


class BusyClock:
    """Measures how long at least one thread was inside ``with clock:``."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._inside = 0
        self._since = 0.0
        self._total = 0.0
        self._first: float | None = None
        self._last = 0.0

    def __enter__(self) -> None:
        with self._mutex:
            if self._inside == 0:
                self._since = time.monotonic()
                self._first = self._first or self._since
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._mutex:
            self._inside -= 1
            if self._inside == 0:
                self._last = time.monotonic()
                self._total += self._last - self._since

    @property
    def share(self) -> float:
        """Busy time as a share of the time from the first entry to the last exit."""
        if self._first is None or self._last <= self._first:
            return 0.0
        return self._total / (self._last - self._first)
