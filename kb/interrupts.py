"""What Ctrl-C and SIGTERM do to a command, so that none ends with a traceback.

Imports nothing heavy: it is in place before anything else is imported.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_clean_ups: list[Callable[[], None]] = []


def end_at_once() -> None:
    """Have signals end the process at once, with 128 and the signal's number as exit status.

    For as long as there is nothing to wind up: while modules are imported.
    """
    _handle(_exit)


def unwind_once() -> None:
    """Have the first signal unwind the main thread; a later one ends the process at once.

    The store survives the latter as it survives a power cut.
    """

    def unwind(number: int, _: FrameType | None) -> NoReturn:
        _handle(_exit)
        raise SystemExit(128 + number)

    def on_swallowed(args: sys.UnraisableHookArgs) -> None:
        if isinstance(args.exc_value, SystemExit):
            # It struck in a callback or a destructor, from where it cannot unwind anything.
            _end(_status(args.exc_value))
        sys.__unraisablehook__(args)

    sys.unraisablehook = on_swallowed
    _handle(unwind)


def ignore() -> None:
    """Let signals do nothing: there is only the interpreter left to shut down."""
    _handle(signal.SIG_IGN)


@contextmanager
def cleaning_up(clean_up: Callable[[], None]) -> Iterator[None]:
    """Have ``clean_up`` called if a signal ends the process at once while the block runs."""
    _clean_ups.append(clean_up)
    try:
        yield
    finally:
        _clean_ups.remove(clean_up)


def _handle(handler: signal._HANDLER) -> None:
    for number in _SIGNALS:
        # A shell that starts a program in the background has its Ctrl-C ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _exit(number: int, _: FrameType | None) -> NoReturn:
    _end(128 + number)


def _end(status: int) -> NoReturn:
    for clean_up in _clean_ups:
        with suppress(Exception):  # the process ends, come what may
            clean_up()
    os._exit(status)


def _status(error: SystemExit) -> int:
    return error.code if isinstance(error.code, int) else 1
