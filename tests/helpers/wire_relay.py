"""A relay of bytes before a server: it may be slow, and it may die as a machine does."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

_MOST = 1 << 16


class WireRelay:
    """Passes bytes between clients and the server of an address.

    Attributes:
        delay_s: how long each part of an answer is kept back.
        asked: parts of requests that were passed on.
    """

    def __init__(self, target: str, *, delay_s: float = 0.0) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.delay_s = delay_s
        self.asked = 0
        self._open: set[socket.socket] = set()
        self._mutex = threading.Lock()
        self._dead = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def die(self) -> None:
        """Break all connections and accept no more."""
        with self._mutex:
            self._dead = True
            gone = [self._listening, *self._open]
        for each in gone:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            with self._mutex:
                self._open |= {client, server}
                dead = self._dead
            if dead:
                self.die()
                return
            for ends in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, answers: bool) -> None:  # noqa: FBT001 - a thread's
        with suppress(OSError):
            while part := source.recv(_MOST):
                if answers:
                    time.sleep(self.delay_s)
                else:
                    with self._mutex:
                        self.asked += 1
                target.sendall(part)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
