"""Documents in the catalog that no search may see: old versions, and what a crash left behind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenChunk:
    """A chunk of a document that no search may see, or such a document without a chunk."""

    collection_id: str
    document_id: int
    chunk_id: int | None


def leftovers(db: sqlite3.Connection, *, pending: bool = True, at_most: int) -> list[HiddenChunk]:
    """Return chunks of documents that no search may see, document by document.

    A document without chunks is given with None. Without ``pending``, only of those documents
    that were visible once.
    """
    rows = db.execute(
        "SELECT d.collection_id, d.id AS document_id, k.id AS chunk_id"
        " FROM documents d LEFT JOIN chunks k ON k.document_id = d.id"
        " WHERE d.state <> 'active' AND (? OR d.state = 'retired') ORDER BY d.id LIMIT ?",
        (pending, at_most),
    )
    return [HiddenChunk(**dict(row)) for row in rows]


def count(db: sqlite3.Connection) -> int:
    """Count the documents that no search may see."""
    row = db.execute("SELECT count(*) AS n FROM documents WHERE state <> 'active'").fetchone()
    return int(row["n"])


def delete_parts(db: sqlite3.Connection, hidden: Sequence[HiddenChunk]) -> int:
    """Delete chunks, and their documents once they have none left; return the rows deleted."""
    chunk_ids = [each.chunk_id for each in hidden if each.chunk_id is not None]
    document_ids = list(dict.fromkeys(each.document_id for each in hidden))
    db.execute(
        "DELETE FROM chunks WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(chunk_ids),)
    )
    deleted = db.execute(
        "DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM chunks k WHERE k.document_id = documents.id)",
        (json.dumps(document_ids),),
    )
    return len(chunk_ids) + deleted.rowcount
