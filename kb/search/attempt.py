"""One attempt at a search in one state of the catalog: find, fuse, fetch, collapse; then choose."""

from __future__ import annotations

import numpy as np

from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.records import SearchHit
from kb.search import diversity, hits, several
from kb.search.answers import VectorAnswers
from kb.search.kept import Kept
from kb.search.query_attempt import QueryAttempt
from kb.search.reranked import reranked
from kb.search.resolved import Resolved
from kb.store.store import Store

# Candidates that each stage passes to fusion: enough for collapsing, and for a hit that one stage
# ranks low. More cost time and did not change nDCG@10.
_CANDIDATES_MIN = 50
_CANDIDATES_PER_HIT = 3


class Attempt:
    """A search in one state of the catalog. Vectors are those of the store at that moment."""

    def __init__(self, answers: VectorAnswers, state: State, kept: Kept, asked: Resolved) -> None:
        self._state = state
        self._asked = asked
        self._queries = [QueryAttempt(answers, state, kept, asked, each) for each in asked.queries]

    @property
    def meant(self) -> list[dict[str, str]]:
        """For each query, the probable corrections of its misspelt words, after the search."""
        return [each.meant for each in self._queries]

    def hits(self) -> list[SearchHit]:
        """Return the hits to choose from, best first: at least as many as requested, if they exist.

        Raises:
            CollectionGoneError: a collection was deleted meanwhile.
            UnansweredError: a vector server must answer first.
        """
        wanted = self._asked.wanted
        # Diverse hits are chosen from all candidates.
        most = None if self._asked.diversity > 0 and self._asked.rerank is None else wanted
        limit = max(_CANDIDATES_MIN, wanted * _CANDIDATES_PER_HIT)
        while True:
            # With several queries all candidates count: a poor one of this query may be a good one
            # of another.
            alone = most is not None and len(self._queries) == 1
            found = [each.candidates(limit, shown=alone) for each in self._queries]
            candidates = several.fused([each for each, _ in found], self._asked.weights)
            kept = hits.first(self._state, candidates, most)
            # Collapsing must not cost hits that exist.
            if len(kept) >= wanted or all(exhausted for _, exhausted in found):
                return kept
            limit *= 4


def chosen(store: Store, asked: Resolved, kept: list[SearchHit]) -> list[SearchHit]:
    """Return up to ``top_k`` of the found hits, best first; no transaction is open."""
    if asked.rerank is not None:
        read = kept[: asked.wanted]
        texts = [each.query.text for each in asked.queries]
        kept = several.averaged(
            [reranked(asked.rerank, text, read, asked.task) for text in texts], asked.weights
        )
    if asked.diversity > 0:
        kept = _diverse(store, asked, kept)
    return kept[: asked.top_k]


def _diverse(store: Store, asked: Resolved, kept: list[SearchHit]) -> list[SearchHit]:
    known: dict[int, Vector] = {}
    for each in asked.collections:
        own = [hit.chunk_id for hit in kept if hit.collection == each.name]
        known |= store.stored_vectors(each.id, own)
    missing = np.zeros(asked.collections[0].dim, np.float32)
    order = diversity.select(
        [hit.score for hit in kept],
        np.stack([known.get(hit.chunk_id, missing) for hit in kept]) if kept else missing[:0],
        asked.top_k,
        weight=1 - asked.diversity,
    )
    return [kept[place] for place in order]
