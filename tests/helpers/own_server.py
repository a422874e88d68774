"""This project's own server as a process, and a relay in front of it that fails on demand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

Fault = Callable[["_Handler", bytes], None]
"""Answers a request in its own way; gets what the server behind answered."""


@dataclass(frozen=True)
class Served:
    """A running `kb serve`."""

    url: str
    process: subprocess.Popen[str]


@contextmanager
def serving(
    data_dir: Path,
    *options: str,
    files: int | None = None,
    limits: dict[str, float] | None = None,
    **environment: str,
) -> Iterator[Served]:
    """Start ``kb serve`` on a free port and wait until it says its address.

    Args:
        data_dir: of the knowledge base.
        options: of the command.
        files: most file descriptors that the process gets.
        limits: bounds of the server that the command has no options for.
        environment: variables besides those of this process.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KB_")}
    command = [sys.executable, "-m", "kb", "serve", "--port", "0", *options]
    if limits is not None:
        script = Path(__file__).with_name("limited_server.py")
        command = [sys.executable, str(script), json.dumps(limits)]
    if files is not None:
        command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    with subprocess.Popen(
        command,
        env={**kept, "KB_DATA_DIR": str(data_dir), **environment},
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        said = ""
        for line in process.stderr:
            said += line
            if found := re.search(r"serving .* on (http://\S+)", line):
                break
        else:
            raise AssertionError(said)
        # What it says later must not fill the pipe.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield Served(found[1], process)
        finally:
            process.terminate()


class Relay(ThreadingHTTPServer):
    """Passes requests on; those for vectors meet ``faults`` first, used up in turn."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.client = httpx.Client(base_url=target, trust_env=False, timeout=60)
        self.faults: deque[Fault] = deque()
        self.asked = 0
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()
        self.client.close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - upstream's
        """Say nothing: connections that break are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Relay
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._pass_on(b"")

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

    def _pass_on(self, body: bytes) -> None:
        got = self.server.client.request(
            self.command, self.path, content=body, headers={"Content-Type": "application/json"}
        )
        fault = None
        if self.path == "/v1/embeddings":
            self.server.asked += 1
            fault = self.server.faults.popleft() if self.server.faults else None
        if fault is None:
            self.answer(got.status_code, got.content)
        else:
            fault(self, got.content)


def status(code: int, **headers: str) -> Fault:
    return lambda handler, _: handler.answer(code, b'{"error": "injected"}', **headers)


def stall(handler: _Handler, _: bytes) -> None:
    time.sleep(1.5)
    handler.close_connection = True


def break_off(handler: _Handler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def changed(change: Callable[[list[dict[str, Any]]], Any]) -> Fault:
    """Answer with ``change`` made to the list of vectors."""

    def fault(handler: _Handler, body: bytes) -> None:
        answer = json.loads(body)
        change(answer["data"])
        handler.answer(200, json.dumps(answer).encode())

    return fault
