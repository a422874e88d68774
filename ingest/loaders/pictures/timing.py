"""Tells whoever keeps the time when a loader is reading a picture.

Reading a page by OCR takes seconds where text takes milliseconds. The sandbox gives every such
page a budget of its own and stops a file's clock meanwhile; this module carries the two calls
from deep inside a loader to the worker, without every loader's signature knowing of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_listener: ContextVar[Callable[[bool], None] | None] = ContextVar("picture_time", default=None)


@contextlib.contextmanager
def listening(listener: Callable[[bool], None]) -> Iterator[None]:
    """Have ``listener`` called with True when a picture begins and with False when it ends."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextlib.contextmanager
def reading_picture() -> Iterator[None]:
    """Mark the time spent inside as time spent on one picture."""
    listener = _listener.get()
    if listener is None:
        yield
        return
    listener(True)  # noqa: FBT003 - its one meaning is in the name
    try:
        yield
    finally:
        listener(False)  # noqa: FBT003 - likewise
