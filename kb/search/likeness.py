"""Passages like one that was found: those whose vectors lie nearest to its own."""

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
    """Finds passages like one that is known. Thread-safe; no model is needed.

    Raises (every method):
        StoreError: the disk or a file of the store failed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def like(self, hit: SearchHit, *, most: int = 5) -> list[SearchHit]:
        """Return the passages of a hit's collection that are most like it, best first.

        The hit itself, its copies and the passages that overlap it are left out. ``score`` is the
        cosine of both vectors, 0 where it is below. There are none where the passage is gone.

        Args:
            hit: a passage that a search gave.
            most: how many.

        Raises:
            CollectionError: there is no such collection.
            CollectionGoneError: it was deleted meanwhile.
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
        msg = "others change the collection all the while; ask again in a moment"
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
        # The passage stands first, so that what repeats it becomes one with it.
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
