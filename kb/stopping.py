"""Early end of long work: the client sets an event, and the work checks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_nobody_waits: ContextVar[threading.Event | None] = ContextVar("_nobody_waits", default=None)


class StoppedError(Exception):
    """Ends work whose result nobody awaits; no user meets it."""


class Cancellation(threading.Event):
    """An event for one piece of work, which is also set once the caller's event is.

    A failure ends only this work. The caller's event ends all work.
    """

    def __init__(self, outer: threading.Event | None) -> None:
        super().__init__()
        self._outer = outer

    def is_set(self) -> bool:
        """Return whether this work should end."""
        return super().is_set() or (self._outer is not None and self._outer.is_set())


@contextmanager
def stoppable(nobody_waits: threading.Event) -> Iterator[None]:
    """Let the block's work, in this thread, end soon after the event is set."""
    before = _nobody_waits.set(nobody_waits)
    try:
        yield
    finally:
        _nobody_waits.reset(before)


def checkpoint() -> Callable[[], None]:
    """Return the function that the current work calls between texts, from any of its threads.

    It raises :class:`StoppedError` once nobody waits for the work. Outside of :func:`stoppable` it
    does nothing.
    """
    nobody_waits = _nobody_waits.get()

    def check() -> None:
        if nobody_waits is not None and nobody_waits.is_set():
            raise StoppedError

    return check


def rest(seconds: float) -> None:
    """Wait; raise :class:`StoppedError` early once nobody waits for the current work."""
    nobody_waits = _nobody_waits.get()
    if nobody_waits is None:
        time.sleep(seconds)
    elif nobody_waits.wait(seconds):
        raise StoppedError
