"""Vectors in Chroma on disk. The only file that imports chromadb.

Facts of chromadb 1.5.9 that shape this file: the embedded client keeps its index in memory and
misses what other processes write; a second client on the same path shares the first one's stale
state, so there is one client per path per process, and refreshing means closing it. A client's
first look at a collection loads its index, and writes the files of a small one anew: it happens
inside the store's write lock. A batch is limited to ``get_max_batch_size()``.
"""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from kb.errors import StoreError
from kb.store import chroma_files, room
from kb.store.base import VectorRecord
from kb.store.gate import Gate
from kb.store.lock import WriteLock

if TYPE_CHECKING:
    from chromadb.api import ClientAPI  # noqa: TID251 - the one owner
    from chromadb.api.collection_configuration import CreateHNSWConfiguration  # noqa: TID251
    from chromadb.api.models.Collection import Collection  # noqa: TID251

    from kb.embedding.base import Vector, Vectors

# SQLite takes 32,766 variables in one statement; Chroma binds one for each id of a get.
_IDS_PER_CALL = 5000

# How long a call waits for a writer of another process where the index must be loaded. Who reads
# through :class:`~kb.store.freshness.Freshness` holds the lock already, by the settings' timeout.
_LOADING_TIMEOUT_S = 120

# Chroma's own settings (100, 100, 16) find 95.5 % of the ten nearest among 10,000 vectors, these
# 99.7 %; filling takes a third longer and still less than embedding (tests/benchmarks/search.py).
_INDEX: CreateHNSWConfiguration = {
    "ef_search": 200,
    "ef_construction": 200,
    "max_neighbors": 32,
}


_T = TypeVar("_T")


