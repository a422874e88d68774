"""Present visitors: open connections, and the admitted sessions among them.

The gate knows connections; the page knows passwords. The gate puts a mark into the headers of each
connection. The page reads the mark, and reports with it which session was admitted.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field

from ui.incoming import Incoming

HEADER = "x-shelfmark-visit"
"""Header with the gate's mark of a connection, for the page."""
MOST_STRANGERS = 100
"""Most connections at once that are not admitted; 60 people and more log in at the same moment."""
MOST_VISITS = 512


@dataclass(eq=False, slots=True)
class Visit:
    """One connection. ``ended`` is set if the gate has to close it."""

    address: str
    mark: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    session: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Visits:
    """The connections of this process. Thread-safe.

    Args:
        most_strangers: most connections at once that are not admitted.
        most: most connections at once.
    """

    def __init__(self, *, most_strangers: int = MOST_STRANGERS, most: int = MOST_VISITS) -> None:
        self._most_strangers = most_strangers
        self._most = most
        self._mutex = threading.Lock()
        self._open: dict[str, Visit] = {}
        self._admitted: dict[str, Incoming] = {}
        self._used: set[Incoming] = set()

    def arrive(self, address: str) -> Visit | None:
        """Record a new connection; return None if there are too many.

        If too many wait for admission, the oldest of the address with most of them closes. For the
        event loop.
        """
        with self._mutex:
            strangers = [visit for visit in self._open.values() if not visit.session]
            if len(self._open) - len(strangers) >= self._most:
                return None
            if len(strangers) >= self._most_strangers:
                shares = Counter(visit.address for visit in strangers)
                most = max(shares.values())
                oldest = next(visit for visit in strangers if shares[visit.address] == most)
                oldest.ended.set()
                del self._open[oldest.mark]
            visit = Visit(address)
            self._open[visit.mark] = visit
            return visit

    def leave(self, visit: Visit) -> None:
        """Record the end of a connection."""
        with self._mutex:
            self._open.pop(visit.mark, None)

    def admit(self, mark: str, session: str, incoming: Incoming) -> None:
        """Record that a session may send files, which go to ``incoming``."""
        with self._mutex:
            if mark in self._open:
                self._open[mark].session = session
                self._admitted[session] = incoming
                self._used.add(incoming)

    def shut_out(self, session: str) -> None:
        """Record that a session may no longer send files; delete its waiting files."""
        with self._mutex:
            incoming = self._admitted.pop(session, None)
            for visit in self._open.values():
                if visit.session == session:
                    visit.session = ""
        if incoming is not None:
            incoming.forget(session)

    def expire(self, session: str) -> None:
        """End the admission of a session that has been without a connection for long enough."""
        with self._mutex:
            here = any(visit.session == session for visit in self._open.values())
        if not here:
            self.shut_out(session)

    def incoming(self, session: str) -> Incoming | None:
        """Return the files of a session; None if it is not admitted."""
        with self._mutex:
            return self._admitted.get(session)

    def close(self) -> None:
        """Delete the files of all sessions."""
        with self._mutex:
            self._admitted.clear()
            used, self._used = self._used, set()
        for incoming in used:
            incoming.close()


_installed: list[Visits] = []


def install(visits: Visits | None) -> None:
    """Set the visits of this process's page; None for none."""
    _installed[:] = [] if visits is None else [visits]


def installed() -> Visits | None:
    """Return the visits of this process's gate; None without a gate."""
    return _installed[0] if _installed else None
