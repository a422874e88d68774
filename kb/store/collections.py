"""Collections in the catalog: Unicode names over generated ids."""

from __future__ import annotations

import secrets
import sqlite3
import unicodedata

from kb.embedding.base import EmbedderIdentity
from kb.errors import CollectionError, CollectionGoneError
from kb.records import CollectionInfo, CollectionRef, SearchMode
from kb.store.rows import collection_info, now

MAX_NAME_LENGTH = 200

SELECT = "SELECT c.* FROM collections c"
"""Selects what :func:`kb.store.rows.collection_info` takes."""

_VISIBLE = "c.successor_of IS NULL"


def clean_name(name: str) -> str:
    """Return a collection's name as it is kept: NFC, trimmed.

    Raises:
        CollectionError: it is empty, too long, or holds control characters.
    """
    clean = unicodedata.normalize("NFC", name).strip()
    if not clean or len(clean) > MAX_NAME_LENGTH or any(c < " " for c in clean):
        msg = f"{name!r} cannot name a collection: give 1 to {MAX_NAME_LENGTH} visible characters"
        raise CollectionError(msg)
    return clean


def listed(db: sqlite3.Connection) -> list[CollectionInfo]:
    """Return all collections by name, without those that are still being made."""
    rows = db.execute(f"{SELECT} WHERE {_VISIBLE} ORDER BY c.name")
    return [collection_info(row) for row in rows]


def with_hidden(db: sqlite3.Connection) -> list[CollectionInfo]:
    """Return all collections, those included that are still being made in others' place."""
    return [collection_info(row) for row in db.execute(f"{SELECT} ORDER BY c.name")]


def find(db: sqlite3.Connection, name: str) -> CollectionInfo | None:
    """Return the collection of that name, None if there is none."""
    row = db.execute(
        f"{SELECT} WHERE c.name = ? AND {_VISIBLE}",
        (clean_name(name),),
    ).fetchone()
    return None if row is None else collection_info(row)


def get(db: sqlite3.Connection, name: str) -> CollectionInfo:
    """Return the collection of that name.

    Raises:
        CollectionError: there is none; the message lists those that there are.
    """
    found = find(db, name)
    if found is None:
        known = ", ".join(each.name for each in listed(db)) or "none yet: ingest a folder first"
        msg = f"there is no collection {name!r} (collections: {known})"
        raise CollectionError(msg)
    return found


def require(db: sqlite3.Connection, collection: CollectionInfo) -> None:
    """Make sure that a collection described a moment ago is still there.

    Raises:
        CollectionGoneError: it was deleted meanwhile.
    """
    current(db, collection)


def current(db: sqlite3.Connection, collection: CollectionInfo) -> CollectionInfo:
    """Return a collection as it is now; it may have another name.

    Raises:
        CollectionGoneError: it was deleted meanwhile, or embedded again with another model.
    """
    row = db.execute(f"{SELECT} WHERE c.id = ?", (collection.id,)).fetchone()
    if row is None:
        happened = "was deleted"
        if find(db, collection.name) is not None:
            happened = "was replaced by another of its name"
        msg = f"the collection {collection.name!r} {happened} meanwhile; start again"
        raise CollectionGoneError(msg)
    return collection_info(row)


def gone(name: str) -> CollectionGoneError:
    """Return the error for a collection that was deleted while something waited to fill it."""
    msg = f"the collection {name!r} was deleted meanwhile; start again"
    return CollectionGoneError(msg)


def resolved(db: sqlite3.Connection, collection: CollectionRef, default: str) -> CollectionInfo:
    """Return the collection meant, as it is now.

    Raises:
        CollectionError: there is none of that name.
        CollectionGoneError: the collection given was deleted meanwhile.
    """
    if isinstance(collection, CollectionInfo):
        return current(db, collection)
    return get(db, collection or default)


def fingerprint(db: sqlite3.Connection, collection_id: str) -> tuple[str, str]:
    """Return (model_id, fingerprint) of the embedder that made a collection's vectors.

    Raises:
        CollectionGoneError: the collection was deleted meanwhile.
    """
    row = db.execute(
        "SELECT model_id, fingerprint FROM collections WHERE id = ?", (collection_id,)
    ).fetchone()
    if row is None:
        msg = "the collection was deleted meanwhile; start again"
        raise CollectionGoneError(msg)
    return (row["model_id"], row["fingerprint"])


def create(
    db: sqlite3.Connection, name: str, description: str, identity: EmbedderIdentity
) -> CollectionInfo:
    """Insert a collection.

    Raises:
        CollectionError: the name is taken or cannot be used.
    """
    clean = clean_name(name)
    if find(db, clean) is not None:
        msg = f"there is already a collection {clean!r}; choose another name"
        raise CollectionError(msg)
    return insert(db, clean, description, identity)


def insert(
    db: sqlite3.Connection,
    name: str,
    description: str,
    identity: EmbedderIdentity,
    *,
    successor_of: str | None = None,
) -> CollectionInfo:
    """Insert a collection, hidden if it is to take another's place."""
    collection_id = f"kb-{secrets.token_hex(8)}"
    db.execute(
        "INSERT INTO collections (id, name, description, model_id, fingerprint, dim, created_at,"
        " successor_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            collection_id,
            name,
            description,
            identity.model_id,
            identity.fingerprint,
            identity.dim,
            now(),
            successor_of,
        ),
    )
    row = db.execute(f"{SELECT} WHERE c.id = ?", (collection_id,)).fetchone()
    return collection_info(row)


def rename(db: sqlite3.Connection, name: str, new_name: str) -> None:
    """Give a collection another name.

    Raises:
        CollectionError: there is no such collection, or the new name is taken.
    """
    clean = clean_name(new_name)
    current = get(db, name)
    other = find(db, clean)
    if other is not None and other.id != current.id:
        msg = f"there is already a collection {clean!r}; choose another name"
        raise CollectionError(msg)
    db.execute("UPDATE collections SET name = ? WHERE id = ?", (clean, current.id))


def instruct(db: sqlite3.Connection, name: str, instruction: str) -> None:
    """Change what a collection's queries ask for; empty for the instruction in the settings."""
    db.execute(
        "UPDATE collections SET instruction = ? WHERE id = ?",
        (instruction.strip(), get(db, name).id),
    )


def set_mode(db: sqlite3.Connection, name: str, mode: SearchMode | None) -> None:
    """Change how a collection is searched; None for the mode in the settings."""
    db.execute("UPDATE collections SET mode = ? WHERE id = ?", (mode or "", get(db, name).id))


def date(db: sqlite3.Connection, name: str, created_at: str) -> None:
    """Give a collection the time at which it was made, where that was elsewhere."""
    db.execute("UPDATE collections SET created_at = ? WHERE id = ?", (created_at, get(db, name).id))


def describe(db: sqlite3.Connection, name: str, description: str) -> None:
    """Change a collection's description."""
    db.execute(
        "UPDATE collections SET description = ? WHERE id = ?", (description, get(db, name).id)
    )
