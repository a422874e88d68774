"""Passages similar to a hit: those with the nearest vectors."""

from __future__ import annotations

from dataclasses import replace

from kb.catalog.filters import SearchFilter
from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.errors import StoreBusyError
from kb.records import CollectionInfo, SearchHit
from kb.search import dense, hits
from kb.search.answers import UnansweredError, VectorAnswers
from kb.search.kept_filters import KeptFilters
from kb.search.query import parse
from kb.search.restriction import Restriction
from kb.store.store import Store

_MOST_QUESTIONS = 8
# Copies of the passage and its overlapping neighbours are near as well, and are left out.
_ASKED_PER_HIT = 4


class Likeness:
    """Finds passages similar to a known one. Thread-safe; it needs no model.

    Raises (every method):
        StoreError: the disk or a file of the store failed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def like(self, hit: SearchHit, *, most: int = 5) -> list[SearchHit]:
        """Return the passages of a hit's collection that are most similar to it, best first.

        The hit itself, its copies and overlapping passages are left out. ``score`` is the cosine of
        both vectors, at least 0. There are no results if the passage is gone.

        Args:
            hit: a hit of a search.
            most: highest number of passages.

        Raises:
            CollectionError: the collection does not exist.
            CollectionGoneError: the collection was deleted meanwhile.
        """
        with self._store.catalog.reading() as state:
            collection = state.collection(hit.collection)
        stored = self._store.stored_vectors(collection.id, [hit.chunk_id])
        if hit.chunk_id not in stored:
            return []
        answers = VectorAnswers(self._store)
        for _ in range(_MOST_QUESTIONS):
            try:
                with self._store.catalog.reading() as state:
                    return _near(
                        state, answers, collection, hit, vector=stored[hit.chunk_id], most=most
                    )
            except UnansweredError as missing:
                answers.ask(missing)
        msg = "other processes keep changing the collection; ask again in a moment"
        raise StoreBusyError(msg)


def _near(
    state: State,
    answers: VectorAnswers,
    collection: CollectionInfo,
    hit: SearchHit,
    *,
    vector: Vector,
    most: int,
) -> list[SearchHit]:
    state.current_collection(collection)
    everything = Restriction(state, collection, parse(""), SearchFilter(), KeptFilters())
    limit = most * _ASKED_PER_HIT
    while True:
        near = dense.nearest(
            answers, collection, vector, limit, everything, passing=everything.passing
        )
        # The passage comes first, so that its repetitions merge with it.
        others = [(chunk_id, score) for chunk_id, score in near if chunk_id != hit.chunk_id]
        ranked = [(hit.chunk_id, 1.0), *others]
        passages = state.passages([collection.id], [chunk_id for chunk_id, _ in ranked])
        if hit.chunk_id not in passages:
            return []
        found = hits.Found([collection], ranked, passages, {"dense": hits.places(others)})
        kept = hits.first(state, found, most + 1)[1:]
        if len(kept) == most or len(near) < limit:
            return [replace(each, score=min(1.0, max(0.0, each.score))) for each in kept]
        limit *= 4
