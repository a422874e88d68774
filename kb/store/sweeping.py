"""Does the work that changes of the catalog leave for the vector stores, in parts.

It deletes vectors of invisible chunks: those of old versions and of interrupted changes. It also
keeps the metadata of vectors, the name of a document's file, in step with the catalog. All of it
may be interrupted and repeated, and several processes may do it at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial

from kb.catalog.catalog import Catalog
from kb.errors import VectorServerUnavailableError
from kb.store import vector_records
from kb.store.flights import Flights
from kb.store.lock import WriteLock
from kb.store.placing import PlacedVectors
from kb.vectors.address import Address

# How long a server that was down is left alone, in seconds.
_REST_S = 60.0

_log = logging.getLogger(__name__)

CHUNKS_PER_STEP = 1000
"""Chunks deleted or described in one hold of the lock: a second for Chroma."""


class Sweeper:
    """Cleans up after changes. Others may write between its steps.

    Inside the write lock it skips servers, and leaves them for the next call.

    Args:
        catalog: knows the remaining work.
        vectors: the vectors.
        lock: the store's write lock.
        flights: documents being stored at this moment; their rows are left alone.
    """

    def __init__(
        self, catalog: Catalog, vectors: PlacedVectors, lock: WriteLock, flights: Flights
    ) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._lock = lock
        self._flights = flights
        self._away_until = float("-inf")

    def try_again(self) -> None:
        """Try servers again that were down a moment ago."""
        self._away_until = float("-inf")

    def delete_part(self, *, remote: bool = True) -> int:
        """Delete up to :data:`CHUNKS_PER_STEP` invisible chunks of one collection.

        Call it again until it returns 0. Without ``remote`` it skips servers.

        Returns:
            The number of deleted documents and chunks.
        """
        with self._catalog.reading() as state:
            first = state.hidden_chunks(at_most=1)
        if not first:
            return 0
        with self._lock.hold():
            pending = not self._flights.are_under_way()
            with self._catalog.reading() as state:
                found = state.hidden_chunks(pending=pending, at_most=CHUNKS_PER_STEP)
        if not found or self._may_not(
            self._vectors.place_of(found[0].collection_id), remote=remote
        ):
            return 0
        collection_id = found[0].collection_id
        mine = [each for each in found if each.collection_id == collection_id]
        with self._vectors.writing(collection_id):
            ids = [each.chunk_id for each in mine if each.chunk_id is not None]
            if ids and not self._done(partial(self._vectors.delete, collection_id, ids)):
                return 0
            with self._lock.hold(), self._catalog.change() as change:
                change.count_generation()
                return change.delete_hidden(mine)

    def forget_part(self) -> int:
        """Delete some sentence vectors of deleted collections; return the number of rows.

        Call it again until it returns 0.
        """
        with self._catalog.reading() as state:
            if not state.has_dropped_sentences():
                return 0
        with self._lock.hold(), self._catalog.change() as change:
            return change.delete_dropped_sentences(at_most=CHUNKS_PER_STEP)

    def describe_part(self, *, remote: bool = True) -> int:
        """Update the metadata of some vectors of one collection; return the amount done.

        Call it again until it returns 0: then nothing is left, or the rest must wait.
        """
        with self._catalog.reading() as state:
            if not state.has_stale_descriptions():
                return 0
            stale = state.stale_chunks(at_most=CHUNKS_PER_STEP)
        collection_id = stale[0].collection_id if stale else ""
        mine = [each for each in stale if each.collection_id == collection_id]
        ids = [each.chunk_id for each in mine]
        if not mine:
            return self._note({})
        if self._may_not(self._vectors.place_of(collection_id), remote=remote):
            return 0
        with self._vectors.writing(collection_id):
            with self._catalog.reading() as state:
                described = vector_records.of_stored(state, collection_id, ids)
            records = [record for record, _ in described]
            if not self._done(partial(self._vectors.describe, collection_id, records)):
                return 0
            with self._lock.hold(), self._catalog.change() as change:
                if vector_records.of_stored(change, collection_id, ids) != described:
                    return 1  # another file gives the document now: repeat
                change.count_generation()
                reached = {chunk.document_id: chunk.ordinal + 1 for chunk in mine}
                return len(mine) + change.note_described(reached)

    def finish_dropped(self, *, remote: bool = True) -> None:
        """Delete the vectors of collections that have left the catalog or a store.

        Vectors on a server that is down are left for the next time.
        """
        with self._catalog.reading() as state:
            dropped = state.dropped_collections()
        for collection_id, place in dropped:
            if self._may_not(place, remote=remote):
                continue
            if not self._done(partial(self._vectors.at(place).drop, collection_id)):
                continue
            with self._lock.hold(), self._catalog.change() as change:
                change.forget_dropped(collection_id, place)

    def _may_not(self, place: str, *, remote: bool) -> bool:
        """Return whether a place is on a network that must not be used now or inside the lock."""
        away = time.monotonic() < self._away_until
        return Address(place).is_server and (self._lock.is_held or not remote or away)

    def _done(self, work: Callable[[], None]) -> bool:
        """Do work in a vector store; return whether its server was reachable.

        An unreachable server is left alone for a while, so that others need not wait for it again.
        """
        try:
            work()
        except VectorServerUnavailableError as error:
            self._away_until = time.monotonic() + _REST_S
            _log.warning("unused vectors are left for later: %s", error)
            return False
        return True

    def _note(self, reached: dict[int, int]) -> int:
        with self._lock.hold(), self._catalog.change() as change:
            return change.note_described(reached)
