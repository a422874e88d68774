"""A reranking server for tests: real HTTP on a free port, both forms, faults on demand.

A passage's score is how many words of the query it holds, by the number of words in the query;
as ``logits`` it gives that on a wider scale, as llama.cpp does.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Callable[["Handler"], None]


class RerankServer(ThreadingHTTPServer):
    """Speaks Jina's form (llama.cpp, vLLM) or TEI's."""

    daemon_threads = True

    def __init__(self, speaks: Literal["jina", "tei"] = "jina") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.speaks = speaks
        self.logits = False
        self.most_words = 10_000
        self.most_texts = 100
        self.faults: deque[Fault] = deque()
        self.seen: list[dict[str, Any]] = []
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def score(self, query: str, text: str) -> float:
        words = query.lower().split()
        share = sum(word in text.lower() for word in words) / max(1, len(words))
        return 12 * share - 6 if self.logits else share

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - upstream's
        """Say nothing: connections that break are what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: RerankServer
    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def send(self, status: int, body: object, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != ("/v1/rerank" if server.speaks == "jina" else "/rerank"):
            self.send(404, {"error": "no such path"})
            return
        server.seen.append({"key": self.headers.get("Authorization"), **body})
        if server.faults:
            server.faults.popleft()(self)
            return
        texts = body["documents" if server.speaks == "jina" else "texts"]
        if len(texts) > server.most_texts:
            self.send(413, {"error": f"batch size {len(texts)} > {server.most_texts}"})
        elif any(len(text.split()) > server.most_words for text in texts):
            self.send(400, {"error": "input is too long: too many tokens"})
        else:
            self.answer([server.score(body["query"], text) for text in texts])

    def answer(self, scores: list[float]) -> None:
        name = "relevance_score" if self.server.speaks == "jina" else "score"
        listed = [{"index": at, name: score} for at, score in enumerate(scores)]
        listed.sort(key=lambda each: -each[name])  # best first, as servers do
        self.send(200, {"results": listed} if self.server.speaks == "jina" else listed)


def status(code: int, **headers: str) -> Fault:
    return lambda handler: handler.send(code, {"error": {"message": "not now"}}, **headers)


def answers(body: object) -> Fault:
    return lambda handler: handler.send(200, body)


def raw(code: int, data: bytes) -> Fault:
    def answer(handler: Handler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def stall(handler: Handler) -> None:  # noqa: ARG001 - says nothing
    time.sleep(1.0)


def break_off(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"results": [')
    handler.close_connection = True
