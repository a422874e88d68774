"""A gate before a resource that many threads share and one may close."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Many calls share the resource, or one closes it once no call is running."""

    def __init__(self) -> None:
        self.mutex = threading.RLock()
        self._changed = threading.Condition(self.mutex)
        self._inside = 0
        self._waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Pass the gate together with others."""
        with self._changed:
            # A caller who wants to be alone goes first; a stream of queries would keep it out
            # forever.
            self._changed.wait_for(lambda: self._waiting == 0)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Pass the gate once nobody else is behind it, and keep others out meanwhile."""
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._inside == 0)
                yield
            finally:
                self._waiting -= 1
                self._changed.notify_all()
