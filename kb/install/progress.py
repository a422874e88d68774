"""The progress line of a long step, on a terminal and in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

PLAIN_EVERY_S = 10.0


class Progress:
    """Shows one step at a time: a line that rewrites itself, or now and then a plain line."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._live = self._stream.isatty()
        self._clock = clock
        self._text = ""
        self._started = self._last_shown = clock()

    def start(self, text: str) -> None:
        """Begin a step, and its clock."""
        self._text = text
        self._started = self._last_shown = self._clock()
        self._write(text if self._live else f"{text}\n")

    def update(self, text: str) -> None:
        """Show the progress of the step."""
        self._text = text
        self.tick()

    def tick(self) -> None:
        """Show the passed time; call it about once a second, even without news."""
        now = self._clock()
        if self._live:
            self._write(f"{self._text}, {self._elapsed()}")
        elif now - self._last_shown >= PLAIN_EVERY_S:
            self._last_shown = now
            self._write(f"{self._text}, {self._elapsed()}\n")

    def done(self, text: str) -> None:
        """End the step with its result."""
        self._write(f"{text} ({self._elapsed()})\n")

    def note(self, text: str) -> None:
        """Show a message that is not progress."""
        self._write(f"{text}\n")

    def _elapsed(self) -> str:
        minutes, seconds = divmod(int(self._clock() - self._started), 60)
        return f"{minutes}:{seconds:02d}"

    def _write(self, text: str) -> None:
        # On a terminal: return to the start of the line and erase it.
        self._stream.write(f"\r\x1b[2K{text}" if self._live else text)
        self._stream.flush()
