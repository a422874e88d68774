"""Connections: their time limits, and which one closes when there are too many.

Uvicorn speaks HTTP. It has no time limit for headers. It closes the connection of a client that
ends its own side after the request. It accepts connections until no file descriptors are left.
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
from kb.server.limits import LINGERS_S, Limits

_log = logging.getLogger(__name__)

MOST_HEADER_BYTES = 16 * 1024
"""Bytes of all headers of a request, and of the header of one chunk."""

_FILES_OF_A_SEARCH = 3  # the catalog, its write-ahead log, the log's index
_OTHER_FILES = 64  # file descriptors for the rest of the program
_FEWEST = 16
_PROBE_S = 1.0
"""Seconds between two checks whether a client that has ended its side is still there."""

_PROBE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connections:
    """All connections of a server. A connection that waits for its client gives way to a new one.

    Args:
        limits: time limits for clients.
        most: most connections at once.
    """

    def __init__(self, limits: Limits, most: int) -> None:
        self.limits = limits
        self._most = most
        self._open: dict[Connection, float] = {}

    def heard(self, connection: Connection) -> None:
        """Note that a client has just sent something."""
        self._open[connection] = connection.loop.time()

    def enter(self, connection: Connection) -> None:
        """Add a connection; if there are too many, close the one that was silent longest."""
        self.heard(connection)
        if len(self._open) <= self._most:
            return
        waiting = [each for each in self._open if each.waits_for_client and each is not connection]
        gone = min(waiting, key=self._open.__getitem__, default=connection)
        self.leave(gone)
        _log.warning("more than %d connections: one is closed", self._most)
        msg = f"there are more than {self._most} connections, the most at once; try again in 1 s"
        error = RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, msg, code="too_many_connections")
        gone.refuse(error, unasked=gone is connection, lingers=False)

    def leave(self, connection: Connection) -> None:
        """Remove a connection."""
        self._open.pop(connection, None)


def connection_class(limits: Limits) -> type[H11Protocol]:
    """Return the class of connections with these limits."""
    connections = Connections(limits, most_connections(limits))

    class Bound(Connection):
        shared = connections

    return Bound


def most_connections(limits: Limits) -> int:
    """Return the number of connections that leaves enough files for searches.

    It raises this process's own limit of open files as far as the system allows.
    """
    open_now = sum(1 for _ in Path("/dev/fd").iterdir())
    kept = _OTHER_FILES + _FILES_OF_A_SEARCH * limits.threads
    soft = _files_allowed(open_now + kept + limits.connections)
    if soft == resource.RLIM_INFINITY:
        return limits.connections
    kept = min(kept, soft // 2)
    return min(limits.connections, max(_FEWEST, soft - open_now - kept))


def _files_allowed(wanted: int) -> int:
    """Return how many files this process may open, as near to ``wanted`` as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    except (OSError, ValueError):  # macOS has a further limit
        return soft
    return more


class Connection(H11Protocol):
    """One connection, on top of uvicorn's.

    It uses uvicorn's constructor arguments and its ``conn``, ``cycle``, ``transport``, ``loop``,
    ``flow``, ``shutdown`` and ``send_400_response``. The tests of slow and broken clients fail if
    one of them changes.
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
        self._linger: asyncio.TimerHandle | None = None
        self._has_begun = False
        self._unread = 0

    @property
    def waits_for_client(self) -> bool:
        """Whether the server waits for the client to send more, or to go."""
        return self._linger is not None or self.conn.their_state in {h11.IDLE, h11.SEND_BODY}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit for headers."""
        super().connection_made(transport)
        self._expect_headers()
        self.shared.enter(self)

    def data_received(self, data: bytes) -> None:
        """Pass on data; limit the time for the rest of headers that have begun."""
        if self._linger is not None:
            return
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
        """Answer a client that ends its side after its request; check that it is still there."""
        if self._linger is not None:
            return None  # closes
        if self.conn.our_state is h11.SEND_RESPONSE and self.waits_for_client:
            msg = "the connection was closed before the body was whole; send it again"
            self.refuse(RefusalError(HTTPStatus.BAD_REQUEST, msg), lingers=False)
            return None
        if self.waits_for_client:
            return None
        self.shutdown()  # closes after the answer
        self._ask_whether_there()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection."""
        for timer in ("_headers_due", "_reading_due", "_probe", "_linger"):
            self._cancel(timer)
        self.shared.leave(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Limit the time to wait for a client that does not read."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._later("_reading_due", self.shared.limits.stalled_s, self._must_have_read)

    def resume_writing(self) -> None:
        """Stop that time limit."""
        self._cancel("_reading_due")
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is not valid HTTP in the API's shape."""
        error = sys.exc_info()[1]
        hint = getattr(error, "error_status_hint", HTTPStatus.BAD_REQUEST)
        said = f"the request is no HTTP/1.1: {self._plainly(error, hint)}" if error else msg
        self.refuse(RefusalError(HTTPStatus(hint), said), unasked=True)

    def _plainly(self, error: BaseException, hint: int) -> str:
        """Return h11's error without h11's own names."""
        if hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            # h11 reads this request's headers while it already expects an answer.
            begun = self.conn.our_state is h11.SEND_RESPONSE
            what = "the header of a chunk has" if begun else "its headers have"
            return f"{what} more than {MOST_HEADER_BYTES:,} bytes; send shorter ones"
        return str(error).split(": bytearray(", maxsplit=1)[0]

    def shutdown(self) -> None:
        """Close the connection, after the answer if one is due."""
        if self._linger is not None:
            self.transport.close()
        else:
            super().shutdown()

    def refuse(self, error: RefusalError, *, unasked: bool = False, lingers: bool = True) -> None:
        """Close the connection; first tell the reason to a client that waits for an answer.

        Args:
            error: the reason.
            unasked: tell it to a client that has not asked yet, too.
            lingers: read what the client still sends until it has closed its side, for a while.
        """
        waits = unasked or self._has_begun or self.conn.our_state is h11.SEND_RESPONSE
        answered = self.conn.our_state in {h11.SEND_BODY, h11.DONE, h11.MUST_CLOSE}
        if self.transport.is_closing():
            return
        told = self._linger is None and waits and not answered
        if told:
            self.transport.write(on_the_wire(error))
        if told and lingers and self.transport.can_write_eof():
            self._close_after_lingering()
        else:
            self.transport.close()

    def _close_after_lingering(self) -> None:
        if self.conn.our_state is h11.SEND_RESPONSE:
            # Its request ends as that of a client that is gone.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        for timer in ("_headers_due", "_probe"):
            self._cancel(timer)
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        self.transport.write_eof()
        self._later("_linger", LINGERS_S, self.transport.close)

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
        """Send interim responses: the system of a client that is gone rejects them.

        A client that has only ended its side looks the same until then. HTTP/1.0 has no such
        response.
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
