"""A model hub on a free port of this machine, which misbehaves as tests tell it to."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "owner/repo-GGUF"
FILE = "tiny.gguf"


class FakeHub(ThreadingHTTPServer):
    """Serves one file the way Hugging Face and ModelScope do.

    Attributes:
        data: the file's true bytes.
        repository, file: where it lies.
        announced: the SHA-256 told in headers and listings; None tells none.
        announced_size: the size told.
        break_after: bytes after which each answer ends without warning, None for never.
        stall_after: bytes after which an answer sends nothing more, for the first request only;
            ``stalled`` says that it does, ``released`` ends it.
        refusals: status codes that the next requests for the contents get, with their headers.
        resumes: whether ranges are honoured.
        requests: method, path and Range of all requests, in order.
        tokens: the Authorization header of all requests.
    """

    daemon_threads = True

    def __init__(self, data: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repository, self.file = REPOSITORY, FILE
        self.announced: str | None = None
        self.serve(data)
        self.break_after: int | None = None
        self.stall_after: int | None = None
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.resumes = True
        self.requests: list[tuple[str, str, str]] = []
        self.tokens: list[str] = []
        self.stalled = threading.Event()
        self.released = threading.Event()

    def serve(self, data: bytes) -> None:
        """Have other bytes from now on."""
        self.data = data
        self.announced = hashlib.sha256(data).hexdigest()
        self.announced_size = len(data)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


@contextmanager
def running(data: bytes) -> Iterator[FakeHub]:
    hub = FakeHub(data)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        hub.shutdown()
        thread.join()
        hub.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeHub

    def do_HEAD(self) -> None:
        self._note()
        if self._refused():
            return
        self.send_response(302)
        self.send_header("Location", f"{self.server.address}/cdn/{self.server.file}")
        if self.server.announced:
            self.send_header("X-Linked-ETag", f'"{self.server.announced}"')
        self.send_header("X-Linked-Size", str(self.server.announced_size))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self._note()
        path = urlsplit(self.path)
        if path.path == f"/api/models/{self.server.repository}":
            lfs = {"sha256": self.server.announced, "size": self.server.announced_size}
            self._json({"siblings": [{"rfilename": self.server.file, "lfs": lfs}]})
        elif path.path == f"/api/v1/models/{self.server.repository}/repo/files":
            entry = {
                "Path": self.server.file,
                "Size": self.server.announced_size,
                "Sha256": self.server.announced,
            }
            self._json({"Code": 200, "Data": {"Files": [entry]}})
        elif path.path.startswith("/cdn/") or parse_qs(path.query).get("FilePath") == [
            self.server.file
        ]:
            if not self._refused():
                self._contents()
        elif path.path == f"/{self.server.repository}/resolve/main/{self.server.file}":
            self.send_response(302)
            self.send_header("Location", f"{self.server.address}/cdn/{self.server.file}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._refuse(404, {})

    def _wanted(self, query: str) -> str:
        return parse_qs(query).get("FilePath", [""])[0]

    def _contents(self) -> None:
        hub, start = self.server, 0
        wanted = self.headers.get("Range")
        if wanted and hub.resumes:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(hub.data) - 1}/{len(hub.data)}")
        else:
            self.send_response(200)
        rest = hub.data[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if hub.stall_after is not None:
            self.wfile.write(rest[: hub.stall_after])
            self.wfile.flush()
            hub.stall_after = None
            hub.stalled.set()
            hub.released.wait(30)
            self.close_connection = True
        elif hub.break_after is not None and len(rest) > hub.break_after:
            self.wfile.write(rest[: hub.break_after])
            self.close_connection = True
        else:
            self.wfile.write(rest)

    def _refused(self) -> bool:
        if not self.server.refusals:
            return False
        self._refuse(*self.server.refusals.pop(0))
        return True

    def _refuse(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _note(self) -> None:
        self.server.requests.append((self.command, self.path, self.headers.get("Range", "")))
        self.server.tokens.append(self.headers.get("Authorization", ""))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - upstream's name
        """Keep standard error clean."""
