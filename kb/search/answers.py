"""Answers of vector stores during one search, requested while no transaction is open.

A store in files answers at once. A server is asked between two transactions of the catalog: the
search ends at the first missing answer, and starts again when the answer is there.
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
    """A request for the nearest chunks of a collection; all of a search have the same vector."""

    collection_id: str
    limit: int
    where: VectorFilter | None


class UnansweredError(Exception):
    """A server must answer before the search can continue; the error never leaves the search."""

    def __init__(self, question: Question, vector: Vector) -> None:
        super().__init__()
        self.question = question
        self.vector = vector


class VectorAnswers:
    """Remembers the answers of servers for one search."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._remote: dict[str, bool] = {}
        self._known: dict[Question, Nearest] = {}

    def nearest(
        self, collection_id: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> Nearest:
        """Return (chunk id, cosine), best first; some chunks may be invisible.

        Raises:
            UnansweredError: a server must answer first; call :meth:`ask`.
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
        """Return the nearest of the given chunks, whatever their number."""
        most = self._store.vectors.most_chunks(collection_id)
        found: Nearest = []
        for at in range(0, len(ids), most):
            where = VectorFilter(chunks=tuple(ids[at : at + most]))
            found += self.nearest(collection_id, vector, limit, where)
        return sorted(found, key=lambda hit: -hit[1])[:limit]

    def ask(self, missing: UnansweredError) -> None:
        """Ask a server; call it only while no transaction is open."""
        asked = missing.question
        self._known[asked] = self._store.query(
            asked.collection_id, missing.vector, asked.limit, asked.where
        )

    def forget(self) -> None:
        """Forget all answers, because other processes have written."""
        self._known.clear()

    def is_remote(self, collection_id: str) -> bool:
        """Return whether the vectors of a collection are on a server."""
        if collection_id not in self._remote:
            self._remote[collection_id] = self._store.vectors.are_remote(collection_id)
        return self._remote[collection_id]
