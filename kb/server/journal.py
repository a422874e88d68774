"""Records each request: its id, a line in the access log, and counts.

A line contains no text of documents or queries. It contains the route's pattern instead of the
path, and never the query string.
"""

from __future__ import annotations

import json
import logging
import queue
import re
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.errors import SettingsError
from kb.forwarding import last_forwarded
from kb.server.caller import CALLER
from kb.server.metrics import Metrics
from kb.server.scopes import PLACE

ID = "X-Request-ID"

_log = logging.getLogger(__name__)
_GIVEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,128}", re.ASCII)
_MOST_WAITING = 10_000  # lines, for a slow disk or terminal
_ABORTED = 499  # the client disconnected before the answer


class AccessLog:
    """Writes lines of JSON in a thread of its own: no request waits for a slow disk or terminal.

    Args:
        stream: the destination; closed with the log if ``owned``.
        owned: the log opened the stream itself.
    """

    def __init__(self, stream: TextIO, *, owned: bool = False) -> None:
        self._stream = stream
        self._owned = owned
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(_MOST_WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._write, name="access-log", daemon=True)
        self._thread.start()

    @classmethod
    def to(cls, path: Path) -> AccessLog:
        """Return a log that appends to a file.

        Raises:
            SettingsError: the file cannot be opened.
        """
        try:
            stream = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            msg = f"the access log {path} cannot be opened: {error}; choose another --access-log"
            raise SettingsError(msg) from error
        return cls(stream, owned=True)

    def add(self, line: dict[str, Any]) -> None:
        """Queue a line; if too many wait, only count it."""
        if self._lost:
            line = {**line, "lost_lines": self._lost}
        try:
            self._waiting.put_nowait(line)
            self._lost = 0
        except queue.Full:
            self._lost += 1

    def close(self) -> None:
        """Write the waiting lines, as far as a short time allows."""
        try:
            self._waiting.put(None, timeout=1)
            self._thread.join(timeout=5)
        except queue.Full:
            pass
        if self._owned and not self._thread.is_alive():
            self._stream.close()

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                continue  # a full disk or a closed terminal: the server goes on


class Journal:
    """ASGI middleware around everything: gives each request an id and records its outcome.

    A proxy or client may send the id itself; other requests get a new one.

    Args:
        app: the application behind it.
        metrics: counts of requests.
        add: receives a line of the access log.
        behind_proxy: a reverse proxy passes requests on; lines then have the address that it names.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        add: Callable[[dict[str, Any]], None],
        behind_proxy: bool = False,
    ) -> None:
        self._behind_proxy = behind_proxy
        self._app = app
        self._metrics = metrics
        self._add = add

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        entry = _Entry(scope)
        self._metrics.add("requests_under_way")
        try:
            await self._app(scope, entry.receiving(receive), entry.sending(send))
        except Exception:
            _log.exception("request %s failed", entry.id)
            if not entry.complete:
                raise
        finally:
            self._metrics.add("requests_under_way", -1)
            self._note(scope, entry)

    def _note(self, scope: Scope, entry: _Entry) -> None:
        seconds = time.monotonic() - entry.began
        # The log omits unknown paths and methods, because anybody can make them up.
        route = scope.get(PLACE, "")
        method = scope["method"] if route else ""
        status = entry.status or _ABORTED
        self._metrics.add("requests_total", route=route, method=method, status=str(status))
        self._metrics.took(seconds, route=route, method=method)
        self._metrics.add("received_bytes_total", entry.received)
        self._metrics.add("sent_bytes_total", entry.sent)
        caller = scope.get(CALLER)
        client = scope.get("client")
        forwarded = {"forwarded_for": last_forwarded(Headers(scope=scope))}
        self._add(
            {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "id": entry.id,
                "client": client[0] if client else "",
                **(forwarded if self._behind_proxy else {}),
                "key": caller.key if caller is not None else "",
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "received": entry.received,
                "sent": entry.sent,
            }
        )


class _Entry:
    """The record of one request while it runs."""

    def __init__(self, scope: Scope) -> None:
        given = Headers(scope=scope).get(ID, "")
        self.id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        self.began = time.monotonic()
        self.status = 0
        self.complete = False
        self.received = 0
        self.sent = 0

    def receiving(self, receive: Receive) -> Receive:
        async def counted() -> Message:
            message = await receive()
            self.received += len(message.get("body", b""))
            return message

        return counted

    def sending(self, send: Send) -> Send:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[ID] = self.id
                headers.setdefault("X-Content-Type-Options", "nosniff")
            self.sent += len(message.get("body", b""))
            await send(message)
            is_body = message["type"] == "http.response.body"
            self.complete = is_body and not message.get("more_body", False)

        return told
