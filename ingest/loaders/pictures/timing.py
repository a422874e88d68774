"""Reports to the time limit when a loader reads a picture.

Reading a page by OCR takes seconds; text takes milliseconds. The sandbox gives every such page a
time limit of its own and stops a file's clock meanwhile. This module passes the two calls from deep
inside a loader to the worker, so that loaders' signatures need not.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_listener: ContextVar[Callable[[bool], None] | None] = ContextVar("picture_time", default=None)


@contextlib.contextmanager
def listening(listener: Callable[[bool], None]) -> Iterator[None]:
    """Call ``listener`` with True when a picture begins and with False when it ends."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextlib.contextmanager
def reading_picture() -> Iterator[None]:
    """Count the time spent inside as time for one picture."""
    listener = _listener.get()
    if listener is None:
        yield
        return
    listener(True)  # noqa: FBT003 - its one meaning is in the name
    try:
        yield
    finally:
        listener(False)  # noqa: FBT003 - likewise
