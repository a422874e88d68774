"""The chunks that pass a filter, remembered from query to query.

People keep a filter for many searches, and evaluating it takes longer the larger the collection is:
finding the files below a folder reads the paths of all files, and happened three times in a search.
So the passing chunks are listed: a few at the first search with a filter, and many at the second,
which shows that the filter stays. If they are few enough, their vectors are remembered, too
(:mod:`kb.search.comparing`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kb.catalog.filters import SearchFilter
from kb.catalog.state import State
from kb.embedding.base import Vectors
from kb.records import CollectionInfo
from kb.search import comparing
from kb.search.comparing import Ids

LISTED_AT_ONCE = 20_000
"""Chunks that the first search with a filter lists: 10 ms."""

MOST_NUMBERS = 16_000_000
"""Most numbers in the remembered vectors of one filter: 40,000 default passages, 64 MB."""

_MOST_ALL_NUMBERS = 2 * MOST_NUMBERS
_MOST_FILTERS = 16


@dataclass(slots=True)
class Allowed:
    """All visible chunks of a collection that pass a filter, in one generation of the store.

    Attributes:
        ids: ids of the chunks, in ascending order.
    """

    ids: Ids
    _flags: npt.NDArray[np.bool_]
    _low: int

    @classmethod
    def of(cls, ids: Ids) -> Allowed:
        """Create it from ids in any order."""
        ids = np.sort(ids)
        low = int(ids[0]) if len(ids) else 0
        flags = np.zeros(int(ids[-1]) - low + 1 if len(ids) else 0, np.bool_)
        flags[ids - low] = True
        return cls(ids, flags, low)

    def __len__(self) -> int:
        """Count them."""
        return len(self.ids)

    def hold(self, ids: Ids) -> npt.NDArray[np.bool_]:
        """Return for each of some chunks whether it passes: bool, shape (len(ids),)."""
        places = ids - self._low
        inside = (places >= 0) & (places < len(self._flags))
        inside[inside] = self._flags[places[inside]]
        return inside


def fits(allowed: Allowed, collection: CollectionInfo) -> bool:
    """Return whether the vectors of the chunks that pass a filter are few enough to remember."""
    return len(allowed) * collection.dim <= MOST_NUMBERS


class KeptFilters:
    """Remembers the chunks that pass filters until the store changes. Thread-safe."""

    def __init__(self) -> None:
        self._generation = -1
        self._asked: set[tuple[str, str]] = set()
        self._allowed: OrderedDict[tuple[str, str], Allowed] = OrderedDict()
        self._rows: dict[tuple[str, str], Vectors] = {}
        self._mutex = threading.Lock()

    def allowed(
        self, state: State, collection: CollectionInfo, condition: SearchFilter
    ) -> Allowed | None:
        """Return the chunks that pass a filter; None for many chunks at the first request."""
        key = (collection.id, repr(condition))
        generation = self._current(state)
        with self._mutex:
            if key in self._allowed:
                self._allowed.move_to_end(key)
                return self._allowed[key]
            # Finding the files below a folder reads all paths, so the chunks are listed with them.
            again = key in self._asked or bool(condition.path)
            self._asked.add(key)
        most = -1 if again else LISTED_AT_ONCE + 1
        ids = state.chunks_passing(collection.id, condition, most)
        if not again and len(ids) == most:
            return None
        allowed = Allowed.of(ids)
        with self._mutex:
            if generation == self._generation:
                self._allowed[key] = allowed
                while len(self._allowed) > _MOST_FILTERS:
                    gone, _ = self._allowed.popitem(last=False)
                    self._rows.pop(gone, None)
        return allowed

    def vectors(
        self,
        state: State,
        collection: CollectionInfo,
        condition: SearchFilter,
        allowed: Allowed,
    ) -> Vectors | None:
        """Return the vectors of the chunks that pass a filter, in the order of ``allowed``.

        The result is None for too many chunks, or if some have no vectors in the catalog yet.
        """
        if not fits(allowed, collection):
            return None
        key = (collection.id, repr(condition))
        with self._mutex:
            # Another search may have seen another state.
            if self._allowed.get(key) is allowed and key in self._rows:
                return self._rows[key]
        rows = comparing.read(state, collection.id, allowed.ids)
        if rows is None:  # vectors of sentences arrive without a change of the generation
            return None
        with self._mutex:
            if self._allowed.get(key) is allowed:
                held = sum(each.size for each in self._rows.values())
                if held + rows.size > _MOST_ALL_NUMBERS:
                    self._rows.clear()
                self._rows[key] = rows
        return rows

    def _current(self, state: State) -> int:
        """Return the store's generation; forget the data of any other."""
        generation = state.generation()
        with self._mutex:
            if generation != self._generation:
                self._allowed.clear()
                self._rows.clear()
                self._asked.clear()
                self._generation = generation
        return generation
