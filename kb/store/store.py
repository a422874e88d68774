"""The store: catalog, vectors and full-text index, changed together or not at all.

The store first writes a document's rows, which are invisible, then its vectors. One SQLite
transaction then makes the new version visible. After that the old version's vectors are deleted.
Everything that a crash leaves is invisible, and the next writer removes it (:meth:`Store.recover`).

:mod:`kb.store.storing` describes the locks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kb.catalog.catalog import Catalog
from kb.catalog.sentences import StoredSentences
from kb.data_folders import closed, closed_above
from kb.embedding.base import Vector, Vectors
from kb.errors import StoreBusyError, StoreError, VectorServerUnavailableError
from kb.prepared import EmbeddedDocument, PreparedDocument
from kb.records import AddResult, CollectionInfo, FileState
from kb.store import network_disks, room
from kb.store.collections import CollectionSteps
from kb.store.files import FileSteps
from kb.store.lock import WriteLock
from kb.store.locks import Locks
from kb.store.placing import PlacedVectors, VectorAccess
from kb.store.snapshot import CATALOG, Snapshot, is_read_only
from kb.store.storing import TURN_S, Storing
from kb.store.sweeping import Sweeper
from kb.vectors.base import VectorFilter
from kb.vectors.opening import Site

_log = logging.getLogger(__name__)

# How long opening waits for a writer before it leaves the clean-up to that one.
_PATIENCE_S = 0.2


class Store(CollectionSteps, FileSteps):
    """The files of a knowledge base, below one folder. Thread-safe.

    A read-only folder can be read, see :mod:`kb.store.snapshot`; changes raise a StoreError that
    says so.

    Args:
        folder: the folder; created with access only for its owner.
        lock_timeout_s: how long a writer waits for another process, in seconds.
        interrupted: once set, such waiting ends with a KeyboardInterrupt.
        vectors: the vector store for new collections.

    Raises:
        StoreError: the folder cannot be used. StoreVersionError: it is newer than this release.
    """

    def __init__(
        self,
        folder: Path,
        *,
        lock_timeout_s: float,
        interrupted: threading.Event | None = None,
        vectors: VectorAccess | None = None,
    ) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            msg = f"cannot make the store's folder {folder}: {error}; set KB_DATA_DIR to another"
            if (above := closed_above(folder)) is not None:
                msg = closed(above)
            raise StoreError(msg) from error
        self.folder = folder
        self.snapshot = Snapshot(folder) if is_read_only(folder) else None
        place = self.snapshot.place if self.snapshot else folder
        self._locks = Locks(place, lock_timeout_s, interrupted)
        self.lock = self._locks.write
        if self.snapshot:
            try:
                self.catalog = self.snapshot.open_catalog()
            except BaseException:
                self.snapshot.close()
                raise
        else:
            network_disks.refuse(folder)
            with self.lock.hold():
                self.catalog = _opened(folder)
                room.keep_reserve(folder)
        site = Site(
            folder=place,
            lock=self.lock,
            prepare=self.snapshot.copy_vectors if self.snapshot else lambda _: None,
            make_room=lambda: room.release_reserve(place),
            interrupted=interrupted or threading.Event(),
        )
        self.vectors = PlacedVectors(self.catalog, vectors or VectorAccess(), site)
        self._storing = Storing(folder, self.catalog, self.vectors, self._locks)
        self._sweeper = Sweeper(self.catalog, self.vectors, self.lock, self._locks.flights)
        if not self.snapshot:
            self._recover_if_free()

    # -- documents

    def commit(
        self,
        collection: CollectionInfo,
        prepared: PreparedDocument,
        vectors: Vectors,
        file: FileState,
    ) -> AddResult:
        """Make a document visible as the content of ``file``, in place of the former content.

        If another source already gave the same content, that document gets this source, too.

        Raises:
            CollectionError: the collection was deleted meanwhile.
            StoreBusyError: another process writes for too long.
            StoreError: the disk is full or failed. Visible documents stay visible.
        """
        item = EmbeddedDocument(prepared=prepared, vectors=vectors, file=file)
        return self.commit_all(collection, [item])[0]

    def commit_all(
        self, collection: CollectionInfo, items: Sequence[EmbeddedDocument]
    ) -> list[AddResult]:
        """Commit several documents as :meth:`commit` does, in one step.

        Raises:
            CollectionError, StoreBusyError, StoreError: as for :meth:`commit`. No document has
                become visible.
        """
        try:
            results = self._storing.store(collection, items)
        except VectorServerUnavailableError:
            raise  # after a long enough wait
        except BaseException:
            self._recover_quietly()
            raise
        self._sweep()
        return results

    def put_sentences(
        self,
        collection: CollectionInfo,
        rows: Sequence[StoredSentences],
        reached: Mapping[int, int],
    ) -> None:
        """Store vectors of sentences, and how many first chunks of each document have them now.

        Searches are not told of it: they find the same chunks, and use the vectors that exist.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
            StoreError: the disk is full or failed. Nothing was stored.
        """
        room.require(self.folder)
        with self.change_catalog() as change:
            change.current_collection(collection)
            change.put_sentences(collection.id, rows)
            change.note_refined(reached)

    def refining_lock(self, collection_id: str) -> WriteLock:
        """Return the lock for computing the vectors of a collection's sentences."""
        return self._locks.refining(collection_id)

    # -- reading vectors

    def query(
        self, collection_id: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> list[tuple[int, float]]:
        """Return (chunk id, cosine), best first; some chunks may be invisible."""
        return self.vectors.query(collection_id, vector, limit, where)

    def stored_vectors(self, collection_id: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the existing vectors by chunk id."""
        return self.vectors.vectors(collection_id, ids)

    # -- upkeep

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock."""
        with self.lock.hold():
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the write lock while no document is being stored.

        Raises:
            StoreBusyError: a document is being stored without progress.
        """
        with self._locks.alone(self.generation):
            yield

    def generation(self) -> int:
        """Return the count of commits that changed searchable data, by any process."""
        return self.catalog.generation()

    def recover(self, *, remote: bool = True) -> int:
        """Remove the leftovers of crashes; return the number of documents removed.

        Without ``remote`` it skips servers.
        """
        with self.catalog.reading() as state:
            before = state.hidden_count()
        self._sweeper.try_again()
        self._sweeper.finish_dropped(remote=remote)
        self._sweep(remote=remote)
        with self.catalog.reading() as state:
            return before - state.hidden_count()

    def describe_all(self) -> int:
        """Update vector metadata of earlier releases; return the number of documents."""
        with self.change_catalog() as change:
            asked = change.ask_for_descriptions()
        if asked:
            self.tidy()
        return asked

    def tidy(self) -> None:
        """Do the work that a change of the catalog leaves for the vector stores."""
        self._sweeper.finish_dropped()
        self._sweep()

    def compact(self) -> None:
        """Rewrite files so that they contain no removed data."""
        with self.alone():
            self.recover()
            self.catalog.compact()
            self.vectors.prune()
            with self.catalog.reading() as state:
                known = {info.id for info in state.every_collection()}
            self._locks.forget_refining(known)

    def close(self) -> None:
        """Release all files."""
        self.vectors.close()
        self.catalog.close()
        if self.snapshot:
            self.snapshot.close()

    # -- helpers

    def _sweep(self, *, remote: bool = True) -> None:
        """Delete invisible data, and update vector metadata after changes of files.

        Others may write in between if there is much to do. Data on a server that is down is left to
        the next writer.
        """
        while self._sweeper.delete_part(remote=remote):
            self._give_turn()
        while self._sweeper.describe_part(remote=remote):
            self._give_turn()
        while self._sweeper.forget_part():
            self._give_turn()

    def _give_turn(self) -> None:
        if not self.lock.is_held:
            time.sleep(TURN_S)

    def _recover_if_free(self) -> None:
        """Clean up at start, unless a writer is active, which will do it or is not done."""
        with self.catalog.reading() as state:
            if not state.has_leftovers():
                return
        try:
            with self.lock.hold(timeout_s=_PATIENCE_S):
                pass
            count = self.recover(remote=False)  # opening waits for no server
            _log.info("removed the remains of %d interrupted changes", count)
        except StoreBusyError:
            return

    def _recover_quietly(self) -> None:
        try:
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
