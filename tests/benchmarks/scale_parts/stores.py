"""The stores that are measured: filled once, copied from size to size and from kind to kind.

A larger store goes on from a copy of the next smaller one. The stores of the other kinds are made
by ``kb migrate`` of the one in a folder. Where that would take an hour, a server is given a copy of
Chroma's files, which are the same in a folder and on a server: the migration then finds every
vector there, and compares it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from chroma_server import ChromaProcess
from large_library import LargeLibrary

from kb import KnowledgeBase, Settings
from kb.embedding import open_embedder
from kb.embedding.base import Embedder
from kb.store.moving import Migration
from scale_parts.embedder import WidenedEmbedder

FOREVER_S = 1e9
NARROW = 384
MOST_MIGRATED = 40_000_000
"""Numbers in the vectors that a server is given one by one; of more it gets the files."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One store: which kind, how wide, how large, and below which folder."""

    kind: str
    width: int
    size: int
    root: Path

    @property
    def folder(self) -> Path:
        """The data folder of the knowledge base."""
        return self.root / f"{self.kind}-{self.width}-{self.size}"

    @property
    def settings(self) -> Settings:
        """What it is opened with. Of a wider model nothing is made in the background."""
        means = self.width == NARROW
        own = {"data_dir": self.folder, "language_means": means}
        return Settings.load().model_copy(update=own)

    @property
    def server_folder(self) -> Path:
        """What the server keeps, where there is one."""
        return self.folder / "server"

    def library(self, embedder: Embedder) -> LargeLibrary:
        """Return what it is filled with; ``embedder`` is the narrow one."""
        return LargeLibrary(self.root, embedder, self.width)


@contextmanager
def models(width: int) -> Iterator[tuple[Embedder, Embedder]]:
    """Give the default model, and the one that a store of a width is searched with."""
    inner = open_embedder(Settings.load())
    try:
        yield inner, inner if width == inner.dim else WidenedEmbedder(inner, width)
    finally:
        inner.close()


@contextmanager
def opened(store: Measured, embedder: Embedder) -> Iterator[tuple[KnowledgeBase, int | None]]:
    """Open a store, beside its server if it has one, whose process id comes with it."""
    with served(store) as server, KnowledgeBase.open(store.settings, embedder=embedder) as base:
        yield base, server


def make(store: Measured, smaller: Sequence[int]) -> dict[str, float]:
    """Make a store unless it is there; return how fast it was filled, in chunks a second."""
    if store.folder.exists():
        return {}
    with models(store.width) as (inner, embedder):
        if store.kind == "chroma":
            return _filled(store, smaller, inner, embedder)
        return _migrated(store, embedder)


def _filled(
    store: Measured, smaller: Sequence[int], inner: Embedder, embedder: Embedder
) -> dict[str, float]:
    """Go on from the largest of the smaller stores."""
    draft = store.folder.with_suffix(".filling")
    before = 0
    if not draft.exists():
        for size in sorted((each for each in smaller if each < store.size), reverse=True):
            other = Measured(store.kind, store.width, size, store.root)
            if other.folder.exists():
                shutil.copytree(other.folder, draft)
                before = size
                break
    at = store.settings.model_copy(update={"data_dir": draft})
    with KnowledgeBase.open(at, embedder=embedder) as base:
        started = time.perf_counter()
        store.library(inner).fill(base, store.size, FOREVER_S)
        rate = (store.size - before) / (time.perf_counter() - started)
    draft.rename(store.folder)
    return {"inserted_per_s": rate}


def _migrated(store: Measured, embedder: Embedder) -> dict[str, float]:
    """Move the vectors of a copy of the store in a folder."""
    source = Measured("chroma", store.width, store.size, store.root)
    draft = store.folder.with_suffix(".filling")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(source.folder, draft)
    copied_files = store.kind == "server" and store.size * store.width > MOST_MIGRATED
    if copied_files:
        shutil.copytree(source.settings.store_dir / "chroma", draft / "server" / "data")
    with ExitStack() as held:
        to = "exact"
        if store.kind == "server":
            server = ChromaProcess(draft / "server")
            server.start()
            held.callback(server.stop)
            to = server.address
        at = store.settings.model_copy(update={"data_dir": draft})
        base = held.enter_context(KnowledgeBase.open(at, embedder=embedder))
        started = time.perf_counter()
        done: Migration = base.migrate(to)
        took = time.perf_counter() - started
        base.compact()
    shutil.rmtree(draft / "store" / "chroma", ignore_errors=True)
    draft.rename(store.folder)
    if copied_files:
        return {"compared_per_s": done.vectors / took}
    return {"inserted_per_s": done.copied / took}


@contextmanager
def served(store: Measured) -> Iterator[int | None]:
    """Run a store's server on the port that its catalog names; give its process id, if any."""
    if store.kind != "server":
        yield None
        return
    server = ChromaProcess(store.server_folder)
    with KnowledgeBase.open(store.settings) as base:
        server.port = urlsplit(base.vector_store()).port or server.port
    server.start()
    assert server._process is not None
    try:
        yield server._process.pid
    finally:
        server.stop()
