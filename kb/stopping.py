"""Work that is to end early: whoever asks for that sets an event, long work looks at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_nobody_waits: ContextVar[threading.Event | None] = ContextVar("_nobody_waits", default=None)


class StoppedError(Exception):
    """Ends work whose result nobody will see, so it is no error that anybody meets."""


class Cancellation(threading.Event):
    """A piece of work's own event, which is also set when the caller's is.

    A failure ends that work only; whoever is asked to end ends all of it.
    """

    def __init__(self, outer: threading.Event | None) -> None:
        super().__init__()
        self._outer = outer

    def is_set(self) -> bool:
        """Say whether this work is to end."""
        return super().is_set() or (self._outer is not None and self._outer.is_set())


@contextmanager
def stoppable(nobody_waits: threading.Event) -> Iterator[None]:
    """Have the work of the block, in this thread, end soon after the event is set."""
    before = _nobody_waits.set(nobody_waits)
    try:
        yield
    finally:
        _nobody_waits.reset(before)


def checkpoint() -> Callable[[], None]:
    """Return what the present work calls between texts, from any of its threads.

    The function raises :class:`StoppedError` once nobody waits for the work. It does nothing in
    work that was not made stoppable.
    """
    nobody_waits = _nobody_waits.get()

    def check() -> None:
        if nobody_waits is not None and nobody_waits.is_set():
            raise StoppedError

    return check


def rest(seconds: float) -> None:
    """Wait, and end early with :class:`StoppedError` once nobody waits for the present work."""
    nobody_waits = _nobody_waits.get()
    if nobody_waits is None:
        time.sleep(seconds)
    elif nobody_waits.wait(seconds):
        raise StoppedError
