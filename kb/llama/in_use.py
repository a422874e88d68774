"""Keeps a model in memory for as long as somebody is using it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kb.errors import ModelCallError


class InUse:
    """Counts who is inside, so that closing can wait for them. Thread-safe.

    A model that is freed while another thread reads its vocabulary ends the whole process.

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
        """Be inside for the block.

        Raises:
            ModelCallError: it is being closed, or was.
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
        """Whether nobody is let in any more."""
        with self._changed:
            return self._closing

    def shut(self) -> bool:
        """Let nobody in from now on; False if that was so already."""
        with self._changed:
            first = not self._closing
            self._closing = True
            return first

    def wait(self) -> None:
        """Wait until nobody is inside."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside == 0)

    def closed(self) -> ModelCallError:
        """Return the error of those who come too late."""
        return ModelCallError(f"the {self._what} is closed; open the knowledge base again")
