"""Stores embedded documents: rows, vectors, visibility, each step under its locks.

The first and the last step write the catalog and hold the write lock. The locks between them depend
on the place and number of the vectors:

- In files, a few documents together: the write lock, throughout.
- In files, more than 2,000 chunks: each call that stores vectors takes the write lock for itself,
  and others write between the calls. Long documents take turns by a lock of their own.
- On a server: nothing. No call crosses a network inside a lock or a transaction.

A flight (:mod:`kb.store.flights`) tells the clean-up of others that the invisible rows are in use.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from kb.catalog.catalog import Catalog
from kb.errors import ChangedMeanwhileError, StoreError
from kb.prepared import EmbeddedDocument
from kb.records import AddResult, CollectionInfo
from kb.store import committing, room
from kb.store.locks import Locks
from kb.store.placing import PlacedVectors

# Documents with more chunks together (1.5 MB of text) are stored in several holds of the lock, of a
# few seconds each.
_LONG_CHUNKS = 2000
# Waiting for a locked file means checking it again and again. A thread that would lock it again at
# once pauses for this long, so that another one can take it.
TURN_S = 0.05


class Storing:
    """Makes documents visible. Leftovers of a failure are invisible, and others remove them.

    Args:
        folder: the folder whose disk must have room.
        catalog: the catalog.
        vectors: the vectors.
        locks: the locks of the store.
    """

    def __init__(
        self, folder: Path, catalog: Catalog, vectors: PlacedVectors, locks: Locks
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._vectors = vectors
        self._locks = locks

    def store(
        self, collection: CollectionInfo, items: Sequence[EmbeddedDocument]
    ) -> list[AddResult]:
        """Make documents visible as the content of their files, all of them in one step.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
            StoreBusyError: another process writes for too long.
            StoreError: the disk is full, or a store failed. No document has become visible.
        """
        try:
            return self._attempt(collection, items)
        except ChangedMeanwhileError:  # a document, or the collection's store
            return self._attempt(collection, items)

    def _attempt(
        self, collection: CollectionInfo, items: Sequence[EmbeddedDocument]
    ) -> list[AddResult]:
        place = self._place(collection)
        vectors, locks = self._vectors.at(place), self._locks
        long = sum(len(item.prepared.chunks) for item in items) > _LONG_CHUNKS
        with ExitStack() as held:
            if not long:
                held.enter_context(vectors.writing())
            elif not self._vectors.are_remote(collection.id):
                held.enter_context(locks.long(self._catalog.generation))
            flight = None
            if not locks.write.is_held:
                flight = held.enter_context(locks.flying(self._catalog.generation))
            with locks.write.hold():
                room.require(self._folder)
                plan = committing.begin(self._catalog, collection, items)
            for records, rows in committing.batches(plan):
                if flight is not None:
                    self._let_others_write(collection)
                    flight.beat()
                try:
                    self._vectors.upsert(collection.id, records, rows)
                except StoreError:
                    self._place(collection)  # the collection may have been deleted, vectors and all
                    raise
            with locks.write.hold():
                return committing.finish(self._catalog, plan, place)

    def _place(self, collection: CollectionInfo) -> str:
        """Return the vector store of a collection.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
        """
        with self._catalog.reading() as state:
            return state.vector_place(state.current_collection(collection).id)

    def _let_others_write(self, collection: CollectionInfo) -> None:
        """Let others write between the calls of a store, which take minutes for a huge document.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
        """
        self._place(collection)
        if not self._vectors.are_remote(collection.id):
            time.sleep(TURN_S)
