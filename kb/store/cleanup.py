"""Removes what no search may see: old versions, and what interrupted changes left behind.

All of it runs inside the write lock, and can be interrupted and done again.
"""

from __future__ import annotations

import sqlite3

from kb.store import documents, fulltext
from kb.store.chroma import ChromaStore
from kb.store.database import Database
from kb.store.freshness import Freshness


def has_leftovers(database: Database) -> bool:
    """Say whether there is anything to remove."""
    with database.read() as db:
        dropped = db.execute("SELECT 1 FROM dropped_collections").fetchone()
        return dropped is not None or bool(documents.leftovers(db))


def sweep(database: Database, vectors: ChromaStore, freshness: Freshness, *, pending: bool) -> int:
    """Delete vectors and rows of documents that are not visible; return how many they were.

    Without ``pending``, those are left alone that somebody may be storing at this moment.
    """
    with database.read() as db:
        left = documents.leftovers(db, pending=pending)
    for collection_id, document_id in left:
        with database.read() as db:
            ids = [chunk.id for chunk in documents.chunks(db, document_id)]
        vectors.delete(collection_id, ids)
        with freshness.changing() as db:
            documents.delete(db, document_id)
    return len(left)


def detach_collection(db: sqlite3.Connection, collection_id: str) -> None:
    """Take a collection out of the catalog; :func:`finish_dropped` deletes its vectors.

    What was begun to take its place goes with it.
    """
    rows = db.execute("SELECT id FROM collections WHERE successor_of = ?", (collection_id,))
    for each in (*(row["id"] for row in rows), collection_id):
        fulltext.drop(db, each)
        db.execute("INSERT INTO dropped_collections (id) VALUES (?)", (each,))
        db.execute("DELETE FROM collections WHERE id = ?", (each,))


def finish_dropped(database: Database, vectors: ChromaStore) -> None:
    """Delete the vectors of collections that are gone from the catalog."""
    with database.read() as db:
        dropped = [row["id"] for row in db.execute("SELECT id FROM dropped_collections")]
    for collection_id in dropped:
        vectors.drop(collection_id)
        with database.write() as db:
            db.execute("DELETE FROM dropped_collections WHERE id = ?", (collection_id,))
