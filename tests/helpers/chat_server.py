"""A chat server for tests: real HTTP on a free port, streamed answers, faults on demand."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = Callable[["Handler"], None]


class ChatService(ThreadingHTTPServer):
    """Answers each request by ``reply(messages)``, word by word; ``faults`` come first.

    ``tokenize`` and ``window``, where given, are lent as llama.cpp's server lends them.
    ``thoughts`` are sent first, in the field ``thoughts_in``, unless the request says that the
    model is not to think in words that this server takes; fields in ``refused`` are answered with
    a status and a message, as servers do that know their fields. ``most`` words are said at most,
    which counts thoughts, and then the reason of the end is ``length``; otherwise ``finish``.
    """

    daemon_threads = True

    def __init__(self, reply: Callable[[list[dict[str, str]]], str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.streams = True
        self.tokenize: Callable[[str], list[int]] | None = None
        self.window: int | None = None
        self.thoughts = ""
        self.thoughts_in = "reasoning_content"
        self.switch: tuple[str, object] | None = None
        self.refused: dict[str, tuple[int, str]] = {}
        self.most = 1_000_000
        self.finish: str | None = "stop"
        self.faults: deque[Fault] = deque()
        self.seen: list[dict[str, Any]] = []
        self.hung_up = threading.Event()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    @property
    def model(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1#tiny"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - upstream's
        """Say nothing: connections that break are what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: ChatService
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def send(self, status: int, body: str, kind: str = "application/json") -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, value: object) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        self.wfile.write(f"data: {text}\n\n".encode())
        self.wfile.flush()

    def piece(self, text: str) -> None:
        self.event({"choices": [{"delta": {"content": text}}]})

    def do_GET(self) -> None:
        if self.server.window and self.path == "/props":
            props = {"default_generation_settings": {"n_ctx": self.server.window}}
            self.send(200, json.dumps(props))
        else:
            self.send(404, "{}")

    def do_POST(self) -> None:
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.endswith("/chat/completions"):
            if server.tokenize and self.path == "/tokenize":
                self.send(200, json.dumps({"tokens": server.tokenize(body["content"])}))
            else:
                self.send(404, "{}")
            return
        server.seen.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
        if server.faults:
            server.faults.popleft()(self)
            return
        for field, (code, message) in server.refused.items():
            if field in body:
                status(code, message)(self)
                return
        off = server.switch is not None and body.get(server.switch[0]) == server.switch[1]
        thoughts = words_of("" if off else server.thoughts)[: server.most]
        words = words_of(server.reply(body["messages"]))
        cut = len(thoughts) + len(words) > server.most
        words = words[: server.most - len(thoughts)]
        finish = "length" if cut else server.finish
        if not server.streams:
            message = {"content": "".join(words), server.thoughts_in: "".join(thoughts) or None}
            choice = {"message": message, "finish_reason": finish}
            self.send(200, json.dumps({"choices": [choice]}))
            return
        self.begin()
        self.event({"choices": [{"delta": {"role": "assistant"}}]})
        self.event({"choices": []})
        for word in thoughts:
            self.event({"choices": [{"delta": {server.thoughts_in: word}}]})
        for word in words:
            self.piece(word)
        self.event({"choices": [{"delta": {}, "finish_reason": finish}]})
        self.event("[DONE]")


def words_of(text: str) -> list[str]:
    """Cut a text at its spaces, each with the word that it precedes."""
    words = text.split(" ") if text else []
    return [f" {word}" if number else word for number, word in enumerate(words)]


def status(code: int, message: str) -> Fault:
    return lambda handler: handler.send(code, json.dumps({"error": {"message": message}}))


def page(handler: Handler) -> None:
    handler.send(200, "<!doctype html><title>Welcome</title>", "text/html")


def nested(handler: Handler) -> None:
    handler.send(200, "[" * 200_000)


def stall(handler: Handler) -> None:
    handler.begin()
    handler.piece("Half")
    time.sleep(1.5)


def break_off(handler: Handler) -> None:
    handler.begin()
    handler.piece("Half an")


def written(stream: str) -> Fault:
    """Answer with a stream as it stands."""

    def answer(handler: Handler) -> None:
        handler.begin()
        handler.wfile.write(stream.encode())

    return answer


def fail_midway(handler: Handler) -> None:
    handler.begin()
    handler.piece("Half")
    handler.event({"error": {"message": "out of memory"}})


def talk_on(handler: Handler) -> None:
    """Talk until the client hangs up, without going in circles."""
    handler.begin()
    try:
        for number in itertools.count():
            handler.piece("and on " if number == 0 else f"{number} ")
            time.sleep(0.01)
    except OSError:
        handler.server.hung_up.set()


def think_on(handler: Handler) -> None:
    """Think until the client hangs up."""
    handler.begin()
    try:
        for number in itertools.count():
            handler.event({"choices": [{"delta": {"reasoning_content": f"{number} "}}]})
            time.sleep(0.01)
    except OSError:
        handler.server.hung_up.set()
