"""One search from query to hits: parse, embed, find, fuse, fetch, collapse, highlight."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kb.embedding.base import Embedder, Vector
from kb.errors import StoreError
from kb.records import CollectionInfo, SearchHit, SearchMode, Source
from kb.search import dense, fusion, highlight, lexical
from kb.search.collapse import collapse
from kb.search.filters import SearchFilter
from kb.search.query import Query, parse
from kb.search.query_cache import QueryCache
from kb.search.restriction import Restriction
from kb.store import collections as catalog
from kb.store import documents, sources
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


@dataclass(slots=True)
class _Found:
    """The ranking of one collection, with each stage's score by chunk."""

    collection: CollectionInfo
    ranked: list[tuple[int, float]]
    stages: Mapping[str, Mapping[int, float]] = field(default_factory=dict)


class Searcher:
    """Searches one store. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queries = QueryCache()

    def search(
        self,
        collections: Sequence[CollectionInfo],
        query: str,
        embedder: Embedder,
        *,
        top_k: int,
        where: SearchFilter | None = None,
        mode: SearchMode = "hybrid",
        highlights: bool = True,
        tasks: Sequence[str] = (),
    ) -> list[SearchHit]:
        """Return up to ``top_k`` hits, best first; none for a blank query.

        ``tasks`` are the instructions for the query, one for each collection, if any.
        """
        parsed = parse(query)
        if parsed.is_blank:
            return []
        vectors: list[Vector | None] = [None] * len(collections)
        if mode != "keyword" or highlights:
            vectors = [
                self._queries.embed(embedder, parsed.text, task)
                for task in tasks or [""] * len(collections)
            ]
        for _ in range(_ATTEMPTS):
            generation = self._store.generation()
            try:
                kept = self._best(
                    collections, parsed, vectors, mode, top_k, where or SearchFilter()
                )
            except StoreError:
                # The vectors of a collection that was deleted just now are gone before this
                # search's view of the catalog is.
                with self._store.database.read() as db:
                    for each in collections:
                        catalog.require(db, each)
                raise
            # A document that was replaced just now could have been missed in both its versions.
            if self._store.generation() == generation:
                break
        # Which sentence is nearest hardly depends on the instruction: the first will do for all.
        if highlights and vectors and vectors[0] is not None:
            return _highlighted(parsed.text, vectors[0], kept, embedder)
        return kept

    def _best(  # noqa: PLR0917 - one call, above
        self,
        collections: Sequence[CollectionInfo],
        query: Query,
        vectors: Sequence[Vector | None],
        mode: SearchMode,
        top_k: int,
        where: SearchFilter,
    ) -> list[SearchHit]:
        limit = max(_CANDIDATES_MIN, top_k * _CANDIDATES_PER_HIT)
        while True:
            hits, exhausted = [], True
            with self._store.database.read() as db:
                for each, vector in zip(collections, vectors, strict=True):
                    found = self._find(db, each, query, vector, mode, limit, where)
                    exhausted = exhausted and len(found.ranked) < limit
                    hits.append(_fetch(db, found))
            kept = collapse(_merged(hits))
            # Collapsing must not cost hits that were there to be found.
            if len(kept) >= top_k or exhausted:
                return kept[:top_k]
            limit *= 4

    def _find(  # noqa: PLR0917 - one call, above
        self,
        db: sqlite3.Connection,
        collection: CollectionInfo,
        query: Query,
        vector: Vector | None,
        mode: SearchMode,
        limit: int,
        where: SearchFilter,
    ) -> _Found:
        catalog.require(db, collection)
        restriction = Restriction(db, collection, query, where)
        by_words: list[tuple[int, float]] = []
        if mode != "dense":
            words = lexical.weigh(db, collection, query)
            by_words = lexical.nearest(db, collection, words, limit, restriction)
        by_meaning: list[tuple[int, float]] = []
        if mode != "keyword" and vector is not None:
            by_meaning = dense.nearest(self._store, collection, vector, limit, restriction)
        if mode == "dense":
            return _Found(collection, by_meaning, {"dense": dict(by_meaning)})
        if mode == "keyword":
            return _Found(collection, by_words, {"keyword": dict(by_words)})
        fused = fusion.fuse(by_meaning, by_words, best_keyword_score=words.best_score)
        stages = {"dense": dict(by_meaning), "keyword": dict(by_words), "fused": dict(fused)}
        return _Found(collection, fused, stages)


def _fetch(db: sqlite3.Connection, found: _Found) -> list[SearchHit]:
    ids = [chunk_id for chunk_id, _ in found.ranked]
    rows = {row["id"]: row for row in documents.chunk_rows(db, found.collection.id, ids)}
    origins = sources.of_documents(db, [row["document_id"] for row in rows.values()])
    return [
        _hit(
            found.collection.name,
            rows[chunk_id],
            score,
            {name: by_id[chunk_id] for name, by_id in found.stages.items() if chunk_id in by_id},
            origins[rows[chunk_id]["document_id"]],
        )
        for chunk_id, score in found.ranked
        if chunk_id in rows
    ]


def _merged(lists: list[list[SearchHit]]) -> list[SearchHit]:
    if len(lists) == 1:
        return lists[0]
    return sorted((hit for hits in lists for hit in hits), key=lambda hit: -hit.score)


def _hit(
    collection: str,
    row: sqlite3.Row,
    score: float,
    scores: Mapping[str, float],
    origins: tuple[Source, ...],
) -> SearchHit:
    return SearchHit(
        score=score,
        scores=scores,
        text=row["text"],
        collection=collection,
        document_id=row["document_id"],
        chunk_id=row["id"],
        ordinal=row["ordinal"],
        title=row["title"],
        media_type=row["media_type"],
        sources=origins,
        start=row["start"],
        end=row["end"],
        heading_path=tuple(json.loads(row["heading_path"])),
        kind=row["kind"],
        page_first=row["page_first"],
        page_last=row["page_last"],
        page_label=row["page_label"],
        read_by=row["read_by"],
        confidence=row["confidence"],
        metadata=json.loads(row["metadata"]),
    )


def _highlighted(
    query: str, vector: Vector, hits: list[SearchHit], embedder: Embedder
) -> list[SearchHit]:
    unexplained = [hit for hit in hits if highlight.coverage(query, hit.text) < _TELLING_COVERAGE]
    nearest = highlight.nearest_sentences(vector, [hit.text for hit in unexplained], embedder)
    by_chunk = {hit.chunk_id: spans for hit, spans in zip(unexplained, nearest, strict=True)}
    return [
        replace(
            hit,
            highlights=by_chunk.get(hit.chunk_id) or highlight.term_spans(query, hit.text),
        )
        for hit in hits
    ]
