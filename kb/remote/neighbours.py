"""Chat models that already run on this machine, in Ollama or llama.cpp's server.

It asks both servers at their usual ports for their models. They load and compute nothing for that.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from kb.loopback import is_loopback
from kb.remote.peer import Peer

OLLAMA = "http://127.0.0.1:11434"
LLAMA_SERVER = "http://127.0.0.1:8080"

PATIENCE_S = 2.0
"""Time limit for all requests together, in seconds; slower servers are skipped."""

_MOST_MODELS = 50
_MOST_BYTES = 1 << 20
_LONGEST_NAME = 200
_AT_ONCE = 8
_NO_EMBEDDINGS = (404, 501)
_ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what servers call all addresses of this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A chat model on a server of this machine.

    Attributes:
        name: its name on the server; for a path, the file's name.
        setting: its value of the setting ``chat_model``.
        server: ``Ollama``, ``llama.cpp``, or ``a server`` for other programs.
        size: bytes of its weights; None if the server does not report it.
    """

    name: str
    setting: str
    server: str
    size: int | None


def served_chat_models(
    *, ollama: str | None = None, llama_server: str | None = None
) -> tuple[ServedModel, ...]:
    """Ask both servers in parallel; a missing server costs no time.

    Args:
        ollama: Ollama's address; by default that in ``OLLAMA_HOST`` if it is on this machine, else
            http://127.0.0.1:11434.
        llama_server: llama.cpp's address; by default http://127.0.0.1:8080, or the port in
            ``LLAMA_ARG_PORT``.
    """
    ends = time.monotonic() + PATIENCE_S
    askers: tuple[tuple[Callable[[_Asker], list[ServedModel]], str], ...] = (
        (_of_ollama, ollama or _ollama_address(os.environ.get("OLLAMA_HOST", ""))),
        (_of_llama_server, llama_server or _llama_address(os.environ.get("LLAMA_ARG_PORT", ""))),
    )
    with ThreadPoolExecutor(len(askers)) as pool:
        found = pool.map(lambda each: _asked(each[0], each[1], ends), askers)
        return tuple(model for models in found for model in models)


def _ollama_address(host: str) -> str:
    """Return Ollama's address from its own variable: ``127.0.0.1:11434``, ``http://…``."""
    host = host.strip()
    try:
        parts = urlsplit(host if "://" in host else f"http://{host}")
        name, port = parts.hostname or "", parts.port or urlsplit(OLLAMA).port
    except ValueError:
        return OLLAMA
    name = "127.0.0.1" if name in _ANYWHERE else name
    if not is_loopback(name):
        return OLLAMA
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def _llama_address(port: str) -> str:
    return f"http://127.0.0.1:{port}" if port.isdecimal() else LLAMA_SERVER


def _asked(ask: Callable[[_Asker], list[ServedModel]], root: str, ends: float) -> list[ServedModel]:
    with closing(_Asker(root, ends)) as asker:
        return ask(asker)


class _Asker:
    """Requests untrusted JSON from one server."""

    def __init__(self, root: str, ends: float) -> None:
        peer = Peer(named=f"the server {root}", root=root)
        self._http = peer.connect({}, timeout_s=PATIENCE_S / 2)
        self.root = root
        self._ends = ends

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def json(self, path: str, body: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """Return a server's JSON answer; empty without one in time."""
        status, answer = self.answer(path, body)
        return answer if status == httpx.codes.OK else {}

    def answer(
        self, path: str, body: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Return the status and the JSON of an answer; 0 without an answer."""
        method = "GET" if body is None else "POST"
        read = bytearray()
        try:
            with self._http.stream(method, f"{self.root}{path}", json=body) as response:
                for block in response.iter_bytes():
                    read += block
                    if len(read) > _MOST_BYTES or time.monotonic() > self._ends:
                        return 0, {}
            value = json.loads(read)
        except (httpx.HTTPError, ValueError, RecursionError):
            return 0, {}
        return response.status_code, value if isinstance(value, dict) else {}


def _of_ollama(asker: _Asker) -> list[ServedModel]:
    listed = _mappings(asker.json("/api/tags").get("models"))[:_MOST_MODELS]
    if not listed:
        return []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        chats = list(pool.map(lambda entry: _answers(asker, entry), listed))
    return [
        ServedModel(
            name=name,
            setting=f"{asker.root}/v1#{name}",
            server="Ollama",
            size=_size(entry.get("size")),
        )
        for entry, chat in zip(listed, chats, strict=True)
        if chat and (name := _name(entry.get("name")))
    ]


def _answers(asker: _Asker, entry: Mapping[str, Any]) -> bool:
    """Return whether a model in Ollama writes text; others embed."""
    able = entry.get("capabilities")
    if not isinstance(able, list):
        able = asker.json("/api/show", {"model": str(entry.get("name"))}).get("capabilities")
    if isinstance(able, list):
        return "completion" in able
    details = entry.get("details")  # older releases report only a model's family
    family = details.get("family") if isinstance(details, dict) else ""
    return "bert" not in str(family)


def _of_llama_server(asker: _Asker) -> list[ServedModel]:
    listed = _mappings(asker.json("/v1/models").get("data"))[:_MOST_MODELS]
    ours = [entry for entry in listed if entry.get("owned_by") == "llamacpp"]
    # A server that embeds or reranks has the same model list: only a chat server lacks embeddings.
    if ours and asker.answer("/v1/embeddings", {})[0] not in _NO_EMBEDDINGS:
        return []
    found = []
    for entry in listed:
        name = _name(entry.get("id"))
        meta = entry.get("meta")
        size = _size(meta.get("size")) if isinstance(meta, dict) else None
        # A server of a single file uses its path as name, and accepts any name.
        alone = len(ours) == 1 and len(listed) == 1
        if name:
            found.append(
                ServedModel(
                    name=name.rpartition("/")[2].removesuffix(".gguf") if alone else name,
                    setting=f"{asker.root}/v1" + ("" if alone else f"#{name}"),
                    server="llama.cpp" if ours else "a server",
                    size=size,
                )
            )
    return found


def _mappings(value: object) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _name(value: object) -> str:
    """Return a model's name; empty for a value that cannot be one."""
    fits = isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST_NAME
    return value.strip() if isinstance(value, str) and fits else ""


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
