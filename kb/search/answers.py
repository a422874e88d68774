"""Answers of vector stores during one search, requested while no transaction is open.

A store in files answers at once, or in another thread while the search goes on by words: each way
takes one core about 28 ms in a million chunks, and neither needs the other. A server is asked
between two transactions of the catalog: the search ends at the first missing answer, and starts
again when the answer is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field

from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.store.store import Store
from kb.vectors.base import VectorFilter

Nearest = list[tuple[int, float]]


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
        aside: runs what :meth:`begin` starts; without it, nothing starts early.
    """

    def __init__(self, store: Store, aside: Executor | None = None) -> None:
        self._store = store
        self._aside = aside
        self._remote: dict[str, bool] = {}
        self._known: dict[Question, Nearest] = {}
        self._begun: dict[Question, Future[Nearest]] = {}

    def begin(
        self,
        collection_id: str,
        vector: Vector,
        limit: int,
        then: Callable[[State, list[int]], object] | None = None,
    ) -> None:
        """Ask a store in files in another thread; :meth:`nearest` waits for the answer.

        ``then`` is called there with the answer's chunks and a state of the catalog, which may be
        another than the search's. Where the store has to wait for other processes, nothing begins:
        the thread of the search waits itself, so that Ctrl-C ends it.

        Raises:
            UnansweredError: a server must answer first; call :meth:`ask`.
        """
        question = Question.of(collection_id, vector, limit)
        if self.is_remote(collection_id):
            self._answered(question)
        elif (
            self._aside is not None
            and question not in self._begun
            and self._store.vectors.answers_at_once(collection_id)
        ):
            with suppress(RuntimeError):  # closed just now, which this thread will find out
                self._begun[question] = self._aside.submit(self._asked, question, then)

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
        begun = self._begun.pop(question, None)
        # While many search, no thread may have been free: this one is.
        if begun is None or begun.cancel():
            return self._asked(question)
        return begun.result()

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
        self._begun.clear()

    def is_remote(self, collection_id: str) -> bool:
        """Return whether the vectors of a collection are on a server."""
        if collection_id not in self._remote:
            self._remote[collection_id] = self._store.vectors.are_remote(collection_id)
        return self._remote[collection_id]

    def _asked(
        self, question: Question, then: Callable[[State, list[int]], object] | None = None
    ) -> Nearest:
        found = self._store.query(
            question.collection_id, question.vector, question.limit, question.where
        )
        if then is not None:
            with self._store.catalog.reading() as state:
                then(state, [chunk_id for chunk_id, _ in found])
        return found

    def _answered(self, question: Question) -> Nearest:
        if question not in self._known:
            raise UnansweredError(question)
        return self._known[question]
