"""One attempt at a search: find, fuse, fetch, collapse in one state of the catalog; then choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from kb.catalog.chunks import Passage
from kb.catalog.filters import SearchFilter
from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.languages.neutral import Means
from kb.languages.queries import query_languages
from kb.records import CollectionInfo, SearchHit, SearchMode
from kb.search import dense, diversity, fusion, hits, lexical
from kb.search.answers import VectorAnswers
from kb.search.calibration import (
    BESIDE_WORDS,
    BY_BOTH,
    BY_MEANING,
    BY_WORDS,
    WORDS_BESIDE,
    Calibration,
    comparable,
    rivals_of,
    share_of,
)
from kb.search.corrections import Misspelt, corrections, everywhere
from kb.search.hits import Found, Ranking
from kb.search.query import Query
from kb.search.reranked import Reranking, reranked
from kb.search.rescoring import Rescoring
from kb.search.restriction import Restriction
from kb.search.term_frequencies import TermFrequencies
from kb.search.writing import as_typed_first
from kb.store.store import Store

# Candidates that each stage gives to fusion: enough for collapsing and for a hit that one stage
# ranks low; more cost time and did not change nDCG@10.
_CANDIDATES_MIN = 50
_CANDIDATES_PER_HIT = 3
# The index does not know of sentences: it gives twice as many at first, and this many at most.
_INDEX_FACTOR = 2
_MOST_FACTOR = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A request with all that it means: its collections, the query's vector for each.

    ``means`` are one state of what languages have in common, for all scores of the search.
    """

    collections: Sequence[CollectionInfo]
    query: Query
    vectors: Sequence[Vector | None]
    means: Means
    top_k: int
    mode: SearchMode
    where: SearchFilter
    context: int
    diversity: float
    rerank: Reranking | None
    task: str


@dataclass(slots=True, kw_only=True)
class _Candidates:
    """What the stages gave of all collections: rankings, and what fusion makes of the words."""

    meaning: list[tuple[int, float]] = field(default_factory=list)
    words: list[tuple[int, float]] = field(default_factory=list)
    coverage: dict[int, float] = field(default_factory=dict)
    evidence: dict[int, float] = field(default_factory=dict)
    foreign: set[int] = field(default_factory=set)
    similar: set[int] = field(default_factory=set)


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
            candidates, exhausted = self._candidates(limit, most)
            kept = hits.first(self._state, candidates, most)
            # Collapsing must not cost hits that were there to be found.
            if len(kept) >= wanted or exhausted:
                return kept
            limit *= 4

    def _candidates(self, limit: int, most: int | None) -> tuple[Found, bool]:
        """Return the best chunks of all collections together, and whether those are all.

        Each stage gives ``limit`` chunks of each collection. They are ranked side by side, not
        collection by collection: the best passage of one that knows nothing of the matter is not
        as good as that of another.
        """
        asked, state = self._asked, self._state
        found = _Candidates()
        exhausted = True
        for each in asked.collections:
            state.current_collection(each)
        sought = self._sought()
        for at, (each, vector) in enumerate(zip(asked.collections, asked.vectors, strict=True)):
            restriction = Restriction(state, each, asked.query, asked.where)
            by_words: list[tuple[int, float]] = []
            if sought:
                best = sought[at].best_score
                by_words = lexical.nearest(state, each, sought[at], limit, restriction)
                by_words = as_typed_first(state, asked.query, by_words)
                last = self._similar(at, restriction, by_words, limit)
                exhausted = exhausted and len(by_words) + len(last) < limit
                by_words = lexical.with_last(by_words, last)
                found.coverage |= fusion.covered(by_words, best)
                found.evidence |= fusion.evidence(
                    by_words, best, asked.query.text, stands=sought[at].codes_stand
                )
                found.words += by_words
                found.similar |= {chunk_id for chunk_id, _ in last}
            if asked.mode != "keyword" and vector is not None:
                scoring = Rescoring(each.id, asked.means, vector, asked.query.text)
                others = [chunk_id for chunk_id, _ in by_words]
                whole = self._near(each, scoring, limit, others, restriction)
                found.meaning += scoring.ranked()
                found.foreign |= scoring.foreign()
                exhausted = exhausted and whole
        ranked, calibration = _ranked(asked, found)
        # The index gave more than the limit, which was needed to score them. Their texts are not.
        shown = ranked if most is None else ranked[:limit]
        exhausted = exhausted and len(shown) == len(ranked)
        return _shown(state, asked, found, shown, calibration), exhausted

    def _near(
        self,
        collection: CollectionInfo,
        scoring: Rescoring,
        limit: int,
        others: Sequence[int],
        restriction: Restriction,
    ) -> bool:
        """Have candidates of the index scored, and others; say whether those are all there are.

        The index does not know of sentences: it is asked for more while one of those that it has
        not given yet may be among the best.
        """
        most, wanted = _INDEX_FACTOR * limit, _wanted(self._asked)
        while True:
            near = dense.nearest(self._answers, collection, scoring.asked, most, restriction)
            scoring.score(self._state, near, others)
            if len(near) < most:
                return True
            if most >= _MOST_FACTOR * limit or not scoring.may_miss(wanted):
                return False
            most = min(4 * most, _MOST_FACTOR * limit)

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


