"""An object that is opened at its first use, kept, and closed at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """An object that :class:`Lazy` can keep."""

    def close(self) -> None:
        """Free the object's resources."""
        ...


T = TypeVar("T", bound=Closable)


class Lazy(Generic[T]):
    """Opens an object once, at its first use. Thread-safe.

    Args:
        open_it: opens the object.
        given: an object to use instead, if any; its owner closes it.
    """

    def __init__(self, open_it: Callable[[], T], *, given: T | None = None) -> None:
        self._open = open_it
        self._opened = given
        self._owned = given is None
        self._mutex = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the object is open, or was given."""
        return self._opened is not None

    def get(self) -> T:
        """Return the object, opening it if needed.

        An error of ``open_it`` passes through; the next call tries again.
        """
        with self._mutex:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def close(self) -> None:
        """Close the object if it is open; the next use opens it again."""
        with self._mutex:
            if self._owned and self._opened is not None:
                self._opened.close()
                self._opened = None
