"""Metadata stored with each vector, for filters and for outside clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kb.catalog.chunks import StoredChunk
from kb.catalog.state import State
from kb.prepared import KeyedChunk, PreparedDocument
from kb.records import MetadataValue, Source
from kb.vectors.base import VectorRecord


def of_prepared(
    prepared: PreparedDocument, document_id: int, chunk_ids: Sequence[int], source: Source
) -> Iterator[VectorRecord]:
    """Describe the chunks of a document on its way into the store, in order."""
    for chunk_id, chunk in zip(chunk_ids, prepared.chunks, strict=True):
        yield VectorRecord(
            id=chunk_id,
            document_id=document_id,
            language=_first(prepared.language),
            text=chunk.text,
            metadata=_metadata(
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
    state: State, collection_id: str, chunk_ids: Sequence[int]
) -> list[tuple[VectorRecord, KeyedChunk]]:
    """Describe visible chunks again, from the catalog, and return the inputs of their vectors."""
    chunks = state.visible_chunks([collection_id], chunk_ids).values()
    origins = state.sources_of(chunk.document_id for chunk in chunks)
    languages = state.languages_of(list(origins))
    return [
        _described(chunk, origins[chunk.document_id], languages.get(chunk.document_id, ""))
        for chunk in chunks
    ]


def _described(
    chunk: StoredChunk, origins: Sequence[Source], language: str
) -> tuple[VectorRecord, KeyedChunk]:
    record = VectorRecord(
        id=chunk.id,
        document_id=chunk.document_id,
        language=_first(language),
        text=chunk.text,
        metadata=_metadata(
            source=next((source.path for source in origins), ""),
            title=chunk.title,
            heading_path=chunk.heading_path,
            ordinal=chunk.ordinal,
            start=chunk.start,
            end=chunk.end,
            page=chunk.page_first,
            header=chunk.header,
        ),
    )
    keyed = KeyedChunk(
        id=chunk.id,
        document_id=chunk.document_id,
        title=chunk.title,
        heading_path=chunk.heading_path,
        header=chunk.header,
        text=chunk.text,
        key=chunk.key,
    )
    return record, keyed


def _first(languages: str) -> str:
    """Return the first of a document's languages."""
    return languages.partition(",")[0].strip()


def _metadata(
    *,
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
        "source": source,
        "title": title,
        "heading": " › ".join(heading_path),
        "ordinal": ordinal,
        "start": start,
        "end": end,
        **({} if page is None else {"page": page}),
        **({"header": header} if header else {}),
    }
