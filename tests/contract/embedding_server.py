"""An embedding server for tests: real HTTP on a free port, several dialects, faults on demand.

Its vectors are sums of a direction for each word, so that texts sharing words are alike.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import numpy as np

Speaks = Literal["openai", "llama.cpp", "ollama", "tei", "vllm"]
Fault = Callable[["Handler", list[str]], None]

WIDTH = 16


def vector(text: str, width: int = WIDTH) -> list[float]:
    total = np.full(width, 1e-3)
    for word in text.split() or ["blank"]:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
        total += np.random.default_rng(seed).normal(size=width)
    return [float(value) for value in total]


@dataclass
class Seen:
    """One request for vectors."""

    path: str
    texts: list[str]
    body: dict[str, Any]
    headers: dict[str, str]
    at: float = field(default_factory=time.monotonic)


class EmbeddingServer(ThreadingHTTPServer):
    """Answers correctly but for ``faults``, used up in turn, and ``always``, which stays.

    Words are its tokens, and ``<s>`` and ``</s>`` stand around each text.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, speaks: Speaks = "openai", *, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.speaks = speaks
        self.model = "tests/words"
        self.models = ["words:latest"]
        self.width = WIDTH
        self.context_tokens = 64
        self.most_texts: int | None = None
        self.auto_truncate = False
        self.key = ""
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.seen: list[Seen] = []
        self.under_way = 0
        self.most_under_way = 0
        self.hold = threading.Event()
        self.hold.set()
        self.mutex = threading.Lock()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def sizes(self) -> list[int]:
        return [len(each.texts) for each in self.seen]

    def stop(self) -> None:
        self.hold.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - upstream's
        """Say nothing: clients that hang up are what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: EmbeddingServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer takes 40 ms

    def log_message(self, *_: object) -> None:
        pass

    def send(self, status: int, body: Any, **headers: str) -> None:  # noqa: ANN401 - JSON
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        server = self.server
        pages: dict[tuple[Speaks, str], Any] = {
            ("openai", "/v1/models"): {"data": [{"id": server.model}]},
            ("vllm", "/v1/models"): {
                "data": [{"id": server.model, "max_model_len": server.context_tokens}]
            },
            ("llama.cpp", "/props"): {
                "model_path": "/models/words.gguf",
                "default_generation_settings": {"n_ctx": server.context_tokens * 4},
            },
            ("tei", "/info"): {
                "model_id": server.model,
                "max_input_length": server.context_tokens,
                "auto_truncate": server.auto_truncate,
            },
            ("ollama", "/api/version"): {"version": "0.12.0"},
            ("ollama", "/api/tags"): {"models": [{"name": name} for name in server.models]},
        }
        page = pages.get((server.speaks, self.path))
        self.send(404, {"error": "not here"}) if page is None else self.send(200, page)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        if server.key and self.headers.get("Authorization") != f"Bearer {server.key}":
            sent = self.headers.get("Authorization")
            self.send(401, {"error": {"message": f"Incorrect API key provided: {sent}"}})
            return
        if self.path == "/tokenize":
            self._tokenize(body)
        elif self.path == "/api/show" and server.speaks == "ollama":
            self.send(200, {"model_info": {"words.context_length": server.context_tokens}})
        elif self.path in self._paths():
            self._embed(body)
        else:
            self.send(404, {"error": "not here"})

    def _paths(self) -> set[str]:
        own = {"llama.cpp": {"/embeddings"}, "ollama": {"/api/embed"}}
        return {"/v1/embeddings"} | own.get(self.server.speaks, set())

    def _tokenize(self, body: dict[str, Any]) -> None:
        speaks = self.server.speaks
        around = 2 * bool(body.get("add_special", body.get("add_special_tokens")))
        if speaks == "llama.cpp":
            self.send(200, {"tokens": list(range(len(body["content"].split()) + around))})
        elif speaks == "vllm":
            self.send(200, {"count": len(body["prompt"].split()) + around})
        elif speaks == "tei":
            rows = [[{"id": 1}] * (len(text.split()) + around) for text in body["inputs"]]
            self.send(200, rows)
        else:
            self.send(404, {"error": "not here"})

    def _embed(self, body: dict[str, Any]) -> None:
        server = self.server
        texts: list[str] = body.get("input", body.get("content"))
        with server.mutex:
            server.seen.append(Seen(self.path, texts, body, dict(self.headers)))
            fault = server.faults.popleft() if server.faults else server.always
            server.under_way += 1
            server.most_under_way = max(server.most_under_way, server.under_way)
        try:
            server.hold.wait(30)
            if fault is not None:
                fault(self, texts)
            elif (refusal := self._refusal(texts)) is not None:
                self.send(*refusal)
            else:
                self.send(200, self.answer(texts))
        finally:
            with server.mutex:
                server.under_way -= 1

    def _refusal(self, texts: list[str]) -> tuple[int, Any] | None:
        server = self.server
        if server.most_texts is not None and len(texts) > server.most_texts:
            said = f"batch size {len(texts)} > maximum allowed batch size {server.most_texts}"
            return 413 if server.speaks == "tei" else 422, {"error": said}
        longest = max(len(text.split()) for text in texts) + 2
        most = server.context_tokens
        if longest <= most or server.auto_truncate or server.speaks == "openai":
            return None
        words: dict[Speaks, tuple[int, str]] = {
            "llama.cpp": (
                500,
                (
                    f"input ({longest} tokens) is too large to process. increase the physical "
                    f"batch size (current batch size: {most})"
                ),
            ),
            "ollama": (400, "the input length exceeds the context length"),
            "tei": (413, f"`inputs` must have less than {most} tokens. Given: {longest}"),
            "vllm": (
                400,
                (
                    f"This model's maximum context length is {most} tokens. However, you "
                    f"requested {longest} tokens"
                ),
            ),
        }
        status, said = words[server.speaks]
        return status, {"error": {"code": status, "message": said}}

    def answer(self, texts: list[str]) -> Any:  # noqa: ANN401 - JSON
        server = self.server
        read = [" ".join(text.split()[: server.context_tokens - 2]) for text in texts]
        if not server.auto_truncate:
            read = texts
        vectors = [vector(text, server.width) for text in read]
        tokens = sum(len(text.split()) + 2 for text in read)
        if self.path == "/api/embed":
            return {"embeddings": vectors, "prompt_eval_count": tokens}
        if self.path == "/embeddings":
            return [{"index": row, "embedding": [value]} for row, value in enumerate(vectors)]
        data = [{"index": row, "embedding": value} for row, value in enumerate(vectors)]
        return {"data": data, "usage": {"prompt_tokens": tokens}}


def status(code: int, message: str = "injected", **headers: str) -> Fault:
    return lambda handler, _: handler.send(code, {"error": {"message": message}}, **headers)


def page(handler: Handler, _: list[str]) -> None:
    handler.send(200, "<!doctype html><title>Welcome</title>", Content_Type="text/html")


def hang(handler: Handler, _: list[str]) -> None:
    time.sleep(0.6)
    handler.close_connection = True


def break_off(handler: Handler, texts: list[str]) -> None:
    data = json.dumps(handler.answer(texts)).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])
    handler.close_connection = True


def reversed_order(handler: Handler, texts: list[str]) -> None:
    answer = handler.answer(texts)
    answer["data"].reverse()
    handler.send(200, answer)


def changed(change: Callable[[list[dict[str, Any]]], Any]) -> Fault:
    """Answer with ``change`` made to the list of embeddings."""

    def fault(handler: Handler, texts: list[str]) -> None:
        answer = handler.answer(texts)
        change(answer["data"])
        handler.send(200, answer)

    return fault
