"""Limits of waiting work, in all and for one client, and the time until there is room."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from kb.server.errors import RETRY_AFTER_S, RefusalError

SHARE = 3
"""A client's waiting work may be this many times the free room. So another client always finds some
room, and a client alone gets three quarters of all."""

_MEMORY_S = 30.0
"""Seconds after which a measurement has half its weight."""

_LONGEST_S = 3600


@dataclass(frozen=True, slots=True)
class Load:
    """An amount of work: texts or other items, and their bytes."""

    texts: int
    size: int = 0

    def __add__(self, other: Load) -> Load:
        """Return the sum."""
        return Load(self.texts + other.texts, self.size + other.size)

    def __sub__(self, other: Load) -> Load:
        """Return the difference."""
        return Load(self.texts - other.texts, self.size - other.size)


class Rate:
    """The rate of work per second while there is work.

    Args:
        clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._seconds = 0.0
        self._texts = 0.0
        self._size = 0.0

    def begin(self) -> None:
        """Note that work begins again."""
        self._since = self._clock()

    def note(self, done: Load) -> None:
        """Note work done since the last note, or since work began."""
        now = self._clock()
        passed, self._since = now - self._since, now
        kept = 0.5 ** (passed / _MEMORY_S)
        self._seconds = self._seconds * kept + passed
        self._texts = self._texts * kept + done.texts
        self._size = self._size * kept + done.size

    def seconds_for(self, load: Load) -> float:
        """Return the seconds that this amount takes; 0 without measurements."""
        each = [(load.texts, self._texts), (load.size, self._size)]
        return max((self._seconds * part / done for part, done in each if part and done), default=0)


class Room:
    """Waiting work and its limits. Use it under its owner's lock.

    Args:
        what: the work's name in messages, in the plural.
        most: limit of all waiting work, including the present computation.
        clock: returns seconds.
    """

    def __init__(
        self, what: str, most: Load, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._most = most
        self._all = Load(0)
        self._texts_of: Counter[str] = Counter()
        self._size_of: Counter[str] = Counter()
        self.rate = Rate(clock)

    @property
    def waiting(self) -> Load:
        """The work that waits or runs."""
        return self._all

    def enter(self, client: str, load: Load) -> None:
        """Admit work. Work without a competitor may have any size.

        Raises:
            RefusalError: there is no room now (429); names the seconds to wait.
        """
        if not self._all.texts:
            self.rate.begin()
        elif excess := self._excess(client, load):
            raise self._full(client, load, excess)
        self._all += load
        self._texts_of[client] += load.texts
        self._size_of[client] += load.size

    def leave(self, client: str, load: Load, *, done: bool = True) -> None:
        """Remove work; only ``done`` work counts for the rate."""
        if done:
            self.rate.note(load)
        self._all -= load
        self._texts_of[client] -= load.texts
        self._size_of[client] -= load.size
        if not self._texts_of[client]:
            self._texts_of.pop(client, None)
            self._size_of.pop(client, None)

    def _excess(self, client: str, load: Load) -> Load | None:
        """Return the work to finish before this amount has room; None if it has room now."""
        texts = self._too_much(
            self._texts_of[client], self._all.texts, load.texts, self._most.texts
        )
        size = self._too_much(self._size_of[client], self._all.size, load.size, self._most.size)
        return Load(texts, size) if texts or size else None

    def _too_much(self, own: int, everybody: int, more: int, most: int) -> int:
        left = most - everybody - more
        # Each finished item of a client gives it SHARE more places and uses up one. Items of other
        # clients finish in between.
        share = math.ceil((own + more - SHARE * left) / (SHARE + 1)) * len(self._texts_of)
        return min(max(0, -left, share if own else 0), everybody)

    def _full(self, client: str, load: Load, excess: Load) -> RefusalError:
        seconds = math.ceil(round(self.rate.seconds_for(excess), 3))
        seconds = min(max(seconds, RETRY_AFTER_S), _LONGEST_S)
        msg = (
            f"there is no room for {load.texts:,} more {self._what}: {self._all.texts:,} wait, "
            f"{self._texts_of[client]:,} of them yours, and {self._most.texts:,} may at most, "
            f"three quarters of them of one client; try again in {seconds:,} s"
        )
        return RefusalError(
            HTTPStatus.TOO_MANY_REQUESTS,
            msg,
            code="too_many_requests",
            headers={"Retry-After": str(seconds)},
        )