class ChromaStore:
    """A :class:`~kb.store.base.VectorStore` in a folder. One per path per process: :meth:`at`."""

    _open: ClassVar[dict[Path, tuple[ChromaStore, int]]] = {}
    _open_lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def at(cls, folder: Path, prepare: Callable[[], None] | None = None) -> ChromaStore:
        """Return this process's store for ``folder``; each call needs its own :meth:`close`.

        ``prepare`` is called once, before the folder is first looked at.
        """
        key = folder.resolve()
        with cls._open_lock:
            store, users = cls._open.get(key) or (cls(key, prepare), 0)
            cls._open[key] = (store, users + 1)
            return store

    def __init__(self, folder: Path, prepare: Callable[[], None] | None = None) -> None:
        self.generation: int | None = None
        self._folder = folder
        self._prepare = prepare
        self._lock = WriteLock(folder.with_name("write.lock"), timeout_s=_LOADING_TIMEOUT_S)
        self._gate = Gate()
        self._client: ClientAPI | None = None
        self._collections: dict[str, Collection] = {}
        self._cleared: set[str] = set()
        self._batch_size = 0

    def is_loaded(self, collection: str) -> bool:
        """Say whether a call finds the collection's index in memory, at this moment."""
        with self._gate.mutex:
            return collection in self._collections

    def load(self, collection: str) -> None:
        """Load a collection's index, inside the write lock, unless it is in memory."""
        if self.is_loaded(collection):
            return
        with self._client_alone() as client:
            target = client.get_collection(collection, embedding_function=None)
            target.count()  # has Chroma load what it would load later, outside the lock
            if collection in chroma_files.unwritten(self._folder):
                chroma_files.clear_rooms(self._folder)
            with self._gate.mutex:
                self._collections[collection] = target

    def create(self, collection: str) -> None:
        """Make an empty collection in cosine space."""
        with self._client_alone() as client:
            client.get_or_create_collection(
                collection,
                embedding_function=None,
                configuration={"hnsw": {"space": "cosine", **_INDEX}},
            )

    def drop(self, collection: str) -> None:
        """Delete a collection with all its vectors."""
        with self._client_alone() as client:
            self._collections.pop(collection, None)
            if any(found.name == collection for found in client.list_collections()):
                client.delete_collection(collection)

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors with their text and metadata."""
        with self._using(collection) as target:
            for at in range(0, len(records), self._batch_size):
                part = records[at : at + self._batch_size]
                target.upsert(
                    ids=[str(record.id) for record in part],
                    embeddings=vectors[at : at + len(part)],
                    documents=[record.text for record in part],
                    metadatas=[dict(record.metadata) for record in part],
                )
            if collection not in self._cleared:  # its files have just been made
                chroma_files.clear_rooms(self._folder)
                self._cleared.add(collection)

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace the metadata of vectors that are there; ids that are not are ignored."""
        with self._using(collection) as target:
            for part in _batches(records, min(self._batch_size, _IDS_PER_CALL)):
                there = set(target.get(ids=[str(record.id) for record in part], include=[])["ids"])
                known = [record for record in part if str(record.id) in there]
                if known:
                    target.update(
                        ids=[str(record.id) for record in known],
                        metadatas=[dict(record.metadata) for record in known],
                    )

    def query(self, collection: str, vector: Vector, limit: int) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, cosine similarity), best first."""
        with self._using(collection) as target:
            limit = min(limit, target.count())
            if limit == 0:
                return []
            found = target.query(
                query_embeddings=vector[np.newaxis, :], n_results=limit, include=["distances"]
            )
        distances = (found["distances"] or [[]])[0]
        return [
            (int(name), 1.0 - float(distance))
            for name, distance in zip(found["ids"][0], distances, strict=True)
        ]

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors of those ``ids`` that are there."""
        result: dict[int, Vector] = {}
        with self._using(collection) as target:
            for part in _batches(ids, _IDS_PER_CALL):
                found = target.get(ids=[str(item) for item in part], include=["embeddings"])
                rows = np.asarray(found["embeddings"], dtype=np.float32)
                for name, row in zip(found["ids"], rows, strict=True):
                    result[int(name)] = row
        return result

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors; ids that are not there are ignored."""
        with self._using(collection) as target:
            for part in _batches(ids, self._batch_size):
                target.delete(ids=[str(item) for item in part])

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        with self._using(collection) as target:
            return {int(name) for name in target.get(include=[])["ids"]}

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        with self._using(collection) as target:
            return int(target.count())

    def refresh(self) -> None:
        """Close the client once no call is under way; the next call opens a new one."""
        with self._gate.alone():
            self._shut()

    def reset(self) -> None:
        """Delete everything; what uses it afterwards makes its collections again."""
        with self._gate.alone():
            self._client = None  # its files may be too damaged to be closed
            self._shut()
            self._forget_system()
            shutil.rmtree(self._folder, ignore_errors=True)

    def purge(self) -> None:
        """Rewrite files so that no text of deleted records is left in them.

        Raises:
            StoreError: the disk is full, or another process is using the files for too long.
        """
        with self._gate.alone():
            self._shut()
            try:
                chroma_files.purge(self._folder)
            except (chroma_files.FileError, OSError) as error:
                msg = (
                    f"Chroma's files in {self._folder} could not be compacted: {error}. Close "
                    "other programs that use this knowledge base, free disk space, and try again"
                )
                raise StoreError(msg) from error

    def close(self) -> None:
        """Release files when the last user of this path closes."""
        with ChromaStore._open_lock:
            store, users = ChromaStore._open.get(self._folder, (self, 1))
            if users > 1:
                ChromaStore._open[self._folder] = (store, users - 1)
                return
            ChromaStore._open.pop(self._folder, None)
        self.refresh()

    @contextmanager
    def _using(self, collection: str) -> Iterator[Collection]:
        """Give a collection whose index is loaded; errors of Chroma become ours, chained."""
        while True:
            # Who waits for the lock stands outside the gate: its holder may close the client.
            self.load(collection)
            with self._gate.shared():
                target = self._collections.get(collection)
                if target is not None:  # nobody has closed the client in between
                    with self._translated():
                        yield target
                    return

    @contextmanager
    def _client_alone(self) -> Iterator[ClientAPI]:
        """Give the client inside the write lock, opening it if need be."""
        with self._lock.hold(), self._gate.shared(), self._translated():
            yield self._opened()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import chromadb.errors  # noqa: PLC0415, TID251 - a second of import that `kb --help` need not pay

        try:
            yield
        except BaseException as error:
            expected = (
                chromadb.errors.ChromaError,
                chroma_files.FileError,
                ValueError,
                RuntimeError,
                OSError,
            )
            # Chroma's Rust part panics on damaged files; pyo3 gives that class no module.
            if not isinstance(error, expected) and type(error).__name__ != "PanicException":
                raise
            msg = (
                f"Chroma failed in {self._folder}: {error}. "
                "Free disk space if there is none left; `kb doctor --repair` makes its files "
                "again from the catalog"
            )
            raise StoreError(msg) from error

    def _opened(self) -> ClientAPI:
        import chromadb  # noqa: PLC0415, TID251
        import chromadb.config  # noqa: PLC0415, TID251

        with self._gate.mutex:
            if self._client is None:
                if self._prepare is not None:
                    self._prepare()
                    self._prepare = None
                chroma_files.verify(self._folder)
                settings = chromadb.config.Settings(anonymized_telemetry=False)
                while self._client is None:
                    try:
                        self._client = chromadb.PersistentClient(str(self._folder), settings)
                    except BaseException:
                        self._forget_system()
                        if not room.release_reserve(self._folder.parent):
                            raise
                self._batch_size = int(self._client.get_max_batch_size())
            return self._client

    def _forget_system(self) -> None:
        # Chroma keeps what it could not start, and would give it to the next client of the path.
        from chromadb.api.shared_system_client import (  # noqa: PLC0415, TID251 - the one owner
            SharedSystemClient,
        )

        path = str(self._folder)
        SharedSystemClient._identifier_to_system.pop(path, None)  # noqa: SLF001 - no public way
        SharedSystemClient._identifier_to_refcount.pop(path, None)  # noqa: SLF001

    def _shut(self) -> None:
        self._collections.clear()
        self._cleared.clear()
        client: Any = self._client
        self._client = None
        if client is not None:
            client.close()


def _batches(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    items = iter(values)
    while part := list(itertools.islice(items, size)):
        yield part
