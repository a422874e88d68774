"""What vector stores answer during one search: asked while no transaction is open.

A store in files answers at once. One on a server is asked between two looks at the catalog: the
search of one state ends at the first answer that is not there, and begins again when it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.embedding.base import Vector
from kb.store.store import Store
from kb.vectors.base import VectorFilter

Nearest = list[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The nearest chunks of a collection; within a search, the vector is always the same."""

    collection_id: str
    limit: int
    where: VectorFilter | None


class UnansweredError(Exception):
    """A server must be asked before the search can go on; it never leaves the search."""

    def __init__(self, question: Question, vector: Vector) -> None:
        super().__init__()
        self.question = question
        self.vector = vector


class VectorAnswers:
    """Remembers what servers have answered, for one search."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._remote: dict[str, bool] = {}
        self._known: dict[Question, Nearest] = {}

    def nearest(
        self, collection_id: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> Nearest:
        """Return (chunk id, cosine) best first; some may be invisible.

        Raises:
            UnansweredError: a server must be asked first, by :meth:`ask`.
        """
        if not self.is_remote(collection_id):
            return self._store.query(collection_id, vector, limit, where)
        question = Question(collection_id=collection_id, limit=limit, where=where)
        if question not in self._known:
            raise UnansweredError(question, vector)
        return self._known[question]

    def nearest_of(
        self, collection_id: str, vector: Vector, limit: int, ids: Sequence[int]
    ) -> Nearest:
        """Return the nearest of some chunks, however many they are."""
        most = self._store.vectors.most_chunks(collection_id)
        found: Nearest = []
        for at in range(0, len(ids), most):
            where = VectorFilter(chunks=tuple(ids[at : at + most]))
            found += self.nearest(collection_id, vector, limit, where)
        return sorted(found, key=lambda hit: -hit[1])[:limit]

    def ask(self, missing: UnansweredError) -> None:
        """Ask a server; no transaction is open."""
        asked = missing.question
        self._known[asked] = self._store.query(
            asked.collection_id, missing.vector, asked.limit, asked.where
        )

    def forget(self) -> None:
        """Ask again: others have written."""
        self._known.clear()

    def is_remote(self, collection_id: str) -> bool:
        """Say whether the vectors of a collection are on a server."""
        if collection_id not in self._remote:
            self._remote[collection_id] = self._store.vectors.are_remote(collection_id)
        return self._remote[collection_id]
