"""The vectors of candidates, remembered from query to query.

In a library of a few hundred passages nearly all are candidates of every query. Reading their
vectors from the catalog each time took a fifth of a search.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kb.catalog.state import State
from kb.records import CollectionInfo
from kb.sentences.packed import Numbers, SentenceTable

MOST_BYTES = 16 * 2**20
"""Most that is remembered besides what was read last."""

MOST_NUMBERS = 2_000_000
"""Most numbers in the vectors of a collection scored whole: 1,000 passages of the default model."""

MOST_SCORED_WHOLE = 16_000_000
"""The same for all such collections together; further ones use their index."""

_LEAST_ROWS = 4  # of a chunk in most collections: its own vector and those of its sentences


def may_be_scored_whole(collection: CollectionInfo) -> bool:
    """Return whether a collection is small enough to be searched without its index."""
    return _LEAST_ROWS * collection.chunks * collection.dim <= MOST_NUMBERS


class Scored(NamedTuple):
    """Data for scoring a visible chunk.

    Attributes:
        language: ISO 639-1; empty if unknown.
        numbers: int8, shape (rows, dim), its own vector first; None if it has none yet.
        scales: float32, shape (rows,): ``numbers * scales[:, None]`` has rows of unit length.
    """

    language: str
    numbers: Numbers | None = None
    scales: npt.NDArray[np.float32] | None = None


class Every(NamedTuple):
    """Data for scoring all visible chunks of a collection; ``numbers`` are float32 here."""

    languages: dict[int, str]
    table: SentenceTable


class KeptVectors:
    """Remembers vectors until the store changes. Thread-safe."""

    def __init__(self) -> None:
        self._generation = -1
        self._every: dict[str, Every | None] = {}
        self._known: dict[tuple[str, int], Scored] = {}
        self._bytes = 0
        self._mutex = threading.Lock()

    def of(self, state: State, collection_id: str, ids: Iterable[int]) -> dict[int, Scored]:
        """Return the scoring data of chunks by chunk id, without invisible chunks.

        Args:
            state: a state of the catalog.
            collection_id: id of the collection.
            ids: chunk ids; the result has their order.
        """
        wanted = list(ids)
        generation = self._current(state)
        with self._mutex:
            known = self._known
            found = {each: known[key] for each in wanted if (key := (collection_id, each)) in known}
        missing = [each for each in wanted if each not in found]
        if not missing:
            return found
        read = _read(state, collection_id, missing)
        with self._mutex:
            # Another search may have seen a later state meanwhile.
            if generation == self._generation:
                self._keep(collection_id, read)
        found |= read
        return {each: found[each] for each in wanted if each in found}

    def every(self, state: State, collection: CollectionInfo) -> Every | None:
        """Return the scoring data of all visible chunks of a collection.

        None if there are too many, or some have no vectors yet.
        """
        expected = _LEAST_ROWS * collection.chunks * collection.dim
        if expected == 0 or not may_be_scored_whole(collection):
            return None
        generation = self._current(state)
        with self._mutex:
            if collection.id in self._every:
                return self._every[collection.id]
            others = sum(each.table.numbers.size for each in self._every.values() if each)
        if expected + others > MOST_SCORED_WHOLE:
            return None
        if state.has_unrefined(collection.id):
            return None  # vectors of sentences arrive without a change of the generation
        every = _all_of(state, collection.id)
        with self._mutex:
            if generation == self._generation:
                self._every[collection.id] = every
        return every

    def _current(self, state: State) -> int:
        """Return the store's generation; forget the data of any other."""
        generation = state.generation()
        with self._mutex:
            if generation != self._generation:
                self._forget()
                self._every.clear()
                self._generation = generation
        return generation

    def _keep(self, collection_id: str, read: dict[int, Scored]) -> None:
        # Vectors of sentences arrive without a change of the generation: chunks without them are
        # read again.
        new = {
            (collection_id, chunk_id): scored
            for chunk_id, scored in read.items()
            if scored.numbers is not None
        }
        size = sum(each.numbers.nbytes for each in new.values() if each.numbers is not None)
        # What was read last stays in any case: its search is about to ask for it.
        if self._bytes + size > MOST_BYTES:
            self._forget()
        self._known |= new
        self._bytes += size

    def _forget(self) -> None:
        self._known.clear()
        self._bytes = 0


def table_of(scored: dict[int, Scored]) -> SentenceTable:
    """Return a table of the vectors of all chunks that have some."""
    chunks: list[int] = []
    numbers: list[Numbers] = []
    scales: list[npt.NDArray[np.float32]] = []
    for chunk_id, each in scored.items():
        if each.numbers is not None and each.scales is not None:
            chunks.append(chunk_id)
            numbers.append(each.numbers)
            scales.append(each.scales)
    if not chunks:
        return SentenceTable([], np.zeros(0, np.intp), np.zeros((0, 1), np.int8), np.zeros(0, "f4"))
    counts = np.array([len(each) for each in scales], np.intp)
    return SentenceTable(chunks, counts, np.concatenate(numbers), np.concatenate(scales))


def _all_of(state: State, collection_id: str) -> Every | None:
    ids = sorted(state.visible_chunk_ids(collection_id))
    languages, table = state.scored_by(collection_id, ids)
    if len(table.chunks) < len(ids) or table.numbers.size > MOST_NUMBERS:
        return None
    return Every(languages, replace(table, numbers=table.numbers.astype(np.float32)))


def _read(state: State, collection_id: str, ids: Sequence[int]) -> dict[int, Scored]:
    languages, table = state.scored_by(collection_id, ids)
    found = {chunk_id: Scored(language) for chunk_id, language in languages.items()}
    start = 0
    for chunk_id, count in zip(table.chunks, table.counts.tolist(), strict=True):
        rows = slice(start, start + count)
        numbers = table.numbers[rows].view(np.int8)
        found[chunk_id] = Scored(languages[chunk_id], numbers, table.scales[rows])
        start += count
    return found
