"""Checks passwords: few hashes at a time, and with delays against guessing.

A hash takes 64 MiB, so two are computed at once and the other attempts wait in a queue. A wrong
attempt delays the next one of its browser session. Many wrong ones delay those of their address.
Nothing but delays happens: a person with the password gets in, whatever others guess.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

MOST_HASHES = 2
MOST_WAITING = 256
FREE_OF_ADDRESS = 5
"""Wrong attempts of one address without delay: the people behind it mistype, too."""
MOST_SESSION_DELAY_S = 8.0
MOST_ADDRESS_DELAY_S = 4.0
FORGOTTEN_S = 900.0

_MOST_ADDRESSES = 4096
_IPV6_NETWORK = 64  # the size that providers give one customer


class BusyError(Exception):
    """The queue is full of attempts from the same address."""


@dataclass(eq=False, slots=True)
class _Ticket:
    address: str
    ready_at: float
    turned_away: bool = False


class Attempts:
    """The attempts of all visitors of this process. Thread-safe.

    Args:
        most_waiting: attempts that wait at once.
        unit_s: seconds of the first delay.
        clock: seconds, rising.
    """

    def __init__(
        self,
        *,
        most_waiting: int = MOST_WAITING,
        unit_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_waiting = most_waiting
        self._unit_s = unit_s
        self._clock = clock
        self._turn = threading.Condition()
        self._waiting: list[_Ticket] = []
        self._hashing = 0
        self._counts: dict[str, tuple[int, float]] = {}

    def delay_s(self, address: str, wrong: int) -> float:
        """Return how long the next attempt waits, seconds.

        Args:
            address: its origin.
            wrong: wrong attempts of its browser session so far.
        """
        with self._turn:
            count = self._count(_network(address))
        session = min(2.0 ** (wrong - 1), MOST_SESSION_DELAY_S) if wrong else 0.0
        over = count - FREE_OF_ADDRESS
        of_address = min(2.0 ** (over - 1), MOST_ADDRESS_DELAY_S) if over >= 0 else 0.0
        return self._unit_s * max(session, of_address)

    def check(self, is_right: Callable[[], bool], *, address: str, wrong: int) -> bool:
        """Wait for this attempt's turn, hash, and return whether the password is right.

        The attempt counts as wrong from the start, so that many at once cannot avoid the delay. A
        right one is then subtracted.

        Args:
            is_right: hashes and compares.
            address: origin of the attempt.
            wrong: wrong attempts of its browser session so far.

        Raises:
            BusyError: too many attempts of the same address wait; nothing was hashed.
        """
        delay_s = self.delay_s(address, wrong)
        network = _network(address)
        with self._turn:
            self._note(network, 1)
            ticket = self._enter(network, self._clock() + delay_s)
            self._wait(ticket)
            self._hashing += 1
        try:
            right = is_right()
        finally:
            with self._turn:
                self._hashing -= 1
                self._turn.notify_all()
        if right:
            with self._turn:
                self._note(network, -1)
        return right

    def _enter(self, network: str, ready_at: float) -> _Ticket:
        """Join the queue; if it is full, the address with most attempts loses one."""
        if len(self._waiting) >= self._most_waiting:
            shares = Counter(ticket.address for ticket in self._waiting)
            shares[network] += 1
            most = max(shares.values())
            if shares[network] == most:
                raise BusyError
            for ticket in reversed(self._waiting):
                if shares[ticket.address] == most:
                    ticket.turned_away = True
                    self._waiting.remove(ticket)
                    self._turn.notify_all()
                    break
        ticket = _Ticket(network, ready_at)
        self._waiting.append(ticket)
        return ticket

    def _wait(self, ticket: _Ticket) -> None:
        """Wait until it is this ticket's turn, and leave the queue."""
        while True:
            if ticket.turned_away:
                raise BusyError
            now = self._clock()
            if ticket.ready_at > now:
                self._turn.wait(ticket.ready_at - now)
                continue
            ready = (other for other in self._waiting if other.ready_at <= now)
            if self._hashing < MOST_HASHES and min(ready, key=_since) is ticket:
                self._waiting.remove(ticket)
                self._turn.notify_all()  # the next one may have finished first
                return
            self._turn.wait()

    def _count(self, network: str) -> int:
        count, since = self._counts.get(network, (0, 0.0))
        return count if self._clock() - since < FORGOTTEN_S else 0

    def _note(self, network: str, more: int) -> None:
        count = self._count(network) + more
        self._counts.pop(network, None)  # so that the oldest comes first
        if count > 0:
            self._counts[network] = (count, self._clock())
        while len(self._counts) > _MOST_ADDRESSES:
            del self._counts[next(iter(self._counts))]


def _since(ticket: _Ticket) -> float:
    return ticket.ready_at


def _network(address: str) -> str:
    """Return the unit that counts as one visitor: an IPv4 address, a network of IPv6 addresses."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if known.version == 4:  # noqa: PLR2004 - of the internet protocol
        return str(known)
    return str(ipaddress.ip_network((known, _IPV6_NETWORK), strict=False))
