"""Ctrl-C and SIGTERM as something to look at, not as an exception at any moment.

A KeyboardInterrupt can strike between taking a lock and remembering it, in a callback that cannot
pass it on, or while the interpreter shuts down. Here a signal only sets an event, which everything
that takes long looks at. A thread watches, because Python's own handlers wait for the main thread
to come back from C: loading a large model may take a minute.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field

# Programs that start others often pass on a signal that the terminal has sent already.
_SAME_KEY_PRESS_S = 0.5
_SHOW_CURSOR = b"\x1b[?25h"


@dataclass(slots=True)
class Interruption:
    """Whether this process was asked to end, and how its exit says so.

    Attributes:
        event: set by the first signal.
        status: the exit status for it: 128 and the signal's number, 130 for Ctrl-C.
    """

    event: threading.Event = field(default_factory=threading.Event)
    status: int = 128 + signal.SIGINT

    def watch(self) -> None:
        """Handle signals from now on; in the main thread of a program's process, once.

        The first asks everything to end. A later one ends the process at once: the store
        survives that as it survives a power cut, and workers die with their parent.
        """
        numbers, wake = os.pipe()
        os.set_blocking(wake, False)  # a full pipe has said enough
        threading.Thread(target=self._listen, args=(numbers,), name="signals", daemon=True).start()
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            # A shell that starts a program in the background has its Ctrl-C ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _left_to_the_thread)

    def _listen(self, numbers: int) -> None:
        first = 0.0
        while number := os.read(numbers, 1):
            if number[0] not in (signal.SIGINT, signal.SIGTERM):
                continue
            if not self.event.is_set():
                first = time.monotonic()
                self.status = 128 + number[0]
                self.event.set()
                _say("interrupted; what is under way is finished, again ends at once")
            elif time.monotonic() - first > _SAME_KEY_PRESS_S:
                _say("ended at once; run the same command again to go on")
                os._exit(self.status)


class Cancellation(threading.Event):
    """A run's own event, which is also set when the caller's is: a failure ends one run only."""

    def __init__(self, outer: threading.Event | None) -> None:
        super().__init__()
        self._outer = outer

    def is_set(self) -> bool:
        """Say whether this run is to end."""
        return super().is_set() or (self._outer is not None and self._outer.is_set())


def _left_to_the_thread(_number: int, _frame: object) -> None:
    """Do nothing; without a handler of Python's, no byte would come through the pipe."""


def _say(line: str) -> None:
    # Not through sys.stderr, whose lock the main thread may hold for ever.
    shown = _SHOW_CURSOR if sys.stderr.isatty() else b""
    try:
        os.write(2, shown + line.encode() + b"\n")
    except OSError:  # a closed terminal
        return
