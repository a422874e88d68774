"""The server in a thread of this process, over a knowledge base whose embedder hashes words."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hashing_embedder import HashingEmbedder

from kb import KnowledgeBase, Settings
from kb.embedding.base import Embedder
from kb.server.gate import Gate
from kb.server.running import prepared


@dataclass(frozen=True)
class ServedApp:
    """A running server, what it serves, and what stands in front of its routes."""

    url: str
    base: KnowledgeBase
    gate: Gate


@contextmanager
def served_app(
    folder: Path,
    *,
    embedder: Embedder | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
    **options: Any,  # noqa: ANN401 - of `prepared`
) -> Iterator[ServedApp]:
    """Serve a new knowledge base in ``folder`` on a free port of this machine.

    Args:
        folder: of the data.
        embedder: the model, one that hashes words if not given.
        settings: besides the folder.
        options: of :func:`kb.server.running.prepared`.
    """
    chosen = Settings.load(data_dir=folder, **settings)
    model = embedder or HashingEmbedder()
    begun = threading.Event()
    said: list[str] = []

    def announce(url: str) -> None:
        said.append(url)
        begun.set()

    with (
        KnowledgeBase.open(chosen, embedder=model) as base,
        prepared(base, **({"host": "127.0.0.1", "port": 0} | options), announce=announce) as server,
    ):
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert begun.wait(120)
            yield ServedApp(said[0], base, server.gate)
        finally:
            server.should_exit = True
            thread.join()
