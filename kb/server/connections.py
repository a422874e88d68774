"""Connections: how long each may keep others waiting, and which goes when there are too many.

Uvicorn speaks HTTP; it has no time limit for headers, closes the connection of a client that ends
its own side after the request, and takes connections until there are no file descriptors left.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import sys
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from kb.server.errors import RefusalError, on_the_wire
from kb.server.gate import Limits

_log = logging.getLogger(__name__)

MOST_HEADER_BYTES = 16 * 1024
"""Of all headers of a request, and of the header of one chunk."""

_FILES_OF_A_SEARCH = 3  # the catalog, its log, its index of the log
_OTHER_FILES = 64  # file descriptors for the rest of the program
_FEWEST = 16
_PROBE_S = 1.0
"""How often a client that has ended its side is asked whether it is still there."""

_PROBE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connections:
    """All connections of a server. One that waits for its client gives way to a new one.

    Args:
        limits: how long clients may take.
        most: connections at once.
    """

    def __init__(self, limits: Limits, most: int) -> None:
        self.limits = limits
        self._most = most
        self._open: dict[Connection, float] = {}

    def heard(self, connection: Connection) -> None:
        """Remember that a client has said something just now."""
        self._open[connection] = connection.loop.time()

    def enter(self, connection: Connection) -> None:
        """Take a connection in; the one whose client has been silent longest makes room."""
        self.heard(connection)
        if len(self._open) <= self._most:
            return
        waiting = [each for each in self._open if each.waits_for_client and each is not connection]
        gone = min(waiting, key=self._open.__getitem__, default=connection)
        self.leave(gone)
        _log.warning("more than %d connections: one is closed", self._most)
        msg = f"there are more than {self._most} connections, the most at once; try again in 1 s"
        error = RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, msg, code="too_many_connections")
        gone.refuse(error, unasked=gone is connection)

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.pop(connection, None)


def connection_class(limits: Limits) -> type[H11Protocol]:
    """Return the class of connections that a server within these limits makes."""
    connections = Connections(limits, most_connections(limits))

    class Bound(Connection):
        shared = connections

    return Bound


def most_connections(limits: Limits) -> int:
    """Return how many connections there may be, so that searches can still open their files.

    Where the system lets this process open more files, it does from now on.
    """
    open_now = sum(1 for _ in Path("/dev/fd").iterdir())
    kept = _OTHER_FILES + _FILES_OF_A_SEARCH * limits.threads
    soft = _files_allowed(open_now + kept + limits.connections)
    if soft == resource.RLIM_INFINITY:
        return limits.connections
    kept = min(kept, soft // 2)
    return min(limits.connections, max(_FEWEST, soft - open_now - kept))


def _files_allowed(wanted: int) -> int:
    """Return how many files this process may open, as near to ``wanted`` as it is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    except (OSError, ValueError):  # macOS has a bound besides
        return soft
    return more


class Connection(H11Protocol):
    """One connection, on top of uvicorn's.

    Of uvicorn it uses the arguments of its constructor, ``conn``, ``transport``, ``loop``,
    ``shutdown`` and ``send_400_response``; the tests of slow and broken clients fail if one of
    them changes.
    """

    shared: ClassVar[Connections]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._headers_due: asyncio.TimerHandle | None = None
        self._reading_due: asyncio.TimerHandle | None = None
        self._probe: asyncio.TimerHandle | None = None
        self._has_begun = False
        self._unread = 0

    @property
    def waits_for_client(self) -> bool:
        """Whether nothing happens before the client says more."""
        return self.conn.their_state in {h11.IDLE, h11.SEND_BODY}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect headers soon."""
        super().connection_made(transport)
        self._expect_headers()
        self.shared.enter(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what arrived; headers that have begun must be whole soon."""
        self.shared.heard(self)
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._cancel("_headers_due")
            self._has_begun = False
            return
        self._has_begun = True
        if self._headers_due is None:
            self._expect_headers()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Answer a client that ends its side after its request, and see whether it is there."""
        if self.conn.our_state is h11.SEND_RESPONSE and self.waits_for_client:
            msg = "the connection was closed before the body was whole; send it again"
            self.refuse(RefusalError(HTTPStatus.BAD_REQUEST, msg))
            return None
        if self.waits_for_client:
            return None
        self.shutdown()  # closes after the answer
        self._ask_whether_there()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget all about it."""
        for timer in ("_headers_due", "_reading_due", "_probe"):
            self._cancel(timer)
        self.shared.leave(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for a client that does not read, but not for ever."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._later("_reading_due", self.shared.limits.stalled_s, self._must_have_read)

    def resume_writing(self) -> None:
        """Go on."""
        self._cancel("_reading_due")
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Say in the API's shape what is wrong with a request that is no HTTP."""
        error = sys.exc_info()[1]
        hint = getattr(error, "error_status_hint", HTTPStatus.BAD_REQUEST)
        said = f"the request is no HTTP/1.1: {self._plainly(error, hint)}" if error else msg
        self.refuse(RefusalError(HTTPStatus(hint), said), unasked=True)

    def _plainly(self, error: BaseException, hint: int) -> str:
        """Return what h11 says of a request, without its own names for it."""
        if hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            # The headers of this request are read once an answer is expected.
            begun = self.conn.our_state is h11.SEND_RESPONSE
            what = "the header of a chunk has" if begun else "its headers have"
            return f"{what} more than {MOST_HEADER_BYTES:,} bytes; send shorter ones"
        return str(error).split(": bytearray(", maxsplit=1)[0]

    def refuse(self, error: RefusalError, *, unasked: bool = False) -> None:
        """Close the connection; a client that waits for an answer, or will, is told why."""
        waits = unasked or self._has_begun or self.conn.our_state is h11.SEND_RESPONSE
        answered = self.conn.our_state in {h11.SEND_BODY, h11.DONE, h11.MUST_CLOSE}
        if not self.transport.is_closing():
            if waits and not answered:
                self.transport.write(on_the_wire(error))
            self.transport.close()

    def _expect_headers(self) -> None:
        self._later("_headers_due", self.shared.limits.headers_s, self._headers_are_late)

    def _headers_are_late(self) -> None:
        seconds = self.shared.limits.headers_s
        msg = f"the headers did not arrive within {seconds:.0f} s; send the request again"
        self.refuse(RefusalError(HTTPStatus.REQUEST_TIMEOUT, msg))

    def _must_have_read(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left >= self._unread:
            self.transport.abort()
            return
        self._unread = left
        self._later("_reading_due", self.shared.limits.stalled_s, self._must_have_read)

    def _ask_whether_there(self) -> None:
        """Send what says nothing: the system of a client that is gone refuses it.

        One that has only ended its side looks the same until then. HTTP/1.0 has no such answer.
        """
        if self.conn.our_state is h11.SEND_RESPONSE and self.conn.their_http_version != b"1.0":
            self._later("_probe", _PROBE_S, self._send_probe)

    def _send_probe(self) -> None:
        if self.conn.our_state is h11.SEND_RESPONSE and not self.transport.is_closing():
            self.transport.write(_PROBE)
            self._ask_whether_there()

    def _later(self, timer: str, seconds: float, act: Callable[[], None]) -> None:
        self._cancel(timer)
        setattr(self, timer, self.loop.call_later(seconds, act))

    def _cancel(self, timer: str) -> None:
        running: asyncio.TimerHandle | None = getattr(self, timer)
        if running is not None:
            running.cancel()
            setattr(self, timer, None)
