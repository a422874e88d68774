"""The store: catalog, vectors and full-text index, changed together or not at all.

A document's new version becomes visible in one SQLite transaction, after its vectors are in
Chroma; the old version's vectors are deleted after that. Whatever a crash leaves behind is
invisible and is removed by the next writer (:meth:`Store.recover`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from kb.catalog.catalog import Catalog
from kb.catalog.state import Change
from kb.embedding.base import EmbedderIdentity, Vector, Vectors
from kb.errors import ChangedMeanwhileError, StoreBusyError, StoreError
from kb.prepared import EmbeddedDocument, PreparedDocument
from kb.records import AddResult, CollectionInfo, FileState
from kb.store import cleanup, committing, room
from kb.store.chroma import ChromaStore
from kb.store.files import FileSteps
from kb.store.freshness import Freshness
from kb.store.lock import WriteLock
from kb.store.snapshot import CATALOG, CHROMA, Snapshot, is_read_only

_log = logging.getLogger(__name__)

# How long opening waits for a writer before it leaves the cleaning up to that one.
_PATIENCE_S = 0.2
# A document of more chunks (1.5 MB of text) is stored in several holds of the lock, of a few
# seconds each.
_LONG_CHUNKS = 2000
# Waiting for a locked file is looking at it again and again: who would lock it at once again
# leaves it for long enough that somebody else looks.
_TURN_S = 0.05


class Store(FileSteps):
    """Everything a knowledge base keeps on disk, below one folder. Thread-safe.

    A folder that is read-only can be read, see :mod:`kb.store.snapshot`; what would change it
    raises a StoreError that says so.

    Args:
        folder: made with access for its owner only, if it is not there.
        lock_timeout_s: how long a writer waits for another process.
        interrupted: set it to end such waiting, with a KeyboardInterrupt.

    Raises:
        StoreError: the folder cannot be used; StoreVersionError if it is newer than this release.
    """

    def __init__(
        self,
        folder: Path,
        *,
        lock_timeout_s: float,
        interrupted: threading.Event | None = None,
    ) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            msg = f"cannot make the store's folder {folder}: {error}; set KB_DATA_DIR to another"
            raise StoreError(msg) from error
        self.folder = folder
        self.snapshot = Snapshot(folder) if is_read_only(folder) else None
        place = self.snapshot.place if self.snapshot else folder
        self.lock, self._long = (
            WriteLock(place / name, timeout_s=lock_timeout_s, interrupted=interrupted)
            for name in ("write.lock", "long.lock")
        )
        if self.snapshot:
            try:
                self.catalog = self.snapshot.open_catalog()
            except BaseException:
                self.snapshot.close()
                raise
            self.vectors = ChromaStore.at(place / CHROMA, self.snapshot.copy_vectors)
        else:
            with self.lock.hold():
                self.catalog = _opened(folder)
                room.keep_reserve(folder)
            self.vectors = ChromaStore.at(folder / CHROMA)
        self._freshness = Freshness(self.catalog, self.vectors, self.lock)
        if not self.snapshot:
            self._recover_if_free()

    def require_writable(self) -> None:
        """Refuse what would change the store, before any of it is done.

        Raises:
            StoreError: the folder is read-only.
        """
        if self.snapshot:
            raise StoreError(self.snapshot.refusal)

    # -- collections

    def create_collection(
        self, name: str, description: str, identity: EmbedderIdentity
    ) -> CollectionInfo:
        """Make a collection; its embedder is recorded for good.

        Raises:
            CollectionError: the name is taken or cannot be used.
        """
        with self.writing():
            with self.catalog.change() as change:
                info = change.create_collection(name, description, identity)
                # Before the commit: a crash leaves an empty Chroma collection that nobody knows,
                # never a known collection without one.
                self.vectors.create(info.id)
            return info

    def ensure_collection(self, name: str, identity: EmbedderIdentity) -> CollectionInfo:
        """Return the collection of that name, making it if need be."""
        with self.catalog.reading() as state:
            found = state.find_collection(name)
        if found is not None:
            return found
        with self.lock.hold():  # another process may be making it at this moment
            with self.catalog.reading() as state:
                found = state.find_collection(name)
            return found or self.create_collection(name, "", identity)

    def drop_collection(self, name: str) -> None:
        """Delete a collection with all its documents.

        Raises:
            CollectionError: there is no such collection.
        """
        with self.writing():
            with self.changing() as change:
                change.detach_collection(change.collection(name).id)
            cleanup.finish_dropped(self.catalog, self.vectors)

    # -- documents

    def commit(
        self,
        collection: CollectionInfo,
        prepared: PreparedDocument,
        vectors: Vectors,
        file: FileState,
    ) -> AddResult:
        """Make a document visible as what ``file`` holds, in place of what it held before.

        If another source gave the same content already, the source is added to that document.

        Raises:
            CollectionError: the collection was deleted meanwhile.
            StoreBusyError: another process writes for too long.
            StoreError: the disk is full or failed; what was visible stays visible.
        """
        item = EmbeddedDocument(prepared=prepared, vectors=vectors, file=file)
        return self.commit_all(collection, [item])[0]

    def commit_all(
        self, collection: CollectionInfo, items: Sequence[EmbeddedDocument]
    ) -> list[AddResult]:
        """Do as :meth:`commit` for several documents; all of them become visible in one step.

        Raises:
            CollectionError, StoreBusyError, StoreError: as there, and none has become visible.
        """
        if sum(len(item.prepared.chunks) for item in items) > _LONG_CHUNKS:
            try:
                return self._commit_long(collection, items)
            except ChangedMeanwhileError:  # a document that was there already, and is not now
                return self._commit_long(collection, items)
        with self.writing():
            room.require(self.folder)
            try:
                plan = committing.begin(self.catalog, collection, items)
                for records, vectors in committing.batches(plan):
                    self.vectors.upsert(collection.id, records, vectors)
                results = committing.finish(self.catalog, self._freshness, plan)
            except BaseException:
                self._recover_quietly()
                raise
        self._sweep()
        return results

    def _commit_long(
        self, collection: CollectionInfo, items: Sequence[EmbeddedDocument]
    ) -> list[AddResult]:
        """Let others write between the calls of Chroma, which take minutes for a huge document.

        One such document at a time; the next waits as long as something is being stored.
        """
        with self._long.hold(progress=self.generation):
            try:
                with self.writing():
                    room.require(self.folder)
                    plan = committing.begin(self.catalog, collection, items)
                for records, vectors in committing.batches(plan):
                    time.sleep(_TURN_S)
                    with self.writing():
                        with self.catalog.reading() as state:
                            state.current_collection(collection)
                        self.vectors.upsert(collection.id, records, vectors)
                        with self.changing():
                            pass  # others must have read this before they write
                with self.writing():
                    results = committing.finish(self.catalog, self._freshness, plan)
                self._sweep()
            except BaseException:
                self._recover_quietly()
                raise
        return results

    # -- reading vectors

    def query(self, collection_id: str, vector: Vector, limit: int) -> list[tuple[int, float]]:
        """Return (chunk id, cosine) best first; some may be invisible."""
        self._freshness.prepare_reading(collection_id)
        return self.vectors.query(collection_id, vector, limit)

    def stored_vectors(self, collection_id: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return vectors by chunk id; a missing one is simply not there."""
        self._freshness.prepare_reading(collection_id)
        return self.vectors.vectors(collection_id, ids)

    # -- upkeep

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock with a client that knows what other processes wrote."""
        with self.lock.hold():
            self._freshness.refresh_if_stale()
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the write lock while nobody is in the middle of storing a long document."""
        with self._long.hold(progress=self.generation), self.writing():
            yield

    def generation(self) -> int:
        """Return the count of commits that changed what can be found, by any process."""
        return self._freshness.generation()

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Give a change of the catalog inside the write lock; vectors stay as they are."""
        with self.lock.hold(), self.catalog.change() as change:
            yield change

    def changing(self) -> AbstractContextManager[Change]:
        """Give a change whose end tells other processes that vectors changed; inside the lock."""
        return self._freshness.changing()

    def recover(self) -> int:
        """Remove what a crash left behind; return how many documents that were."""
        with self.writing():
            cleanup.finish_dropped(self.catalog, self.vectors)
            with self.catalog.reading() as state:
                before = state.hidden_count()
            self._sweep()
            with self.catalog.reading() as state:
                return before - state.hidden_count()

    def tidy(self) -> None:
        """Do what a change of the catalog leaves to be done in the vector store."""
        self._sweep()

    def compact(self) -> None:
        """Rewrite files so that nothing of removed documents is left in them."""
        with self.alone():
            self.recover()
            self.catalog.compact()
            self.vectors.purge()
            with self.changing():
                pass  # others open Chroma's new file

    def close(self) -> None:
        """Release all files."""
        self.vectors.close()
        self.catalog.close()
        if self.snapshot:
            self.snapshot.close()

    # -- helpers

    def _sweep(self) -> None:
        """Delete what no search may see, and describe anew what has another file now.

        Others may write in between where there is much.
        """
        while self._sweep_part():
            self._give_turn()
        while self._describe_part():
            self._give_turn()

    def _describe_part(self) -> int:
        with self.lock.hold():
            return cleanup.describe(self.catalog, self.vectors, self._freshness)

    def _sweep_part(self) -> int:
        with self.lock.hold():
            # Whoever stores a long document has rows that look as if a crash had left them.
            try:
                with self._long.hold(timeout_s=0):
                    return self._swept(pending=True)
            except StoreBusyError:
                return self._swept(pending=False)

    def _swept(self, *, pending: bool) -> int:
        return cleanup.sweep(self.catalog, self.vectors, self._freshness, pending=pending)

    def _give_turn(self) -> None:
        if not self.lock.is_held:
            time.sleep(_TURN_S)

    def _recover_if_free(self) -> None:
        """Clean up at start, unless a writer is at work (who will do it, or is not done)."""
        with self.catalog.reading() as state:
            if not state.has_leftovers():
                return
        try:
            with self.lock.hold(timeout_s=_PATIENCE_S):
                count = self.recover()
                _log.info("removed what %d interrupted changes had left behind", count)
        except StoreBusyError:
            return

    def _recover_quietly(self) -> None:
        try:
            with self.writing():
                self._sweep()
        except StoreError:
            _log.warning("could not clean up after a failed change; the next start will")


def _opened(folder: Path) -> Catalog:
    path = folder / CATALOG
    try:
        return Catalog(path)
    except StoreError:
        if not room.release_reserve(folder):
            raise
    return Catalog(path)
