"""A gate before a server that plays object storage: it hears of each request and may refuse it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Refusal = tuple[int, str, bytes] | None
"""A status, a content type and a body; None lets the request through."""


@contextmanager
def gate(host: str, port: int, judge: Callable[[str, str], Refusal]) -> Iterator[int]:
    """Give the port of a gate; ``judge`` is told the method and target of each request."""

    class Gate(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            verdict = judge(self.command, self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if verdict is not None:
                self._refuse(*verdict)
                return
            inner = http.client.HTTPConnection(host, port, timeout=30)
            inner.request(self.command, self.path, body, dict(self.headers.items()))
            answer = inner.getresponse()
            data = answer.read()
            self.send_response(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(key, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
            self.send_header("Content-Length", str(length or 0))
            self.end_headers()
            self.wfile.write(data)
            inner.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - as its base has it

        def _refuse(self, status: int, kind: str, text: bytes) -> None:
            data = b"" if self.command == "HEAD" else text
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
