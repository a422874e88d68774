"""One search from query to hits: embed, find, fetch, highlight."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from kb.embedding.base import Embedder, Vector
from kb.records import CollectionInfo, SearchHit, Source
from kb.search import dense, highlight
from kb.search.filters import SearchFilter, matching_chunks
from kb.store import documents, sources
from kb.store.store import Store
from kb.text import normalise

# Where fewer of the query's terms than this stand in a hit, they do not explain it (another
# language, other words); the nearest sentence does.
_TELLING_COVERAGE = 0.34


class Searcher:
    """Searches one store. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def search(
        self,
        collection: CollectionInfo,
        query: str,
        embedder: Embedder,
        *,
        top_k: int,
        where: SearchFilter | None = None,
    ) -> list[SearchHit]:
        """Return up to ``top_k`` hits, best first; none for a blank query."""
        query = normalise(query).strip()
        if not query:
            return []
        vector = embedder.embed_query(query)
        allowed = None
        if where is not None and not where.is_empty:
            with self._store.database.read() as db:
                allowed = matching_chunks(db, collection.id, where)
        ranked = dense.nearest(self._store, collection, vector, top_k, allowed)
        hits = self._fetch(collection, ranked)
        return _highlighted(query, vector, hits, embedder)

    def _fetch(
        self, collection: CollectionInfo, ranked: Sequence[tuple[int, float]]
    ) -> list[SearchHit]:
        with self._store.database.read() as db:
            rows = {
                row["id"]: row
                for row in documents.chunk_rows(db, collection.id, [item for item, _ in ranked])
            }
            origins = sources.of_documents(db, [row["document_id"] for row in rows.values()])
        return [
            _hit(collection.name, rows[chunk_id], score, origins[rows[chunk_id]["document_id"]])
            for chunk_id, score in ranked
            if chunk_id in rows
        ]


def _hit(
    collection: str, row: sqlite3.Row, score: float, origins: tuple[Source, ...]
) -> SearchHit:
    return SearchHit(
        score=score,
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
    unexplained = [
        hit for hit in hits if highlight.coverage(query, hit.text) < _TELLING_COVERAGE
    ]
    nearest = highlight.nearest_sentences(vector, [hit.text for hit in unexplained], embedder)
    by_chunk = {hit.chunk_id: spans for hit, spans in zip(unexplained, nearest, strict=True)}
    return [
        replace(
            hit,
            highlights=by_chunk.get(hit.chunk_id) or highlight.term_spans(query, hit.text),
        )
        for hit in hits
    ]
