"""Chunks in the catalog: their text for searches, and the keys of their vectors."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kb.catalog.base import Transaction
from kb.catalog.numbers import storable
from kb.catalog.rows import dump
from kb.prepared import PreparedDocument
from kb.provenance import read_by
from kb.records import Chunk, MediaType, MetadataValue, PageSource, SectionKind


class Passage(NamedTuple):
    """Document, place and text of a chunk, which show whether two chunks are the same."""

    id: int
    document_id: int
    start: int
    end: int
    text: str


@dataclass(slots=True)
class StoredChunk:
    """A visible chunk, with metadata of its document.

    ``key`` is the key of its vector: the hash of the embedded text and the embedder. ``language``
    is the chunk's own, ISO 639-1; empty if unknown.
    """

    id: int
    collection_id: str
    document_id: int
    title: str
    media_type: MediaType
    content_hash: str
    metadata: Mapping[str, MetadataValue]
    ordinal: int
    text: str
    start: int
    end: int
    heading_path: tuple[str, ...]
    kind: SectionKind
    page_first: int | None
    page_last: int | None
    page_label: str
    page_label_last: str
    read_by: PageSource
    confidence: float | None
    header: str
    key: bytes
    language: str


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """A stored chunk, and the key of its vector."""

    id: int
    key: bytes


class ChunkReads(Transaction):
    """Reads chunks of visible documents."""

    def visible_chunks(
        self, collection_ids: Sequence[str], ids: Sequence[int]
    ) -> dict[int, StoredChunk]:
        """Return the visible chunks of ``ids``, by id."""
        # The ids travel as one JSON array: no limit on their number, and one prepared statement.
        # CROSS JOIN keeps SQLite from walking every chunk of the collection to find them.
        rows = self._db.execute(
            "SELECT k.id, d.collection_id, k.document_id, d.title, d.media_type, d.content_hash,"
            " d.metadata, k.ordinal, k.text, k.start, k.end, k.heading_path, k.kind, k.page_first,"
            " k.page_last, k.page_label, k.page_label_last, k.read_by, k.confidence, k.header,"
            " k.vector_key, k.language FROM json_each(?) AS wanted"
            " CROSS JOIN chunks k ON k.id = wanted.value"
            " CROSS JOIN documents d ON d.id = k.document_id"
            " WHERE d.state = 'active' AND d.collection_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)), json.dumps(list(collection_ids))),
        )
        return {row["id"]: _stored(row) for row in rows}

    def passages(self, collection_ids: Sequence[str], ids: Sequence[int]) -> dict[int, Passage]:
        """Return the visible chunks of ``ids`` with only the fields for ranking."""
        rows = self._db.execute(
            "SELECT k.id, k.document_id, k.start, k.end, k.text FROM json_each(?) AS wanted"
            " CROSS JOIN chunks k ON k.id = wanted.value"
            " CROSS JOIN documents d ON d.id = k.document_id"
            " WHERE d.state = 'active' AND d.collection_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)), json.dumps(list(collection_ids))),
        )
        return {row[0]: Passage._make(row) for row in rows}

    def searched_texts(self, ids: Sequence[int]) -> dict[int, str]:
        """Return all indexed text of some chunks.

        It consists of the document's title, the headings, the table's header and the text.
        """
        rows = self._db.execute(
            # Headings stay JSON, which contains words as they are.
            "SELECT k.id, d.title || char(10) || k.heading_path || char(10) || k.header"
            " || char(10) || k.text FROM json_each(?) AS wanted"
            " CROSS JOIN chunks k ON k.id = wanted.value"
            " CROSS JOIN documents d ON d.id = k.document_id",
            (json.dumps(list(ids)),),
        )
        return {row[0]: row[1] for row in rows}

    def first_chunks(self, document_ids: Sequence[int]) -> list[int]:
        """Return the first chunks of documents in the given order, skipping empty documents."""
        rows = self._db.execute(
            "SELECT k.id FROM json_each(?) wanted"
            " JOIN chunks k ON k.document_id = wanted.value AND k.ordinal = 0 ORDER BY wanted.key",
            (json.dumps(list(document_ids)),),
        )
        return [row["id"] for row in rows]

    def visible_chunk_ids(self, collection_id: str) -> set[int]:
        """Return the ids of all visible chunks of a collection."""
        rows = self._db.execute(
            "SELECT k.id FROM chunks k JOIN documents d ON d.id = k.document_id"
            " WHERE d.collection_id = ? AND d.state = 'active'",
            (collection_id,),
        )
        return {row["id"] for row in rows}

    def chunks_of(
        self, document_id: int, *, limit: int | None = None, offset: int = 0
    ) -> list[Chunk]:
        """Return a visible document's chunks, or a part of them, in order."""
        rows = self._db.execute(
            "SELECT k.* FROM chunks k JOIN documents d ON d.id = k.document_id"
            " WHERE k.document_id = ? AND d.state = 'active' ORDER BY k.ordinal LIMIT ? OFFSET ?",
            (document_id, -1 if limit is None else storable(limit), storable(offset)),
        )
        return [
            Chunk(
                ordinal=row["ordinal"],
                text=row["text"],
                start=row["start"],
                end=row["end"],
                heading_path=tuple(json.loads(row["heading_path"])),
                kind=row["kind"],
                page_first=row["page_first"],
                page_last=row["page_last"],
                tokens=row["tokens"],
                header=row["header"],
            )
            for row in rows
        ]

    def chunk_keys(self, document_id: int) -> list[ChunkKey]:
        """Return a document's chunks and the keys of their vectors, in order."""
        rows = self._db.execute(
            "SELECT id, vector_key FROM chunks WHERE document_id = ? ORDER BY ordinal",
            (document_id,),
        )
        return [ChunkKey(row["id"], row["vector_key"]) for row in rows]

    def passage_span(self, document_id: int, first: int, last: int) -> tuple[int, int]:
        """Return start and end of the chunks from ``first`` to ``last`` (ordinals.

        Some may be missing).
        """
        row = self._db.execute(
            "SELECT coalesce(min(start), 0) AS start, coalesce(max(end), 0) AS end FROM chunks"
            " WHERE document_id = ? AND ordinal BETWEEN ? AND ?",
            (document_id, first, last),
        ).fetchone()
        return row["start"], row["end"]

    def chunks_with_keys(self, collection_id: str, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Return a visible chunk for each of the ``keys`` that has one."""
        found: dict[bytes, int] = {}
        for key in set(keys):
            row = self._db.execute(
                "SELECT k.id FROM chunks k JOIN documents d ON d.id = k.document_id"
                " WHERE k.vector_key = ? AND d.collection_id = ? AND d.state = 'active' LIMIT 1",
                (key, collection_id),
            ).fetchone()
            if row is not None:
                found[key] = row["id"]
        return found


class ChunkChanges(ChunkReads):
    """Writes chunks."""

    def _insert_chunks(self, document_id: int, prepared: PreparedDocument) -> list[int]:
        pages = {page.number: page for page in prepared.document.pages}
        numbers = sorted(pages)
        ids = []
        rows = zip(prepared.chunks, prepared.keys, prepared.languages, strict=True)
        for chunk, key, language in rows:
            first, last = chunk.page_first or 0, chunk.page_last or 0
            within = numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]
            touched = [pages[number] for number in within]
            source, confidence = read_by(touched, chunk.start, chunk.end)
            cursor = self._db.execute(
                "INSERT INTO chunks (document_id, ordinal, text, start, end, heading_path, kind,"
                " page_first, page_last, page_label, page_label_last, read_by, confidence, tokens,"
                " header, vector_key, language)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    document_id,
                    chunk.ordinal,
                    chunk.text,
                    chunk.start,
                    chunk.end,
                    dump(chunk.heading_path),
                    chunk.kind,
                    chunk.page_first,
                    chunk.page_last,
                    pages[first].label if first in pages else "",
                    pages[last].label if last in pages else "",
                    source,
                    confidence,
                    chunk.tokens,
                    chunk.header,
                    key,
                    language,
                ),
            )
            ids.append(int(cursor.lastrowid or 0))
        return ids


def _stored(row: sqlite3.Row) -> StoredChunk:
    return StoredChunk(
        id=row["id"],
        collection_id=row["collection_id"],
        document_id=row["document_id"],
        title=row["title"],
        media_type=row["media_type"],
        content_hash=row["content_hash"],
        metadata=json.loads(row["metadata"]),
        ordinal=row["ordinal"],
        text=row["text"],
        start=row["start"],
        end=row["end"],
        heading_path=tuple(json.loads(row["heading_path"])),
        kind=row["kind"],
        page_first=row["page_first"],
        page_last=row["page_last"],
        page_label=row["page_label"],
        page_label_last=row["page_label_last"],
        read_by=row["read_by"],
        confidence=row["confidence"],
        header=row["header"],
        key=row["vector_key"],
        language=row["language"],
    )
