"""The chunks that one search of one collection may return: filter, phrases and exclusions."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np

from kb.catalog.filters import SearchFilter
from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.records import CollectionInfo
from kb.search import comparing
from kb.search.kept_filters import Allowed, KeptFilters, fits
from kb.search.query import Query

# Up to this many allowed chunks, comparing all of them is exact, and faster than asking the index
# again and again until enough of its answers are allowed.
FEW = 2000
_USUAL_SHARE = 0.4


class Restriction:
    """Decides which chunks pass, in one state of the catalog.

    Attributes:
        few: all passing chunks if they are few; None if there are more.
        allowed: all chunks that pass the filter, if there is one and they are known.
    """

    def __init__(
        self,
        state: State,
        collection: CollectionInfo,
        query: Query,
        condition: SearchFilter,
        kept: KeptFilters,
    ) -> None:
        self._state = state
        self._collection = collection
        self._filter = condition
        self._required: set[int] | None = None
        self._excluded: set[int] = set()
        self._kept = kept
        self.allowed: Allowed | None = None
        if not condition.is_empty:
            self.allowed = kept.allowed(state, collection, condition)
        if query.required:
            self._required = state.chunks_with_words(collection.id, query.condition)
        if query.excluded:
            self._excluded = state.chunks_with_words(collection.id, query.exclusion)
        self.few = self._few()

    @property
    def is_empty(self) -> bool:
        """Whether every visible chunk passes."""
        return self._filter.is_empty and self._required is None and not self._excluded

    @property
    def is_compared(self) -> bool:
        """Whether so few chunks pass that each is compared, and the index is not asked."""
        return self.few is not None or (
            self.allowed is not None and fits(self.allowed, self._collection)
        )

    @property
    def share(self) -> float:
        """The share of the collection's chunks that passes the filter, if known: else a guess."""
        if self.allowed is None:
            return _USUAL_SHARE
        return max(1, len(self.allowed)) / max(1, self._collection.chunks, len(self.allowed))

    def seen_in(self, state: State) -> Restriction:
        """Return the same restriction for another thread, which has a state of its own."""
        other = copy(self)
        other._state = state  # noqa: SLF001 - of this class
        return other

    def passing(self, ids: Sequence[int]) -> set[int]:
        """Return the visible and passing ones of ``ids``."""
        left = list(ids)
        if self.allowed is not None:
            row = np.array(left, np.int64)
            left = row[self.allowed.hold(row)].tolist()
        left = [item for item in left if item not in self._excluded]
        if self._required is not None:
            left = [item for item in left if item in self._required]
        if self.allowed is not None:
            return set(left)
        return self._state.passing_of(left, self._collection.id, self._filter)

    def every(self) -> list[int]:
        """Return all chunks that pass; slow for half of a large collection."""
        if self.few is not None:
            return self.few
        found = (
            self._state.chunks_passing(self._collection.id, self._filter, -1)
            if self.allowed is None
            else self.allowed.ids
        )
        return [
            item
            for item in found.tolist()
            if item not in self._excluded and (self._required is None or item in self._required)
        ]

    def nearest(self, vector: Vector, limit: int) -> list[tuple[int, float]] | None:
        """Return up to ``limit`` (chunk id, cosine) of passing chunks, each compared.

        The result is None if asking the index is faster.
        """
        if self.allowed is None:
            return None
        rows = self._kept.vectors(self._state, self._collection, self._filter, self.allowed)
        if rows is None:
            return None
        ids = self.allowed.ids
        if not self._filter_alone:
            listed = self.listed()
            holds = listed.hold(ids)
            ids, rows = ids[holds], rows[holds]
        return comparing.nearest(ids, rows, vector, limit)

    def nearest_of_all(self, vector: Vector, limit: int) -> list[tuple[int, float]] | None:
        """Return the result of :meth:`nearest` at any cost; None if vectors are missing."""
        ids = np.sort(np.array(self.every(), np.int64))
        return comparing.nearest_of_many(self._state, self._collection.id, ids, vector, limit)

    def listed(self) -> Allowed:
        """Return all passing chunks."""
        if self.allowed is not None and self._filter_alone:
            return self.allowed
        return Allowed.of(np.array(self.every(), np.int64))

    @property
    def _filter_alone(self) -> bool:
        return self._required is None and not self._excluded

    def _few(self) -> list[int] | None:
        if self.is_empty:
            return None
        if self._required is not None and len(self._required) <= FEW:
            return sorted(self.passing(sorted(self._required)))
        if self._filter.is_empty:
            return None
        if self.allowed is None or len(self.allowed) > FEW:
            return None
        return sorted(self.passing(self.allowed.ids.tolist()))
