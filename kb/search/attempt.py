"""One attempt at a search: find, fuse, fetch, collapse in one state of the catalog; then choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from kb.catalog.filters import SearchFilter
from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.records import CollectionInfo, SearchHit, SearchMode
from kb.search import dense, diversity, fusion, hits, lexical
from kb.search.answers import VectorAnswers
from kb.search.corrections import Misspelt, corrections, everywhere
from kb.search.hits import Found
from kb.search.query import Query
from kb.search.reranked import Reranking, reranked
from kb.search.restriction import Restriction
from kb.search.term_frequencies import TermFrequencies
from kb.search.writing import as_typed_first
from kb.store.store import Store

# Candidates that each stage gives to fusion: enough for collapsing and for a hit that one stage
# ranks low; more cost time and did not change nDCG@10.
_CANDIDATES_MIN = 50
_CANDIDATES_PER_HIT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A request with all that it means: its collections, and the query's vector for each."""

    collections: Sequence[CollectionInfo]
    query: Query
    vectors: Sequence[Vector | None]
    top_k: int
    mode: SearchMode
    where: SearchFilter
    context: int
    diversity: float
    rerank: Reranking | None
    task: str


class Attempt:
    """A search of one state. The vectors are those that the store has at that moment."""

    def __init__(
        self, answers: VectorAnswers, state: State, frequencies: TermFrequencies, asked: Resolved
    ) -> None:
        self._answers = answers
        self._state = state
        self._frequencies = frequencies
        self._asked = asked
        self._misspelt: Sequence[Misspelt] = ()

    @property
    def meant(self) -> dict[str, str]:
        """What words of the query that stand nowhere were probably meant to be, once it is done."""
        return corrections(self._asked.query, self._misspelt)

    def hits(self) -> list[SearchHit]:
        """Return hits to choose from, best first: as many as are wanted, or more.

        Raises:
            CollectionGoneError: a collection was deleted meanwhile.
            UnansweredError: a vector server must be asked first.
        """
        wanted = _wanted(self._asked)
        # Hits that are to differ are chosen from all that there are.
        most = None if self._asked.diversity > 0 and self._asked.rerank is None else wanted
        limit = max(_CANDIDATES_MIN, wanted * _CANDIDATES_PER_HIT)
        while True:
            candidates, exhausted = self._candidates(limit)
            kept = hits.first(self._state, candidates, most)
            # Collapsing must not cost hits that were there to be found.
            if len(kept) >= wanted or exhausted:
                return kept
            limit *= 4

    def _candidates(self, limit: int) -> tuple[Found, bool]:
        """Return the best chunks of all collections together, and whether those are all.

        Each stage gives ``limit`` chunks of each collection. They are ranked side by side, not
        collection by collection: the best passage of one that knows nothing of the matter is not
        as good as that of another.
        """
        asked, state = self._asked, self._state
        meaning: list[tuple[int, float]] = []
        words: list[tuple[int, float]] = []
        similar: list[tuple[int, float]] = []
        best: dict[int, float] = {}
        exhausted = True
        for each in asked.collections:
            state.current_collection(each)
        sought = self._sought()
        for at, (each, vector) in enumerate(zip(asked.collections, asked.vectors, strict=True)):
            restriction = Restriction(state, each, asked.query, asked.where)
            if sought:
                by_words = lexical.nearest(state, each, sought[at], limit, restriction)
                by_words = as_typed_first(state, asked.query, by_words)
                last = self._similar(at, restriction, by_words, limit)
                best |= {chunk_id: sought[at].best_score for chunk_id, _ in (*by_words, *last)}
                words += by_words
                similar += last
                exhausted = exhausted and len(by_words) + len(last) < limit
            if asked.mode != "keyword" and vector is not None:
                by_meaning = dense.nearest(self._answers, each, vector, limit, restriction)
                meaning += by_meaning
                exhausted = exhausted and len(by_meaning) < limit
        if len(asked.collections) > 1:
            for stage in (meaning, words, similar):
                stage.sort(key=itemgetter(1), reverse=True)
        words = lexical.with_last(words, similar)
        return _ranked(asked, meaning, words, best), exhausted

    def _sought(self) -> list[lexical.Words]:
        """Return what is looked up in each collection; nothing where no words are."""
        asked, state = self._asked, self._state
        if asked.mode == "dense":
            return []
        sought = [
            lexical.weigh(state, each, asked.query, self._frequencies) for each in asked.collections
        ]
        self._misspelt = everywhere([each.misspelt for each in sought])
        return sought

    def _similar(
        self, at: int, restriction: Restriction, found: list[tuple[int, float]], limit: int
    ) -> list[tuple[int, float]]:
        """Return what else a collection holds of what misspelt words may have been meant to be."""
        meant = [name for near in self._misspelt[at].values() for name in near]
        if not meant or len(found) >= limit:
            return []
        there = {chunk_id for chunk_id, _ in found}
        collection = self._asked.collections[at]
        near = lexical.similar(self._state, collection, meant, limit, restriction)
        return [each for each in near if each[0] not in there][: limit - len(found)]


def chosen(store: Store, asked: Resolved, kept: list[SearchHit]) -> list[SearchHit]:
    """Return up to ``top_k`` hits of those found, best first; no transaction is open."""
    if asked.rerank is not None:
        kept = reranked(asked.rerank, asked.query.text, kept[: _wanted(asked)], asked.task)
    if asked.diversity > 0:
        kept = _diverse(store, asked, kept)
    return kept[: asked.top_k]


def _wanted(asked: Resolved) -> int:
    if asked.rerank is None:
        return asked.top_k
    return max(asked.top_k, asked.rerank.candidates)


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


def _ranked(
    asked: Resolved,
    meaning: list[tuple[int, float]],
    words: list[tuple[int, float]],
    best: dict[int, float],
) -> Found:
    if asked.mode == "dense":
        return Found(asked.collections, meaning, {"dense": meaning})
    if asked.mode == "keyword":
        return Found(asked.collections, words, {"keyword": words})
    fused = fusion.fuse(meaning, words, best_keyword_score=best)
    stages = {"dense": meaning, "keyword": words, "fused": fused}
    return Found(asked.collections, fused, stages)
