"""From ranked chunks to hits: their rows, their sources, and the text around them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kb.records import CollectionInfo, SearchHit, Source
from kb.store import documents, sources

Ranking = Sequence[tuple[int, float]]
"""(chunk id, score), best first."""


@dataclass(slots=True)
class Found:
    """A ranking of chunks of some collections, and what each stage that made it gave."""

    collections: Sequence[CollectionInfo]
    ranked: Ranking
    stages: Mapping[str, Ranking] = field(default_factory=dict)


def fetch(db: sqlite3.Connection, found: Found) -> list[SearchHit]:
    """Return the hits of a ranking in its order, without chunks that are not visible any more."""
    ids = [chunk_id for chunk_id, _ in found.ranked]
    names = {each.id: each.name for each in found.collections}
    rows = {row["id"]: row for row in documents.chunk_rows(db, list(names), ids)}
    origins = sources.of_documents(db, [row["document_id"] for row in rows.values()])
    places = {
        name: {chunk_id: (rank, score) for rank, (chunk_id, score) in enumerate(ranking, start=1)}
        for name, ranking in found.stages.items()
    }
    return [
        _hit(
            names[rows[chunk_id]["collection_id"]],
            rows[chunk_id],
            score,
            {name: place[chunk_id] for name, place in places.items() if chunk_id in place},
            origins[rows[chunk_id]["document_id"]],
        )
        for chunk_id, score in found.ranked
        if chunk_id in rows
    ]


def with_neighbours(
    db: sqlite3.Connection, hits: Sequence[SearchHit], count: int
) -> list[SearchHit]:
    """Add the text of ``count`` chunks before and after each hit, overlaps not repeated.

    It is cut from the document's own text, which is read whole, once for each document.
    """
    texts: dict[int, str] = {}
    result = []
    for hit in hits:
        span = documents.span(db, hit.document_id, hit.ordinal - count, hit.ordinal + count)
        if hit.document_id not in texts:
            texts[hit.document_id] = documents.text(db, hit.document_id)
        text = texts[hit.document_id]
        result.append(replace(hit, before=text[span[0] : hit.start], after=text[hit.end : span[1]]))
    return result


def _hit(
    collection: str,
    row: sqlite3.Row,
    score: float,
    stages: Mapping[str, tuple[int, float]],
    origins: tuple[Source, ...],
) -> SearchHit:
    return SearchHit(
        score=score,
        scores={name: own for name, (_, own) in stages.items()},
        ranks={name: rank for name, (rank, _) in stages.items()},
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
        page_label_last=row["page_label_last"],
        read_by=row["read_by"],
        confidence=row["confidence"],
        header=row["header"],
        metadata=json.loads(row["metadata"]),
    )
