"""A proxy before a server that refuses, delays or answers for it, as a test tells it."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Answer:
    """What the proxy says instead of the server."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Rule = Callable[[str, str, dict[str, str]], Answer | None]
"""Given method, path and headers (names in small letters), says what to answer; None passes on."""


class FaultyProxy:
    """Passes requests on to a port of this machine, unless :attr:`rule` says otherwise."""

    def __init__(self, port: int) -> None:
        self.rule: Rule = lambda _method, _path, _headers: None
        self.delay_s = 0.0
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, port))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def refuse(self, *answers: Answer, path: str = "") -> None:
        """Give these answers, one after another, to requests whose path ends so; then pass on."""
        left = list(answers)

        def rule(_method: str, asked: str, _headers: dict[str, str]) -> Answer | None:
            return left.pop(0) if left and asked.endswith(path) else None

        self.rule = rule

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def faulty_proxy(port: int) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()


def _handler(proxy: FaultyProxy, port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            proxy.asked.append(f"{self.command} {self.path}")
            answer = proxy.rule(self.command, self.path, headers)
            if answer is None:
                time.sleep(proxy.delay_s)
                answer = self._passed_on(body, headers)
            with suppress(OSError):  # who asked has gone
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

        def _passed_on(self, body: bytes, headers: dict[str, str]) -> Answer:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                kind = answer.headers.get("content-type", "application/json")
                return Answer(answer.status, answer.read(), {"Content-Type": kind})
            except OSError:
                return Answer(502)
            finally:
                connection.close()

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
