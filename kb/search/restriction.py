"""The chunks that one search of one collection may return: filter, phrases and exclusions."""

from __future__ import annotations

from collections.abc import Sequence

from kb.catalog.filters import SearchFilter
from kb.catalog.state import State
from kb.records import CollectionInfo
from kb.search.query import Query

# Up to this many allowed chunks, comparing all of them is faster than asking the index for ever
# more until enough of its answers are allowed; and exact.
FEW = 2000


class Restriction:
    """Says which chunks pass, in one state of the catalog.

    ``few`` lists all that pass, if they are few; None says that there are more.
    """

    def __init__(
        self,
        state: State,
        collection: CollectionInfo,
        query: Query,
        condition: SearchFilter,
    ) -> None:
        self._state = state
        self._collection = collection
        self._filter = condition
        self._required: set[int] | None = None
        self._excluded: set[int] = set()
        if query.required:
            self._required = state.chunks_with_words(collection.id, query.condition)
        if query.excluded:
            self._excluded = state.chunks_with_words(collection.id, query.exclusion)
        self.few = self._few()

    @property
    def is_empty(self) -> bool:
        """Say whether every visible chunk passes."""
        return self._filter.is_empty and self._required is None and not self._excluded

    def passing(self, ids: Sequence[int]) -> set[int]:
        """Return those of ``ids`` that are visible and pass."""
        left = [item for item in ids if item not in self._excluded]
        if self._required is not None:
            left = [item for item in left if item in self._required]
        return self._state.passing_of(left, self._collection.id, self._filter)

    def every(self) -> list[int]:
        """Return all chunks that pass; slow where that is half of a large collection."""
        if self.few is not None:
            return self.few
        found = self._state.chunks_passing(self._collection.id, self._filter, -1)
        return [
            item
            for item in found
            if item not in self._excluded and (self._required is None or item in self._required)
        ]

    def _few(self) -> list[int] | None:
        if self.is_empty:
            return None
        if self._required is not None and len(self._required) <= FEW:
            return sorted(self.passing(sorted(self._required)))
        if self._filter.is_empty:
            return None
        found = self._state.chunks_passing(self._collection.id, self._filter, FEW + 1)
        if len(found) > FEW:
            return None
        return sorted(self.passing(found))
