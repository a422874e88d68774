"""Vectors in Chroma in a local folder that several processes may open.

One process writes at a time, under the knowledge base's write lock. A mark shows readers that it
has written. They then reopen Chroma, also inside the lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.embedding.base import Vector, Vectors
from kb.errors import StoreBusyError, StoreError
from kb.vectors.address import Address
from kb.vectors.base import Lock, VectorFilter, VectorRecord, VectorStore
from kb.vectors.chroma import reading
from kb.vectors.chroma import records as chroma
from kb.vectors.chroma.client import SharedClient
from kb.vectors.chroma.failures import translated
from kb.vectors.opening import Site

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection  # noqa: TID251 - the owner's neighbour

_NAME = "chroma"
# How long a query waits for a writer before it answers from its present state (at most a second
# old).
_READER_PATIENCE_S = 0.2


class ChromaFolder:
    """A :class:`~kb.vectors.base.VectorStore` in a folder.

    Args:
        folder: Chroma's folder, created if needed.
        lock: the lock for writing below the folder and for reopening Chroma.
        prepare: called once, before the first use of the folder.
        make_room: called if a full disk keeps Chroma from opening; returns whether it has made
            room.
    """

    most_chunks = chroma.MOST_CHUNKS

    def __init__(
        self,
        folder: Path,
        lock: Lock,
        *,
        prepare: Callable[[], None] | None = None,
        make_room: Callable[[], bool] = lambda: False,
    ) -> None:
        self._lock = lock
        self._client = SharedClient.at(folder, prepare, make_room)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock with a client that has the writes of other processes."""
        with self._lock.hold():
            self._client.refresh_if_stale()
            yield

    def create(self, collection: str, dim: int) -> None:
        """Create an empty collection in cosine space."""
        with self.writing():
            with self._client.opened() as client:
                there = any(found.name == collection for found in client.list_collections())
                if not there:
                    configuration: Any = {"hnsw": chroma.INDEX}
                    client.create_collection(
                        collection,
                        embedding_function=None,
                        metadata={chroma.WIDTH: dim},
                        configuration=configuration,
                    )
            if there:
                with self._using(collection) as target:
                    reading.require_width(target, dim)
            else:
                self._client.has_written()

    def drop(self, collection: str) -> None:
        """Delete a collection with all its vectors."""
        with self.writing():
            with self._client.opened() as client:
                self._client.forget(collection)
                if any(found.name == collection for found in client.list_collections()):
                    client.delete_collection(collection)
            self._client.has_written()

    def remake(self, collection: str, dim: int) -> None:
        """Empty a collection; if that fails, create all of Chroma's files again."""
        with self.writing():
            try:
                self.drop(collection)
                self.create(collection, dim)
            except StoreError:
                self._client.erase()
                self.create(collection, dim)

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors with their text and metadata."""
        with self._changing(collection) as target:
            reading.require_width(target, vectors.shape[1])
            for at in range(0, len(records), self._client.batch_size):
                part = records[at : at + self._client.batch_size]
                target.upsert(
                    ids=[str(record.id) for record in part],
                    embeddings=vectors[at : at + len(part)],
                    documents=[record.text for record in part],
                    metadatas=[chroma.metadata(record) for record in part],
                )
            self._client.clear_rooms_once(collection)

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace the metadata of existing vectors."""
        with self._changing(collection) as target:
            for part in chroma.batches(records, min(self._client.batch_size, reading.IDS_PER_CALL)):
                there = set(target.get(ids=[str(record.id) for record in part], include=[])["ids"])
                known = [record for record in part if str(record.id) in there]
                if known:
                    target.update(
                        ids=[str(record.id) for record in known],
                        metadatas=[chroma.metadata(record) for record in known],
                    )

    def query(
        self, collection: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, cosine similarity) of vectors that pass, best first."""
        with self._reading(collection) as target:
            reading.require_width(target, len(vector))
            return reading.nearest(target, vector, limit, where)

    def answers_at_once(self, collection: str) -> bool:
        """Return whether the index is in memory, and as new as the files."""
        return self._client.is_loaded(collection) and not self._client.is_due()

    def prepare(self, collection: str) -> None:
        """Read the index into memory, as the first query does."""
        self._keep_up(collection)

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the existing vectors of ``ids``."""
        with self._reading(collection) as target:
            return reading.vectors(target, ids)

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors; ignore unknown ids."""
        with self._changing(collection) as target:
            for part in chroma.batches(ids, self._client.batch_size):
                target.delete(ids=[str(item) for item in part])

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        with self._reading(collection) as target:
            return {int(name) for name in target.get(include=[])["ids"]}

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        with self._reading(collection) as target:
            return int(target.count())

    def prune(self) -> None:
        """Rewrite files so that they contain no text of deleted records."""
        with self.writing():
            if not self._client.folder.exists():
                return  # no vector has ever been stored
            self._client.purge()
            self._client.has_written()

    def close(self) -> None:
        """Release the files once their last user in this process closes."""
        self._client.close()

    @contextmanager
    def _changing(self, collection: str) -> Iterator[Collection]:
        """Yield a collection to change, and tell other processes of the change."""
        with self.writing():
            try:
                with self._using(collection) as target:
                    yield target
            finally:  # a part may have been written
                self._client.has_written()

    @contextmanager
    def _reading(self, collection: str) -> Iterator[Collection]:
        """Yield a collection to read, at most a moment old."""
        self._keep_up(collection)
        with self._using(collection) as target:
            yield target

    def _keep_up(self, collection: str) -> None:
        """Have a collection in memory, with the writes of other processes up to a moment ago.

        Raises:
            StoreBusyError: no index is loaded yet, and another process writes for too long.
        """
        client = self._client
        if not client.is_loaded(collection):
            with self._lock.hold():
                client.refresh_if_stale()
                client.load(collection)
        # Of many searches at once one waits for the writer; the others have an index to ask.
        elif client.is_due() and client.refreshing.acquire(blocking=False):
            try:
                with self._lock.hold(_READER_PATIENCE_S):
                    began = time.monotonic()
                    client.refresh_if_stale()
                    client.load(collection)
                    client.took(time.monotonic() - began)
            except StoreBusyError:
                pass
            finally:
                client.refreshing.release()

    @contextmanager
    def _using(self, collection: str) -> Iterator[Collection]:
        """Yield a collection with a loaded index; turn Chroma's errors into ours, chained."""
        while True:
            if not self._client.is_loaded(collection):
                # Wait for the lock outside of the gate: its holder may close the client.
                with self._lock.hold():
                    self._client.load(collection)
            with self._client.gate.shared():
                target = self._client.loaded(collection)
                if target is not None:  # nobody has closed the client in between
                    with translated(self._client.folder):
                        yield target
                    return


def open_folder(address: Address, site: Site) -> VectorStore:  # noqa: ARG001 - the opener's call
    """Open the store in a knowledge base's folder."""
    return ChromaFolder(
        site.folder / _NAME,
        site.lock,
        prepare=lambda: site.prepare(_NAME),
        make_room=site.make_room,
    )
