"""Removes what no search may see: old versions, and what interrupted changes left behind.

All of it runs inside the write lock, and can be interrupted and done again.
"""

from __future__ import annotations

import sqlite3

from kb.catalog.database import Database
from kb.store import descriptions, fulltext, hidden
from kb.store.chroma import ChromaStore
from kb.store.freshness import Freshness

CHUNKS_PER_STEP = 1000
"""Chunks deleted in one hold of the lock: a second for Chroma."""


def has_leftovers(database: Database) -> bool:
    """Say whether there is anything to remove."""
    with database.read() as db:
        dropped = db.execute("SELECT 1 FROM dropped_collections").fetchone()
        if descriptions.are_stale(db):
            return True
        return dropped is not None or bool(hidden.leftovers(db, at_most=1))


def sweep(database: Database, vectors: ChromaStore, freshness: Freshness, *, pending: bool) -> int:
    """Do a part of the cleaning: delete up to :data:`CHUNKS_PER_STEP` chunks that are not visible.

    Call again until it returns 0: others may write between the steps. Without ``pending``, those
    documents are left alone that somebody may be storing at this moment.

    Returns:
        How many documents and chunks were deleted.
    """
    with database.read() as db:
        left = hidden.leftovers(db, pending=pending, at_most=CHUNKS_PER_STEP)
    if not left:
        return 0
    freshness.refresh_if_stale()
    for collection_id in dict.fromkeys(each.collection_id for each in left):
        mine = [each.chunk_id for each in left if each.collection_id == collection_id]
        if ids := [each for each in mine if each is not None]:
            vectors.delete(collection_id, ids)
    with freshness.changing() as db:
        return hidden.delete_parts(db, left)


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
