"""Fakes of what Ollama and llama.cpp's server say of the models that they serve."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Said:
    """Answers by method and path; ``seen`` are the requests that came."""

    root: str = ""
    answers: dict[str, tuple[int, object]] = field(default_factory=dict)
    shown: Mapping[str, object] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)


def ollama(*models: Mapping[str, object], shown: Mapping[str, object] | None = None) -> Said:
    """Ollama with models of its list; ``shown`` is what ``/api/show`` says of each by name."""
    return Said(answers={"GET /api/tags": (200, {"models": list(models)})}, shown=shown or {})


def llama_cpp(model: str, *, embeds: bool = False) -> Said:
    """llama.cpp's server with one model."""
    entry = {"id": model, "object": "model", "owned_by": "llamacpp", "meta": {"size": 96_576_768}}
    refusal = {"error": {"code": 501, "message": "This server does not support embeddings"}}
    return Said(
        answers={
            "GET /v1/models": (200, {"object": "list", "data": [entry]}),
            "POST /v1/embeddings": (400, {"error": {}}) if embeds else (501, refusal),
        }
    )


@contextmanager
def serving(said: Said) -> Iterator[Said]:
    """Serve on a free port of this machine; ``root`` is its address then."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(str(json.loads(body or b"{}").get("model", "")))

        def _answer(self, model: str) -> None:
            said.seen.append(f"{self.command} {self.path} {model}".strip())
            status, value = said.answers.get(f"{self.command} {self.path}", (404, {}))
            if self.path == "/api/show" and model in said.shown:
                status, value = 200, said.shown[model]
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keep standard error clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        said.root = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield said
        finally:
            server.shutdown()
            thread.join()
