"""The search by meaning for one query in one collection: ask the index, score, ask for more.

It needs nothing of the search by words, and takes as long, so it runs in a thread of its own where
the vectors are in files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.records import CollectionInfo
from kb.search import dense
from kb.search.answers import VectorAnswers
from kb.search.kept import Kept
from kb.search.kept_vectors import Every
from kb.search.rescoring import Rescoring
from kb.search.resolved import Sought
from kb.search.restriction import Restriction

# Chunks for each one that the search needs: scored in one step, and asked of the index at most.
# Of a million, steps half as long miss 6 of a thousand among the exact first ten, these miss 4.
_FIRST, _MOST = 2, 16
# With a filter, the index of a larger collection is asked at first for as many as without one. Of
# 100,000 chunks 8 % of the searches score more than a hundred candidates, of a million nearly all.
_LARGE = 300_000


class Near(NamedTuple):
    """Scored candidates; ``exhausted`` says whether there are no more."""

    scoring: Rescoring
    exhausted: bool


class ByMeaning:
    """The search by meaning for one query in one collection.

    Args:
        answers: the answers of the vector store.
        kept: what searches remember.
        collection: the collection.
        sought: the query.
        vector: the query's vector.
        limit: number of chunks that the search needs.
        wanted: number of chunks that the user gets.
    """

    def __init__(
        self,
        answers: VectorAnswers,
        kept: Kept,
        collection: CollectionInfo,
        sought: Sought,
        *,
        vector: Vector,
        limit: int,
        wanted: int,
    ) -> None:
        self._answers = answers
        self._kept = kept
        self._collection = collection
        self._sought = sought
        self._vector = vector
        self._limit = limit
        self._wanted = wanted
        self._begun: Future[tuple[int, Near]] | None = None

    def begin(self, state: State, restriction: Restriction) -> None:
        """Ask a server now, or search in another thread, so that :meth:`near` need not wait.

        Raises:
            UnansweredError: a server must answer first.
        """
        if restriction.is_compared or self._every(state, restriction) is not None:
            return
        if self._answers.is_remote(self._collection.id):
            asked = self._scoring().asked
            dense.begin(
                self._answers, self._collection, asked, self._first(restriction), restriction
            )
        else:
            work = partial(self._aside, restriction)
            self._begun = self._answers.beside(self._collection.id, work)

    def near(self, state: State, restriction: Restriction, others: Sequence[int]) -> Near:
        """Return candidates of the index, and ``others``, with their exact scores.

        A small collection is scored whole.
        """
        every = self._every(state, restriction)
        if every is not None:
            scoring, most = self._scoring(), _FIRST * self._limit
            scoring.score_all(every, most, others)
            return Near(scoring, len(every.languages) < most)
        near = self._finished(state) or self._near(state, restriction)
        near.scoring.score(state, [], others)
        return near

    def _every(self, state: State, restriction: Restriction) -> Every | None:
        """Return all chunks of a small collection, if all pass."""
        if not restriction.is_empty or self._answers.is_remote(self._collection.id):
            return None
        return self._kept.vectors.every(state, self._collection)

    def _aside(self, restriction: Restriction, state: State) -> tuple[int, Near]:
        """Search in another thread; return the generation of its state, too."""
        return state.generation(), self._near(state, restriction.seen_in(state))

    def _finished(self, state: State) -> Near | None:
        """Wait for the other thread; None if there is none, or if it saw another state."""
        # While many search, no thread may have been free: this one is.
        if self._begun is None or self._begun.cancel():
            return None
        generation, near = self._begun.result()
        return near if generation == state.generation() else None

    def _near(self, state: State, restriction: Restriction) -> Near:
        """Score candidates of the index, best first, until no other may be among the best."""
        scoring = self._scoring()
        nearest = partial(
            dense.nearest, self._answers, self._collection, scoring.asked, restriction=restriction
        )
        # Scoring finds out which are visible: nearly always all are.
        passing = set if restriction.is_empty else restriction.passing
        asked = self._first(restriction)
        while True:
            near = nearest(asked, passing=passing)
            for done in self._steps(len(near)):
                scoring.score(state, near[:done])
                if len(scoring) >= self._limit and not scoring.may_miss(self._wanted):
                    return Near(scoring, exhausted=done == len(near) < asked)
            if len(near) < asked:
                return Near(scoring, exhausted=True)
            if asked >= self._most:
                break
            asked = self._most
        if len(scoring) < self._limit:  # many versions are being written or deleted
            near = nearest(asked, passing=partial(scoring.visible, state))
            scoring.score(state, near)
        return Near(scoring, exhausted=len(near) < asked)

    def _first(self, restriction: Restriction) -> int:
        """Return how many passing answers the index is asked for at first."""
        first = _FIRST * self._limit
        if restriction.is_empty or self._collection.chunks > _LARGE:
            return max(first, dense.LEAST)
        return first

    @property
    def _most(self) -> int:
        return _MOST * self._limit

    def _steps(self, found: int) -> Iterator[int]:
        """Return how many of the answers to score: some, as many more, and so on up to all."""
        step = _FIRST * self._limit
        yield from range(step, found, step)
        yield found

    def _scoring(self) -> Rescoring:
        sought = self._sought
        return Rescoring(
            self._collection.id,
            sought.means,
            self._vector,
            sought.query.text,
            self._kept.vectors,
        )
