"""Sources in the catalog: which file gave which document, and what became of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from kb.errors import ChangedMeanwhileError
from kb.records import FailedFile, FileState, Source
from kb.store.rows import failed_file, file_state, now


def states(db: sqlite3.Connection, collection_id: str, root: str | None) -> list[FileState]:
    """Return what is known of every source of a root, or of all roots."""
    rows = db.execute(
        "SELECT * FROM sources WHERE collection_id = ? AND (? IS NULL OR root = ?)"
        " ORDER BY root, path",
        (collection_id, root, root),
    )
    return [file_state(row) for row in rows]


def state(db: sqlite3.Connection, collection_id: str, source: Source) -> FileState | None:
    """Return what is known of one source."""
    row = db.execute(
        "SELECT * FROM sources WHERE collection_id = ? AND root = ? AND path = ?",
        (collection_id, source.root, source.path),
    ).fetchone()
    return None if row is None else file_state(row)


def seen(db: sqlite3.Connection, collection_id: str) -> dict[Source, str]:
    """Return when each source was last recorded, as the catalog stores times."""
    rows = db.execute(
        "SELECT root, path, seen_at FROM sources WHERE collection_id = ?", (collection_id,)
    )
    return {Source(root=row["root"], path=row["path"]): row["seen_at"] for row in rows}


def roots(db: sqlite3.Connection, collection_id: str) -> list[str]:
    """Return the roots that sources of a collection came from."""
    rows = db.execute(
        "SELECT DISTINCT root FROM sources WHERE collection_id = ? ORDER BY root",
        (collection_id,),
    )
    return [row["root"] for row in rows]


def failed(db: sqlite3.Connection, collection_id: str) -> list[FailedFile]:
    """Return the sources that could not be read."""
    rows = db.execute(
        "SELECT s.*, d.added_at AS document_added_at FROM sources s"
        " LEFT JOIN documents d ON d.id = s.document_id AND d.state = 'active'"
        " WHERE s.collection_id = ? AND s.outcome = 'failed' ORDER BY s.root, s.path",
        (collection_id,),
    )
    return [failed_file(row) for row in rows]


def failed_of_document(db: sqlite3.Connection, document_id: int) -> list[FailedFile]:
    """Return the sources of a document whose files have changed into what cannot be read."""
    rows = db.execute(
        "SELECT s.*, d.added_at AS document_added_at FROM sources s"
        " JOIN documents d ON d.id = s.document_id AND d.state = 'active'"
        " WHERE s.document_id = ? AND s.outcome = 'failed' ORDER BY s.id",
        (document_id,),
    )
    return [failed_file(row) for row in rows]


def date(db: sqlite3.Connection, collection_id: str, source: Source, seen_at: str) -> None:
    """Give a source the time at which it was seen, instead of that of its last change."""
    db.execute(
        "UPDATE sources SET seen_at = ? WHERE collection_id = ? AND root = ? AND path = ?",
        (seen_at, collection_id, source.root, source.path),
    )


def of_document(db: sqlite3.Connection, document_id: int) -> list[FileState]:
    """Return what is known of every source of one document."""
    rows = db.execute("SELECT * FROM sources WHERE document_id = ? ORDER BY id", (document_id,))
    return [file_state(row) for row in rows]


def of_documents(
    db: sqlite3.Connection, document_ids: Iterable[int]
) -> dict[int, tuple[Source, ...]]:
    """Return the sources of each document, by document id."""
    found: dict[int, list[Source]] = {document_id: [] for document_id in document_ids}
    rows = db.execute(
        "SELECT s.document_id, s.root, s.path FROM json_each(?) wanted"
        " CROSS JOIN sources s ON s.document_id = wanted.value ORDER BY s.id",
        (json.dumps(list(found)),),
    )
    for row in rows:
        found[row["document_id"]].append(Source(root=row["root"], path=row["path"]))
    return {document_id: tuple(each) for document_id, each in found.items()}


def put(db: sqlite3.Connection, collection_id: str, file: FileState) -> None:
    """Insert or replace what is known of a source."""
    db.execute(
        "INSERT INTO sources (collection_id, root, path, document_id, size, mtime_ns,"
        " content_hash, settings_hash, outcome, reason, reason_code, seen_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (collection_id, root, path) DO UPDATE SET"
        " document_id = excluded.document_id, size = excluded.size,"
        " mtime_ns = excluded.mtime_ns, content_hash = excluded.content_hash,"
        " settings_hash = excluded.settings_hash, outcome = excluded.outcome,"
        " reason = excluded.reason, reason_code = excluded.reason_code,"
        " seen_at = excluded.seen_at",
        (
            collection_id,
            file.source.root,
            file.source.path,
            file.document_id,
            file.size,
            file.mtime_ns,
            file.content_hash,
            file.settings_hash,
            file.outcome,
            file.reason,
            file.reason_code,
            now(),
        ),
    )


def move(db: sqlite3.Connection, collection_id: str, old: Source, new: FileState) -> None:
    """Give a source another place; its document stays as it is."""
    db.execute(
        "UPDATE sources SET root = ?, path = ?, size = ?, mtime_ns = ?, seen_at = ?"
        " WHERE collection_id = ? AND root = ? AND path = ?",
        (
            new.source.root,
            new.source.path,
            new.size,
            new.mtime_ns,
            now(),
            collection_id,
            old.root,
            old.path,
        ),
    )


def require(
    db: sqlite3.Connection, collection_id: str, source: Source, expected: FileState | None
) -> None:
    """Make sure that a source is still as it was when something was decided for it.

    Raises:
        ChangedMeanwhileError: it is not.
    """
    if state(db, collection_id, source) != expected:
        msg = f"{source.path} was changed by another process meanwhile; run the same command again"
        raise ChangedMeanwhileError(msg)


def delete(db: sqlite3.Connection, collection_id: str, source: Source) -> None:
    """Forget a source; its document is retired by the caller if it was the last."""
    db.execute(
        "DELETE FROM sources WHERE collection_id = ? AND root = ? AND path = ?",
        (collection_id, source.root, source.path),
    )


def rebase(db: sqlite3.Connection, collection_id: str, old: str, new: str, prefix: str) -> None:
    """Give all sources of root ``old`` the root ``new``, with ``prefix`` before their paths."""
    db.execute(
        "UPDATE OR IGNORE sources SET root = ?, path = ? || path"
        " WHERE collection_id = ? AND root = ?",
        (new, prefix, collection_id, old),
    )


def unplaced(db: sqlite3.Connection, collection_id: str) -> frozenset[str]:
    """Return the roots of which nobody has said yet where they are on this machine."""
    rows = db.execute("SELECT root FROM unplaced_roots WHERE collection_id = ?", (collection_id,))
    return frozenset(row["root"] for row in rows)


def unplace(db: sqlite3.Connection, collection_id: str, roots: Iterable[str]) -> None:
    """Note roots that an archive names."""
    db.executemany(
        "INSERT OR IGNORE INTO unplaced_roots (collection_id, root) VALUES (?, ?)",
        [(collection_id, root) for root in roots],
    )


def place(db: sqlite3.Connection, collection_id: str, root: str) -> None:
    """Note that a person has said where a root is."""
    db.execute(
        "DELETE FROM unplaced_roots WHERE collection_id = ? AND root = ?", (collection_id, root)
    )
