"""Answers of vector stores during one search, requested while no transaction is open.

A store in files answers at once, also in another thread while the search goes on by words. A server
is asked between two transactions of the catalog: the search ends at the first missing answer, and
starts again when the answer is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.store.store import Store
from kb.vectors.base import VectorFilter

Nearest = list[tuple[int, float]]
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request for the nearest chunks of a collection; several queries have several vectors."""

    collection_id: str
    numbers: bytes
    limit: int
    where: VectorFilter | None
    vector: Vector = field(compare=False)

    @classmethod
    def of(
        cls, collection_id: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> Question:
        """Create it; equal numbers are equal vectors."""
        return cls(
            collection_id=collection_id,
            numbers=vector.tobytes(),
            limit=limit,
            where=where,
            vector=vector,
        )


class UnansweredError(Exception):
    """A server must answer before the search can continue; the error never leaves the search."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question


class VectorAnswers:
    """Remembers the answers of servers for one search.

    Args:
        store: the store of the vectors.
        aside: runs what :meth:`beside` starts; without it, nothing starts early.
    """

    def __init__(self, store: Store, aside: Executor | None = None) -> None:
        self._store = store
        self._aside = aside
        self._remote: dict[str, bool] = {}
        self._known: dict[Question, Nearest] = {}

    def beside(
        self, collection_id: str, work: Callable[[State], _Result]
    ) -> Future[_Result] | None:
        """Search a store in files in another thread, with a state of the catalog of its own.

        Where the store has to wait for other processes, nothing begins and the result is None: the
        thread of the search waits itself, so that Ctrl-C ends it.
        """
        if self._aside is None or not self._store.vectors.answers_at_once(collection_id):
            return None
        with suppress(RuntimeError):  # closed just now, which this thread will find out
            return self._aside.submit(self._in_own_state, work)
        return None

    def nearest(
        self, collection_id: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> Nearest:
        """Return (chunk id, cosine), best first; some chunks may be invisible.

        Raises:
            UnansweredError: a server must answer first; call :meth:`ask`.
        """
        question = Question.of(collection_id, vector, limit, where)
        if self.is_remote(collection_id):
            return self._answered(question)
        return self._asked(question)

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
        self._known[missing.question] = self._asked(missing.question)

    def forget(self) -> None:
        """Forget all answers, because other processes have written."""
        self._known.clear()

    def is_remote(self, collection_id: str) -> bool:
        """Return whether the vectors of a collection are on a server."""
        if collection_id not in self._remote:
            self._remote[collection_id] = self._store.vectors.are_remote(collection_id)
        return self._remote[collection_id]

    def _asked(self, question: Question) -> Nearest:
        return self._store.query(
            question.collection_id, question.vector, question.limit, question.where
        )

    def _in_own_state(self, work: Callable[[State], _Result]) -> _Result:
        with self._store.catalog.reading() as state:
            return work(state)

    def _answered(self, question: Question) -> Nearest:
        if question not in self._known:
            raise UnansweredError(question)
        return self._known[question]
