"""One search from query to hits.

Parse, embed, find, fuse, fetch, collapse, rerank, choose, highlight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np

from kb.catalog.filters import SearchFilter
from kb.catalog.state import State
from kb.embedding.base import Embedder, Vector
from kb.errors import InputTooLongError, SettingsError, StoreError
from kb.records import CollectionInfo, Highlighting, SearchHit, SearchMode, with_header
from kb.search import dense, diversity, fusion, highlight, hits, lexical
from kb.search.collapse import collapse
from kb.search.query import Query, parse
from kb.search.query_cache import QueryCache
from kb.search.reranked import Reranking, reranked
from kb.search.restriction import Restriction
from kb.search.term_frequencies import TermFrequencies
from kb.store.store import Store

# Candidates that each stage gives to fusion: enough for collapsing and for a hit that one stage
# ranks low; more cost time and did not change nDCG@10.
_CANDIDATES_MIN = 50
_CANDIDATES_PER_HIT = 3
# Where fewer of the query's terms than this stand in a hit, they do not explain it (another
# language, other words); the nearest sentence does.
_TELLING_COVERAGE = 0.34

# Searches of one question while others commit; a search takes less time than most commits.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """One search of several collections, with the query's vector for each."""

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


class Searcher:
    """Searches one store. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queries = QueryCache()
        self._frequencies = TermFrequencies()

    def search(
        self,
        collections: Sequence[CollectionInfo],
        query: str,
        embedder: Embedder | None,
        *,
        top_k: int,
        where: SearchFilter | None = None,
        mode: SearchMode = "hybrid",
        highlights: Highlighting = "sentences",
        context: int = 0,
        diversity: float = 0.0,
        tasks: Sequence[str] = (),
        rerank: Reranking | None = None,
    ) -> list[SearchHit]:
        """Return up to ``top_k`` hits, best first; none for a blank query.

        Raises:
            SettingsError: the query holds nothing but exclusions.
            InputTooLongError: it is too long to be looked up, or to be read by the model.

        ``tasks`` are the instructions for the query, one for each collection, if any. Without an
        ``embedder`` there is a search by words only, which marks words. See
        :meth:`kb.KnowledgeBase.search` for the others.
        """
        parsed = _parsed(query)
        if parsed.is_blank:
            return []
        vectors: list[Vector | None] = [None] * len(collections)
        if embedder is not None and (mode != "keyword" or highlights == "sentences"):
            try:
                vectors = [
                    self._queries.embed(embedder, parsed.text, task)
                    for task in tasks or [""] * len(collections)
                ]
            except InputTooLongError as error:
                # By words alone the vector would only choose a sentence to mark.
                if mode != "keyword":
                    msg = f"the question is too long: {error}. Shorten it, or search by words"
                    raise InputTooLongError(msg) from error
        request = _Request(
            collections=collections,
            query=parsed,
            vectors=vectors,
            top_k=top_k,
            mode=mode,
            where=where or SearchFilter(),
            context=context,
            diversity=diversity,
            rerank=rerank,
            task=tasks[0] if tasks else "",
        )
        for _ in range(_ATTEMPTS):
            try:
                with self._store.catalog.reading() as state:
                    generation = state.generation()
                    kept = self._best(state, request)
                    languages = _languages(state, kept)
            except StoreError:
                # The vectors of a collection that was deleted just now are gone before this
                # search's view of the catalog is.
                with self._store.catalog.reading() as state:
                    for each in collections:
                        state.current_collection(each)
                raise
            # A document that was replaced just now could have been missed in both its versions.
            if self._store.generation() == generation:
                break
        if highlights == "sentences" and embedder is not None:
            known = {
                each.name: vector
                for each, vector in zip(collections, vectors, strict=True)
                if vector is not None
            }
            return _highlighted(parsed.text, known, kept, embedder, languages)
        return kept if highlights == "none" else _words_marked(parsed.text, kept, languages)

    def highlight(
        self, query: str, found: list[SearchHit], embedder: Embedder, *, tasks: Mapping[str, str]
    ) -> list[SearchHit]:
        """Mark in hits why they were found, as a search does that marks sentences.

        ``tasks`` has the instruction for the query of each hit's collection, by its name.
        """
        parsed = _parsed(query)
        with self._store.catalog.reading() as state:
            languages = _languages(state, found)
        try:
            vectors = {
                name: self._queries.embed(embedder, parsed.text, task)
                for name, task in tasks.items()
            }
        except InputTooLongError:  # found by words alone
            return _words_marked(parsed.text, found, languages)
        return _highlighted(parsed.text, vectors, found, embedder, languages)

    def _best(self, state: State, request: _Request) -> list[SearchHit]:
        wanted = request.top_k
        if request.rerank is not None:
            wanted = max(wanted, request.rerank.candidates)
        limit = max(_CANDIDATES_MIN, wanted * _CANDIDATES_PER_HIT)
        while True:
            candidates, exhausted = self._candidates(state, request, limit)
            kept = collapse(candidates)
            # Collapsing must not cost hits that were there to be found.
            if len(kept) >= wanted or exhausted:
                break
            limit *= 4
        if request.rerank is not None:
            kept = reranked(request.rerank, request.query.text, kept[:wanted], request.task)
        if request.diversity > 0:
            kept = self._diverse(request, kept)
        kept = kept[: request.top_k]
        if request.context:
            kept = hits.with_neighbours(state, kept, request.context)
        return kept

    def _candidates(
        self, state: State, request: _Request, limit: int
    ) -> tuple[list[SearchHit], bool]:
        """Return the first hits of all collections together, and whether those are all.

        Each stage gives ``limit`` chunks of each collection. They are ranked side by side, not
        collection by collection: the best passage of one that knows nothing of the matter is not
        as good as that of another.
        """
        meaning: list[tuple[int, float]] = []
        words: list[tuple[int, float]] = []
        best: dict[int, float] = {}
        exhausted = True
        for each, vector in zip(request.collections, request.vectors, strict=True):
            state.current_collection(each)
            restriction = Restriction(state, each, request.query, request.where)
            if request.mode != "dense":
                sought = lexical.weigh(state, each, request.query, self._frequencies)
                by_words = lexical.nearest(state, each, sought, limit, restriction)
                best |= {chunk_id: sought.best_score for chunk_id, _ in by_words}
                words += by_words
                exhausted = exhausted and len(by_words) < limit
            if request.mode != "keyword" and vector is not None:
                by_meaning = dense.nearest(self._store, each, vector, limit, restriction)
                meaning += by_meaning
                exhausted = exhausted and len(by_meaning) < limit
        found = _ranked(request, meaning, words, best)
        return hits.fetch(state, found), exhausted

    def _diverse(self, request: _Request, kept: list[SearchHit]) -> list[SearchHit]:
        known: dict[int, Vector] = {}
        for each in request.collections:
            own = [hit.chunk_id for hit in kept if hit.collection == each.name]
            known |= self._store.stored_vectors(each.id, own)
        missing = np.zeros(request.collections[0].dim, np.float32)
        order = diversity.select(
            [hit.score for hit in kept],
            np.stack([known.get(hit.chunk_id, missing) for hit in kept]) if kept else missing[:0],
            request.top_k,
            weight=1 - request.diversity,
        )
        return [kept[place] for place in order]


def _parsed(query: str) -> Query:
    parsed = parse(query)
    if parsed.is_blank and parsed.excluded:
        msg = f"{query.strip()!r} only leaves passages out; add words to look for"
        raise SettingsError(msg)
    return parsed


def _ranked(
    request: _Request,
    meaning: list[tuple[int, float]],
    words: list[tuple[int, float]],
    best: dict[int, float],
) -> hits.Found:
    if len(request.collections) > 1:
        meaning.sort(key=itemgetter(1), reverse=True)
        words.sort(key=itemgetter(1), reverse=True)
    if request.mode == "dense":
        return hits.Found(request.collections, meaning, {"dense": meaning})
    if request.mode == "keyword":
        return hits.Found(request.collections, words, {"keyword": words})
    fused = fusion.fuse(meaning, words, best_keyword_score=best)
    stages = {"dense": meaning, "keyword": words, "fused": fused}
    return hits.Found(request.collections, fused, stages)


def _highlighted(
    query: str,
    vectors: Mapping[str, Vector],
    found: list[SearchHit],
    embedder: Embedder,
    languages: Mapping[int, str],
) -> list[SearchHit]:
    """Mark words, or the sentence nearest to the query as the collection's task words it."""
    wanted = highlight.telling_terms(query)
    unexplained = [
        hit
        for hit in found
        if hit.collection in vectors
        and highlight.coverage(
            wanted, with_header(hit.header, hit.text), languages[hit.document_id]
        )
        < _TELLING_COVERAGE
    ]
    nearest = highlight.nearest_sentences(
        [vectors[hit.collection] for hit in unexplained],
        [hit.text for hit in unexplained],
        embedder,
    )
    by_chunk = {hit.chunk_id: spans for hit, spans in zip(unexplained, nearest, strict=True)}
    return [
        replace(hit, highlights=by_chunk.get(hit.chunk_id) or hit.highlights)
        for hit in _words_marked(query, found, languages)
    ]


def _words_marked(
    query: str, found: list[SearchHit], languages: Mapping[int, str]
) -> list[SearchHit]:
    wanted = highlight.telling_terms(query)
    return [
        replace(hit, highlights=highlight.term_spans(wanted, hit.text, languages[hit.document_id]))
        for hit in found
    ]


def _languages(state: State, found: Sequence[SearchHit]) -> dict[int, str]:
    """Return the language of each hit's document, empty for one that is gone by now."""
    ids = {hit.document_id for hit in found}
    return dict.fromkeys(ids, "") | state.languages_of(list(ids))
