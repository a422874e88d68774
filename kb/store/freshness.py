"""Keeps this process's view of Chroma in step with what other processes commit.

Chroma's embedded client reads its index once; a count in the catalog, the generation, rises with
every commit that changes vectors, and tells when to read it again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from kb.catalog.catalog import Catalog
from kb.catalog.state import Change
from kb.errors import StoreBusyError
from kb.store.chroma import ChromaStore
from kb.store.lock import WriteLock

# A reader opens Chroma again at most this often, however many commits another process makes.
REFRESH_INTERVAL_S = 0.5
# How long a query waits for a writer before it answers from what it has (at most a second old).
READER_PATIENCE_S = 0.2


class Freshness:
    """Compares generations, and reads Chroma again where they differ. Thread-safe."""

    def __init__(self, catalog: Catalog, vectors: ChromaStore, lock: WriteLock) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._lock = lock
        self._refreshed_at = 0.0

    def generation(self) -> int:
        """Return the count of commits that changed what can be found, by any process."""
        return self._catalog.generation()

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """Give a change whose end tells other processes that vectors changed.

        Inside the write lock, with the vectors already written: this process has seen them.
        """
        with self._catalog.change() as change:
            yield change
            generation = change.count_generation()
        self._vectors.generation = generation

    def refresh_if_stale(self) -> None:
        """Read Chroma again if another process has committed; inside the write lock."""
        generation = self.generation()
        if self._vectors.generation != generation:
            self._vectors.refresh()
            self._vectors.generation = generation

    def prepare_reading(self, collection_id: str) -> None:
        """Have a collection's vectors in memory, with a view at most a moment old.

        An index is loaded from files that no other process may be writing at that moment, so it
        happens inside the lock.

        Raises:
            StoreBusyError: nothing is loaded yet, and another process writes for too long.
        """
        loaded = self._vectors.generation is not None and self._vectors.is_loaded(collection_id)
        if loaded and not self._is_due():
            return
        try:
            # Not while a mutex is held: the lock's holder may come here, too.
            with self._lock.hold(READER_PATIENCE_S if loaded else None):
                self.refresh_if_stale()
                self._vectors.load(collection_id)
                self._refreshed_at = time.monotonic()
        except StoreBusyError:
            if not loaded:
                raise

    def _is_due(self) -> bool:
        rested = time.monotonic() - self._refreshed_at >= REFRESH_INTERVAL_S
        return rested and self._vectors.generation != self.generation()
