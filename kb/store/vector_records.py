"""What is stored with each vector, for whoever opens the Chroma collection from outside."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from kb.records import MetadataValue, Source
from kb.store import documents, sources
from kb.store.base import VectorRecord
from kb.store.prepared import KeyedChunk, PreparedDocument


def of_prepared(
    prepared: PreparedDocument, document_id: int, chunk_ids: Sequence[int], source: Source
) -> Iterator[VectorRecord]:
    """Describe the chunks of a document on its way into the store, in order."""
    for chunk_id, chunk in zip(chunk_ids, prepared.chunks, strict=True):
        yield VectorRecord(
            id=chunk_id,
            text=chunk.text,
            metadata=_metadata(
                document_id=document_id,
                source=source.path,
                title=prepared.document.title,
                heading_path=chunk.heading_path,
                ordinal=chunk.ordinal,
                start=chunk.start,
                end=chunk.end,
                page=chunk.page_first,
                header=chunk.header,
            ),
        )


def of_stored(
    db: sqlite3.Connection, collection_id: str, chunk_ids: Sequence[int]
) -> list[tuple[VectorRecord, KeyedChunk]]:
    """Describe visible chunks again, from the catalog, and say what their vectors are made from."""
    rows = documents.chunk_rows(db, [collection_id], chunk_ids)
    origins = sources.of_documents(db, [row["document_id"] for row in rows])
    return [_described(row, origins[row["document_id"]]) for row in rows]


def _described(row: sqlite3.Row, origins: Sequence[Source]) -> tuple[VectorRecord, KeyedChunk]:
    heading_path = tuple(json.loads(row["heading_path"]))
    record = VectorRecord(
        id=row["id"],
        text=row["text"],
        metadata=_metadata(
            document_id=row["document_id"],
            source=next((source.path for source in origins), ""),
            title=row["title"],
            heading_path=heading_path,
            ordinal=row["ordinal"],
            start=row["start"],
            end=row["end"],
            page=row["page_first"],
            header=row["header"],
        ),
    )
    keyed = KeyedChunk(
        id=row["id"],
        document_id=row["document_id"],
        title=row["title"],
        heading_path=heading_path,
        header=row["header"],
        text=row["text"],
        key=row["vector_key"],
    )
    return record, keyed


def _metadata(
    *,
    document_id: int,
    source: str,
    title: str,
    heading_path: Sequence[str],
    ordinal: int,
    start: int,
    end: int,
    page: int | None,
    header: str,
) -> dict[str, MetadataValue]:
    return {
        "document_id": document_id,
        "source": source,
        "title": title,
        "heading": " › ".join(heading_path),
        "ordinal": ordinal,
        "start": start,
        "end": end,
        **({} if page is None else {"page": page}),
        **({"header": header} if header else {}),
    }
