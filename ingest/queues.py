"""A queue bounded by weight, so that memory is bounded whatever the documents' sizes."""

from __future__ import annotations

import threading
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
