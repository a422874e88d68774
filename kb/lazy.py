"""Something that is opened when it is first needed, kept, and closed at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What :class:`Lazy` keeps."""

    def close(self) -> None:
        """Free what it holds."""
        ...


T = TypeVar("T", bound=Closable)


class Lazy(Generic[T]):
    """Calls ``open_it`` once, at the first use. Thread-safe.

    Args:
        open_it: makes it.
        given: used instead, if there is one; it stays its owner's to close.
    """

    def __init__(self, open_it: Callable[[], T], *, given: T | None = None) -> None:
        self._open = open_it
        self._opened = given
        self._owned = given is None
        self._mutex = threading.Lock()

    def get(self) -> T:
        """Return it; raises what opening it raises, and tries again at the next call."""
        with self._mutex:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def close(self) -> None:
        """Close it if it was opened; it is opened again when needed."""
        with self._mutex:
            if self._owned and self._opened is not None:
                self._opened.close()
                self._opened = None
