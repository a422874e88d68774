"""An embedding server that computes nothing and takes a fixed time for each text, as a process.

    python timed_server.py SECONDS WIDTH

It answers OpenAI's interface, one request at a time, as a model that is busy does; a text's vector
comes from its hash. It says its port, and ends with its standard input.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

NAME = "timed"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, seconds: float, width: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seconds = seconds
        self.width = width
        self._mutex = threading.Lock()
        self._free_at = 0.0

    def compute(self, texts: int) -> None:
        """Take the time of these texts, after all that came before.

        By the clock, so that one wake-up too late does not delay all that follow.
        """
        with self._mutex:
            begin = max(time.monotonic(), self._free_at)
            done = self._free_at = begin + self.seconds * texts
        time.sleep(max(0.0, done - time.monotonic()))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        known = self.path == "/v1/models"
        self._send(200 if known else 404, {"data": [{"id": NAME, "max_model_len": 8192}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            self._send(200, {"count": len(body["prompt"].split())})
        elif self.path == "/v1/embeddings":
            self.server.compute(len(body["input"]))
            data = [
                {"index": row, "embedding": vector(text, self.server.width)}
                for row, text in enumerate(body["input"])
            ]
            self._send(200, {"data": data})
        else:
            self._send(404, {"error": "not here"})

    def _send(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def vector(text: str, width: int) -> list[float]:
    """Return what the server answers for a text, not scaled."""
    digest = hashlib.shake_256(text.encode()).digest(width)
    return [byte / 128 - 1 for byte in digest]


@contextmanager
def timed_servers(count: int, *, seconds: float, width: int = 384) -> Iterator[list[str]]:
    """Lend the addresses of servers that take ``seconds`` for each text."""
    with ExitStack() as stack:
        command = [sys.executable, __file__, str(seconds), str(width)]
        started = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(count)
        ]
        addresses = []
        for each in started:
            assert each.stdout
            addresses.append(f"http://127.0.0.1:{each.stdout.readline().strip()}/v1")
        yield addresses


def unit(texts: list[str], width: int = 384) -> np.ndarray:
    """Return the vectors of texts, of unit length."""
    matrix = np.array([vector(text, width) for text in texts], dtype=np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


if __name__ == "__main__":
    server = _Server(float(sys.argv[1]), int(sys.argv[2]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()
