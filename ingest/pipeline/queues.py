"""Connections between the stages of a run: channels, and the budget that limits memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Channel(Generic[T]):
    """First in, first out. After :meth:`close` the remaining items can still be taken.

    It has room for everything: the :class:`Budget` limits the amount under way.
    """

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T) -> bool:
        """Add an item; return False if the channel is closed."""
        with self._changed:
            if self._closed:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def get(self) -> T | None:
        """Take the next item, waiting for one; None if the channel is closed and empty."""
        return next(iter(self.get_group(lambda _: 1, at_most=1)), None)

    def get_group(
        self, weigh: Callable[[T], int], *, at_most: int, patience_s: float = 0.0
    ) -> list[T]:
        """Take items until they weigh ``at_most`` or more, at least one; wait for the first.

        Args:
            weigh: returns an item's weight.
            at_most: a sufficient weight; the last item may exceed it.
            patience_s: seconds to wait for more after the first.

        Returns:
            The items in order; an empty list when the channel is closed and empty.
        """
        group: list[T] = []
        weight = 0
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._items))
            deadline = time.monotonic() + patience_s
            while weight < at_most:
                if not self._items:
                    left = deadline - time.monotonic()
                    if self._closed or left <= 0 or not self._changed.wait(left):
                        break
                    continue
                group.append(self._items.popleft())
                weight += weigh(group[-1])
        return group

    def close(self) -> None:
        """Accept no more items."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Accept no more items and drop the present ones."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()


class Budget:
    """Limits the weight of everything between a file's reading and its commit.

    It admits an item of any weight while less than the capacity is inside. So the next file is read
    while a small rest is embedded. The weight inside is therefore less than the capacity plus one
    item.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._inside = 0
        self._changed = threading.Condition()

    @property
    def inside(self) -> int:
        """Weight of what is under way."""
        return self._inside

    def enter(self, weight: int, *, timeout_s: float) -> bool:
        """Admit a weight after waiting for room; return False if there was none in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._inside < self._capacity, timeout_s):
                return False
            self._inside += weight
            return True

    def widen(self, capacity: int) -> None:
        """Raise the capacity."""
        with self._changed:
            self._capacity = max(self._capacity, capacity)
            self._changed.notify_all()

    def leave(self, weight: int) -> None:
        """Release a weight; a negative one corrects an estimate that was too low."""
        with self._changed:
            self._inside -= weight
            self._changed.notify_all()
