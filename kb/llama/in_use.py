"""Keeps a model in memory for as long as a thread uses it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kb.errors import ModelCallError


class InUse:
    """Counts the users of a model, so that closing can wait for them. Thread-safe.

    Freeing a model while another thread reads its vocabulary crashes the process.

    Args:
        what: the model, for messages.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._changed = threading.Condition()
        self._inside = 0
        self._closing = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Count the caller as a user during the block.

        Raises:
            ModelCallError: the model is closing or closed.
        """
        with self._changed:
            if self._closing:
                raise self.closed()
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @property
    def closing(self) -> bool:
        """Whether new users are refused."""
        with self._changed:
            return self._closing

    def shut(self) -> bool:
        """Refuse new users from now on; return False if they were refused already."""
        with self._changed:
            first = not self._closing
            self._closing = True
            return first

    def wait(self) -> None:
        """Wait until there are no users."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside == 0)

    def closed(self) -> ModelCallError:
        """Return the error for users who come too late."""
        return ModelCallError(f"the {self._what} is closed; open the knowledge base again")
