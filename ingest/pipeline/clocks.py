"""Measures when each stage of a run is busy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

# A timeline's number of bins before neighbours are joined, and their width at first.
_BINS = 400
_FIRST_WIDTH_S = 0.05


class BusyClock:
    """Measures how long at least one thread was inside ``with clock:``, and when.

    Memory is constant: the clock stores time in bins, and joins them in pairs as a run grows
    longer.

    Args:
        now: returns seconds; the clock's zero is its creation.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._mutex = threading.Lock()
        self._zero = now()
        self._inside = 0
        self._since = 0.0
        self._first: float | None = None
        self._last = 0.0
        self._total = 0.0
        self._width = _FIRST_WIDTH_S
        self._bins = [0.0] * _BINS

    def __enter__(self) -> None:
        with self._mutex:
            if self._inside == 0:
                self._since = self._now() - self._zero
                if self._first is None:
                    self._first = self._since
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._mutex:
            self._inside -= 1
            if self._inside == 0:
                self._last = self._now() - self._zero
                self._total += self._last - self._since
                self._fill(self._since, self._last)

    @property
    def seconds(self) -> float:
        """Total busy time."""
        return self._total

    @property
    def share(self) -> float:
        """Busy time as a share of the time from the first entry to the last exit."""
        if self._first is None or self._last <= self._first:
            return 0.0
        return self._total / (self._last - self._first)

    def timeline(self, seconds: float, parts: int) -> tuple[float, ...]:
        """Return the busy share of each of ``parts`` equal parts of the first ``seconds``.

        Each in [0, 1]; the precision is a bin (a 400th of the run).
        """
        part = seconds / parts
        if part <= 0:
            return (0.0,) * parts
        with self._mutex:
            busy = [0.0] * parts
            for number, amount in enumerate(self._bins):
                middle = (number + 0.5) * self._width
                if amount:
                    busy[min(parts - 1, int(middle / part))] += amount
            return tuple(min(1.0, amount / part) for amount in busy)

    def _fill(self, start: float, end: float) -> None:
        while end >= self._width * _BINS:
            halves = zip(self._bins[::2], self._bins[1::2], strict=True)
            self._bins = [*(a + b for a, b in halves), *([0.0] * (_BINS // 2))]
            self._width *= 2
        number = int(start / self._width)
        while start < end:
            stop = min(end, (number + 1) * self._width)
            self._bins[number] += stop - start
            start, number = stop, number + 1


@dataclass(frozen=True, slots=True)
class StageClocks:
    """A clock for each stage of a run; their zeros agree to microseconds."""

    reading: BusyClock
    splitting: BusyClock
    embedding: BusyClock
    storing: BusyClock

    @classmethod
    def start(cls) -> StageClocks:
        """Create the clocks at the beginning of a run."""
        return cls(BusyClock(), BusyClock(), BusyClock(), BusyClock())

    def timeline(self, seconds: float, parts: int) -> dict[str, tuple[float, ...]]:
        """Return each stage's busy shares: see :meth:`BusyClock.timeline`."""
        return {
            "reading": self.reading.timeline(seconds, parts),
            "splitting": self.splitting.timeline(seconds, parts),
            "embedding": self.embedding.timeline(seconds, parts),
            "storing": self.storing.timeline(seconds, parts),
        }
