"""Chooses the server for the next request: the least busy one that is not set aside."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, Literal, Protocol, TypeVar

from kb.errors import ModelCallError
from kb.remote.failures import UnavailableError
from kb.retry import RetryPolicy

_log = logging.getLogger(__name__)

Lane = Literal["documents", "queries", "counts"]


class Named(Protocol):
    """A pool member; it needs only a name for messages."""

    @property
    def where(self) -> str:
        """The server's address."""
        ...


ServerT = TypeVar("ServerT", bound=Named)
ResultT = TypeVar("ResultT")


class _Member(Generic[ServerT]):
    """A server with its running requests and recent failures."""

    def __init__(self, server: ServerT, slots: dict[Lane, int]) -> None:
        self.server = server
        self._slots = slots
        self._busy: dict[Lane, int] = dict.fromkeys(slots, 0)
        self.failures = 0
        self.failed_at = float("-inf")
        self.aside_until = float("-inf")

    @property
    def outstanding(self) -> int:
        return sum(self._busy.values())

    def has_room(self, lane: Lane) -> bool:
        # A server that has failed is tried with one request, not with a full load.
        return self._busy[lane] < (1 if self.failures else self._slots[lane])

    def take(self, lane: Lane) -> None:
        self._busy[lane] += 1

    def free(self, lane: Lane) -> None:
        self._busy[lane] -= 1


class ServerPool(Generic[ServerT]):
    """Spreads requests over servers by least outstanding requests. Thread-safe.

    Documents, queries and token counts have separate slots at each server, so that a query never
    waits in this pool for a bulk ingest. A server that fails is set aside for a time that grows
    with its failures in a row. Meanwhile others take its work.

    Args:
        servers: the servers, at least one.
        slots: most parallel requests to one server, for each lane.
        policy: number of attempts and waiting times.
    """

    def __init__(
        self, servers: Sequence[ServerT], *, slots: dict[Lane, int], policy: RetryPolicy
    ) -> None:
        self._members = [_Member(server, slots) for server in servers]
        self._policy = policy
        self._changed = threading.Condition()
        self._closed = False

    @property
    def servers(self) -> list[ServerT]:
        """All servers, including those set aside."""
        return [member.server for member in self._members]

    def call(self, lane: Lane, work: Callable[[ServerT], ResultT]) -> ResultT:
        """Return the result of ``work`` at a server; retry elsewhere or later if it is down.

        Raises:
            ModelCallError: the server refused, or all attempts failed. The message quotes the last
                one.
        """
        policy = self._policy
        attempts = policy.attempts if lane == "documents" else policy.query_attempts
        last: UnavailableError | None = None
        tried: list[_Member[ServerT]] = []
        for attempt in range(attempts):
            # A query does not wait out a delay that a bulk ingest has caused: its first try is now.
            patient = lane == "documents" or attempt > 0
            try:
                with self._lend(lane, tried, patient=patient) as server:
                    return work(server)
            except UnavailableError as error:
                last = error
        msg = f"{last}; gave up after {attempts} attempts. Is the server running? Then try again"
        raise ModelCallError(msg) from last

    def close(self) -> None:
        """Let waiting requests fail at once, and refuse new ones."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @contextmanager
    def _lend(
        self, lane: Lane, tried: list[_Member[ServerT]], *, patient: bool
    ) -> Iterator[ServerT]:
        member = self._take(lane, tried, patient=patient)
        tried.append(member)
        started = time.monotonic()
        try:
            yield member.server
        except UnavailableError as error:
            self._set_aside(member, started, error)
            raise
        except ModelCallError:
            self._recover(member)  # it answered, if only with a refusal
            raise
        else:
            self._recover(member)
        finally:
            with self._changed:
                member.free(lane)
                self._changed.notify_all()

    def _take(
        self, lane: Lane, tried: Sequence[_Member[ServerT]], *, patient: bool
    ) -> _Member[ServerT]:
        with self._changed:
            while True:
                if self._closed:
                    msg = "the connections are closed; open the knowledge base again"
                    raise ModelCallError(msg)
                now = time.monotonic()
                back = [member for member in self._members if member.aside_until <= now]
                if not back and not patient:
                    back = self._members
                # Work that failed at one server waits for another one, rather than return to it.
                others = [member for member in back if member not in tried]
                free = [member for member in others or back if member.has_room(lane)]
                if free:
                    chosen = min(free, key=lambda member: (member.outstanding, member.failures))
                    chosen.take(lane)
                    return chosen
                aside = [m.aside_until - now for m in self._members if m.aside_until > now]
                self._changed.wait(min(aside) if aside else None)

    def _set_aside(self, member: _Member[ServerT], started: float, error: UnavailableError) -> None:
        with self._changed:
            # Requests that ran together fail together: that is one failure.
            if started >= member.failed_at:
                member.failures += 1
                member.failed_at = time.monotonic()
                wait_s = self._policy.delay_s(member.failures, error.wait_s)
                member.aside_until = member.failed_at + wait_s
                _log.warning("%s; set aside for %.1f s", error, wait_s)
            elif error.wait_s is not None:
                until = time.monotonic() + error.wait_s
                member.aside_until = max(member.aside_until, until)

    def _recover(self, member: _Member[ServerT]) -> None:
        with self._changed:
            if member.failures:
                _log.info("the server %s answers again", member.server.where)
            member.failures = 0
            member.aside_until = float("-inf")
