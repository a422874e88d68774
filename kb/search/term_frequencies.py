"""Chunk frequencies of terms, and languages of documents, remembered from query to query.

FTS5 counts a term's chunks by reading all of its postings. For the common words of nearly every
query that took as long as the search itself at 100,000 chunks (9 ms of a query). A common term
keeps its frequency until a hundredth of the collection has changed, because its rarity hardly
changes. Otherwise every search during an ingestion would count it again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from kb.catalog.state import State
from kb.records import CollectionInfo
from kb.words.function_words import function_tokens
from kb.words.typos import one_slip_away

CAPACITY = 20_000
COMMON = 10_000
"""Fewest chunks with a term whose frequency outlives a change of the store."""

_CHANGED = 0.01  # of a collection's chunks; then common terms are counted again
# Only short words have more words one typing error away, and those may mean anything.
_MOST_NEAR = 4


class TermFrequencies:
    """Remembers frequencies until the store changes. Thread-safe."""

    def __init__(self) -> None:
        self._generation = -1
        self._known: dict[tuple[str, str], int] = {}
        # For each common term, its chunks and the collection's chunks at the time of counting.
        self._common: dict[tuple[str, str], tuple[int, int]] = {}
        self._languages: dict[str, tuple[str, ...]] = {}
        self._near: dict[tuple[str, str], tuple[str, ...]] = {}
        self._mutex = threading.Lock()

    def frequencies(
        self, state: State, collection: CollectionInfo, tokens: Sequence[str]
    ) -> dict[str, int]:
        """Return the number of chunks with each token, without tokens that occur nowhere."""
        generation = self._current(state)
        with self._mutex:
            remembered = ((token, self._remembered(collection, token)) for token in tokens)
            found = {token: count for token, count in remembered if count is not None}
        missing = [token for token in tokens if token not in found]
        if missing:
            counted = state.term_frequencies(collection.id, missing)
            found |= {token: counted.get(token, 0) for token in missing}
            with self._mutex:
                if len(self._known) > CAPACITY:
                    self._known.clear()
                if len(self._common) > CAPACITY:
                    self._common.clear()
                # Another search may have seen a later state meanwhile.
                if generation == self._generation:
                    self._known |= {(collection.id, token): found[token] for token in missing}
                for token in missing:
                    if found[token] > COMMON:
                        self._common[collection.id, token] = found[token], collection.chunks
        return {token: count for token, count in found.items() if count}

    def _remembered(self, collection: CollectionInfo, token: str) -> int | None:
        key = (collection.id, token)
        if key in self._known:
            return self._known[key]
        count, chunks = self._common.get(key, (0, 0))
        if count and abs(collection.chunks - chunks) <= _CHANGED * chunks:
            return count
        return None

    def languages(self, state: State, collection_id: str) -> tuple[str, ...]:
        """Return the languages of a collection's documents, as stored in their rows."""
        generation = self._current(state)
        with self._mutex:
            known = self._languages.get(collection_id)
        if known is None:
            known = state.languages(collection_id)
            with self._mutex:
                if generation == self._generation:
                    self._languages[collection_id] = known
        return known

    def near(self, state: State, collection_id: str, token: str) -> tuple[str, ...]:
        """Return the probable corrections of a token, one error away, most frequent first."""
        generation = self._current(state)
        with self._mutex:
            known = self._near.get((collection_id, token))
        if known is None:
            found = state.most_frequent(collection_id, one_slip_away(token), _MOST_NEAR)
            known = tuple(each for each in found if each not in function_tokens())
            with self._mutex:
                if len(self._near) > CAPACITY:
                    self._near.clear()
                if generation == self._generation:
                    self._near[collection_id, token] = known
        return known

    def _current(self, state: State) -> int:
        """Return the store's generation; forget the data of any other."""
        generation = state.generation()
        with self._mutex:
            if generation != self._generation:
                self._known.clear()
                self._languages.clear()
                self._near.clear()
                self._generation = generation
        return generation
