"""Keeps what is stored beside vectors in step with the catalog: the file that gives a document.

Triggers of the catalog note the documents whose first file has another name now; whoever changed
that, or the next writer after a crash, describes their chunks anew.
"""

from __future__ import annotations

import json
import sqlite3

from kb.catalog.database import Database
from kb.store import vector_records
from kb.store.chroma import ChromaStore
from kb.store.freshness import Freshness

CHUNKS_PER_STEP = 1000
"""Chunks described in one hold of the lock: a second for Chroma."""


def are_stale(db: sqlite3.Connection) -> bool:
    """Say whether there is anything to describe anew."""
    return db.execute("SELECT 1 FROM stale_descriptions").fetchone() is not None


def renew(database: Database, vectors: ChromaStore, freshness: Freshness) -> int:
    """Describe some chunks anew, inside the write lock; return how many rows are behind.

    Call again until it returns 0: others may write between the steps.
    """
    with database.read() as db:
        rows = db.execute(
            "SELECT s.document_id, k.id, k.ordinal, d.collection_id FROM stale_descriptions s"
            " JOIN documents d ON d.id = s.document_id AND d.state = 'active'"
            " JOIN chunks k ON k.document_id = s.document_id AND k.ordinal >= s.described"
            " ORDER BY s.document_id, k.ordinal LIMIT ?",
            (CHUNKS_PER_STEP,),
        ).fetchall()
        by_collection: dict[str, list[int]] = {}
        for row in rows:
            by_collection.setdefault(row["collection_id"], []).append(row["id"])
        described = {
            collection_id: [
                record for record, _ in vector_records.of_stored(db, collection_id, ids)
            ]
            for collection_id, ids in by_collection.items()
        }
        if not rows and not are_stale(db):
            return 0
    freshness.refresh_if_stale()
    for collection_id, records in described.items():
        vectors.describe(collection_id, records)
    reached = {row["document_id"]: row["ordinal"] + 1 for row in rows}
    with freshness.changing() as db:
        db.execute(
            "UPDATE stale_descriptions SET described = reached.value"
            " FROM json_each(?) AS reached WHERE document_id = CAST(reached.key AS INTEGER)",
            (json.dumps(reached),),
        )
        done = db.execute(
            "DELETE FROM stale_descriptions WHERE NOT EXISTS (SELECT 1 FROM documents d"
            " JOIN chunks k ON k.document_id = d.id WHERE d.id = stale_descriptions.document_id"
            " AND d.state = 'active' AND k.ordinal >= stale_descriptions.described)"
        )
    return len(rows) + done.rowcount
