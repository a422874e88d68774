"""A collection being made to take another's place: hidden until it does so, in one step."""

from __future__ import annotations

import secrets
import sqlite3

from kb.embedding.base import EmbedderIdentity
from kb.records import CollectionInfo
from kb.store import cleanup, collections, fulltext, tags
from kb.store.rows import collection_info
from kb.store.store import Store

_KEPT = ("name", "description", "instruction", "mode", "created_at")


def find(db: sqlite3.Connection, old: CollectionInfo) -> CollectionInfo | None:
    """Return the collection that is to take the place of ``old``, if one was begun."""
    row = db.execute(collections.SELECT + " WHERE c.successor_of = ?", (old.id,)).fetchone()
    return None if row is None else collection_info(row)


def begin(store: Store, old: CollectionInfo, identity: EmbedderIdentity) -> CollectionInfo:
    """Return the successor of ``old`` for a model: what was begun before, or an empty one.

    One that was begun for another model is deleted.

    Raises:
        CollectionError: ``old`` was deleted meanwhile.
    """
    with store.writing():
        with store.database.read() as db:
            collections.require(db, old)
            begun = find(db, old)
            same = begun and collections.fingerprint(db, begun.id)[1] == identity.fingerprint
        if begun is not None and same:
            return begun
        if begun is not None:
            drop(store, begun)
        with store.database.write() as db:
            # Names are unique; nobody sees this one.
            name = f"{old.id} {secrets.token_hex(4)}"
            new = collections.insert(db, name, "", identity, successor_of=old.id)
            fulltext.create(db, new.id)
            store.vectors.create(new.id)
        return new


def drop(store: Store, successor: CollectionInfo) -> None:
    """Delete a successor that is not wanted after all."""
    with store.writing():
        with store.changing() as db:
            cleanup.detach_collection(db, successor.id)
        cleanup.finish_dropped(store.database, store.vectors)


def take_over(store: Store, old: CollectionInfo, new: CollectionInfo) -> None:
    """Let a successor be found under the old name, and the old collection be gone, in one step.

    Name, description, instruction, mode, date of making and tags stay those of the old
    collection, and the history of its runs goes on. Inside the write lock.
    """
    with store.changing() as db:
        row = db.execute("SELECT * FROM collections WHERE id = ?", (old.id,)).fetchone()
        db.execute("UPDATE runs SET collection_id = ? WHERE collection_id = ?", (new.id, old.id))
        db.execute("UPDATE jobs SET collection_id = ? WHERE collection_id = ?", (new.id, old.id))
        db.execute("UPDATE collections SET successor_of = NULL WHERE id = ?", (new.id,))
        tags.carry_over(db, old.id, new.id)
        db.execute(
            "UPDATE unplaced_roots SET collection_id = ? WHERE collection_id = ?", (new.id, old.id)
        )
        cleanup.detach_collection(db, old.id)
        db.execute(
            "UPDATE collections SET name = ?, description = ?, instruction = ?, mode = ?,"
            " created_at = ? WHERE id = ?",
            (*(row[column] for column in _KEPT), new.id),
        )
    cleanup.finish_dropped(store.database, store.vectors)