def _ranked(asked: Resolved, found: _Candidates) -> tuple[Ranking, Calibration]:
    """Put the candidates of all collections in one order; say what its scores mean."""
    meaning, words, coverage = found.meaning, found.words, found.coverage
    if len(asked.collections) > 1:
        meaning.sort(key=itemgetter(1), reverse=True)
        # What words were probably meant to be stays last, whichever collection holds it.
        held = [coverage[chunk_id] for chunk_id, _ in words if chunk_id not in found.similar]
        for chunk_id in found.similar:
            coverage[chunk_id] = min(coverage[chunk_id], min(held, default=1.0))
        words.sort(key=lambda each: (each[0] not in found.similar, coverage[each[0]]), reverse=True)
    if asked.mode == "keyword":
        return [(each, coverage[each]) for each, _ in words], BY_WORDS
    # The numbers of calibration are the default model's, as its means are.
    known = asked.means.model.complete
    if asked.mode == "dense":
        return meaning if known else comparable(meaning), BY_MEANING
    scaled = meaning if known else comparable(meaning, BESIDE_WORDS)
    weight = 1.0 if known else WORDS_BESIDE
    evidence = {chunk_id: weight * each for chunk_id, each in found.evidence.items()}
    return fusion.fuse(scaled, evidence, foreign=found.foreign), BY_BOTH


def _shown(
    state: State, asked: Resolved, found: _Candidates, ranked: Ranking, calibration: Calibration
) -> Found:
    """Return the first of a ranking with their passages, and how sure it is of each."""
    # What has no language, codes and names, may stand in a text of any.
    foreign = found.foreign if query_languages(asked.query.text) else set()
    ids = [chunk_id for chunk_id, _ in ranked]
    passages = state.passages([each.id for each in asked.collections], ids)
    sure = _sure(ranked, calibration, passages, share_of(foreign, ids))
    stages: dict[str, Ranking] = {}
    if asked.mode != "keyword":
        stages["dense"] = found.meaning
    if asked.mode != "dense":
        stages["keyword"] = found.words
    if asked.mode == "hybrid":
        stages["fused"] = sure
    return Found(asked.collections, sure, passages, stages)


def _sure(
    ranked: Ranking,
    calibration: Calibration,
    passages: Mapping[int, Passage],
    foreign: float,
) -> list[tuple[int, float]]:
    """Return how sure it is of each chunk that it answers, best first."""
    visible = ((passages[each], score) for each, score in ranked if each in passages)
    rivals = rivals_of((one.document_id, one.text, score) for one, score in visible)
    told = calibration.probabilities([score for _, score in ranked], rivals, foreign)
    return [(chunk_id, each) for (chunk_id, _), each in zip(ranked, told, strict=True)]
