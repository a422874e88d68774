"""The effect of Ctrl-C and SIGTERM on a program, so that none ends with a traceback.

The first signal asks the program to end, a later one ends it at once. The store survives the latter
as it survives a power cut. An exception unwinds most commands (:func:`unwind_once`). An ingest run
checks an event instead (:class:`Interruption`): an exception could strike between taking a lock and
remembering it, or in a callback that cannot pass it on. Programs install these handlers before any
other import, so this module imports nothing heavy.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Programs that start others often pass on a signal that the terminal has already sent to both.
_SAME_KEY_PRESS_S = 0.5
_SHOW_CURSOR = b"\x1b[?25h"

_clean_ups: list[Callable[[], None]] = []


def end_at_once() -> None:
    """Let signals end the process at once, with 128 plus the signal's number as exit status.

    For the time in which nothing needs cleaning up: while modules are imported.
    """
    _handle(_exit)


def unwind_once() -> None:
    """Let the first signal unwind the main thread; a later one ends the process at once."""

    def unwind(number: int, _: FrameType | None) -> NoReturn:
        _handle(_exit)
        raise SystemExit(128 + number)

    def on_swallowed(args: sys.UnraisableHookArgs) -> None:
        if isinstance(args.exc_value, SystemExit):
            # It struck in a callback or a destructor, which cannot pass an exception on.
            _end(_status(args.exc_value))
        sys.__unraisablehook__(args)

    sys.unraisablehook = on_swallowed
    _handle(unwind)


@dataclass(slots=True)
class Interruption:
    """Whether a signal asked this process to end, and the exit status for it.

    Attributes:
        event: set by the first signal.
        status: the exit status: 128 plus the signal's number, 130 for Ctrl-C.
    """

    event: threading.Event = field(default_factory=threading.Event)
    status: int = 128 + signal.SIGINT

    def watch(self) -> None:
        """Handle signals from now on; call it once, in the main thread of a program's process.

        The first signal asks everything to end. A later one ends the process at once, and workers
        die with their parent. A thread watches for signals: Python's own handlers wait until the
        main thread returns from C code, and loading a large model may take a minute.
        """
        numbers, wake = os.pipe()
        os.set_blocking(wake, False)  # a full pipe already holds a signal
        threading.Thread(target=self._listen, args=(numbers,), name="signals", daemon=True).start()
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        _handle(_left_to_the_thread)

    def _listen(self, numbers: int) -> None:
        first = 0.0
        while number := os.read(numbers, 1):
            if number[0] not in _SIGNALS:
                continue
            if not self.event.is_set():
                first = time.monotonic()
                self.status = 128 + number[0]
                self.event.set()
                _say("interrupted; finishing the work under way (once more ends at once)")
            elif time.monotonic() - first > _SAME_KEY_PRESS_S:
                _say("ended at once; run the same command again to go on")
                _end(self.status)


@contextmanager
def kept() -> Iterator[None]:
    """Restore the signal handlers after the block.

    Some libraries install handlers of their own. Only the main thread can change handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def ignore() -> None:
    """Ignore signals: only the interpreter is left to shut down."""
    _handle(signal.SIG_IGN)


@contextmanager
def cleaning_up(clean_up: Callable[[], None]) -> Iterator[None]:
    """Call ``clean_up`` if a signal ends the process at once during the block."""
    _clean_ups.append(clean_up)
    try:
        yield
    finally:
        _clean_ups.remove(clean_up)


def _handle(handler: signal._HANDLER) -> None:
    for number in _SIGNALS:
        # A shell starts background programs with Ctrl-C ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _left_to_the_thread(_number: int, _frame: object) -> None:
    """Do nothing; without a Python handler no byte would arrive in the pipe."""


def _exit(number: int, _: FrameType | None) -> NoReturn:
    _end(128 + number)


def _end(status: int) -> NoReturn:
    for clean_up in _clean_ups:
        with suppress(Exception):  # the process ends in any case
            clean_up()
    os._exit(status)


def _status(error: SystemExit) -> int:
    return error.code if isinstance(error.code, int) else 1


def _say(line: str) -> None:
    # Not through sys.stderr: the main thread may hold its lock forever.
    shown = _SHOW_CURSOR if sys.stderr.isatty() else b""
    with suppress(OSError):  # a closed terminal
        os.write(2, shown + line.encode() + b"\n")
