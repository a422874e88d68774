"""Tags that people give to documents, beside those that documents have of their own.

They belong to the file that a document came from, so that they outlive its next version.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from kb.metadata import folded
from kb.records import Source
from kb.store.rows import document_number


def change(
    db: sqlite3.Connection,
    collection_id: str,
    document_ids: Sequence[int],
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> None:
    """Give tags to all files of these documents, and take others from them, in any case."""
    ids = json.dumps([document_number(number) for number in document_ids])
    files = (
        "SELECT s.id FROM json_each(?) wanted CROSS JOIN sources s"
        " ON s.document_id = wanted.value AND s.collection_id = ?"
    )
    for tag in remove:
        db.execute(
            f"DELETE FROM source_tags WHERE folded = ? AND source_id IN ({files})",  # noqa: S608 - ours
            (folded(tag), ids, collection_id),
        )
    for tag in add:
        db.execute(
            "INSERT OR IGNORE INTO source_tags (source_id, tag, folded)"  # noqa: S608 - ours
            f" SELECT id, ?, ? FROM ({files})",
            (tag, folded(tag), ids, collection_id),
        )


def give(db: sqlite3.Connection, collection_id: str, source: Source, given: Iterable[str]) -> None:
    """Give tags to one file."""
    db.executemany(
        "INSERT OR IGNORE INTO source_tags (source_id, tag, folded)"
        " SELECT id, ?, ? FROM sources WHERE collection_id = ? AND root = ? AND path = ?",
        [(tag, folded(tag), collection_id, source.root, source.path) for tag in given],
    )


def carry_over(db: sqlite3.Connection, old_id: str, new_id: str) -> None:
    """Give the files of a collection the tags that the same files have in another."""
    db.execute(
        "INSERT OR IGNORE INTO source_tags (source_id, tag, folded)"
        " SELECT new.id, t.tag, t.folded"
        " FROM source_tags t JOIN sources old ON old.id = t.source_id"
        " JOIN sources new ON new.root = old.root AND new.path = old.path"
        " AND new.collection_id = ? WHERE old.collection_id = ?",
        (new_id, old_id),
    )


def of_sources(db: sqlite3.Connection, collection_id: str) -> dict[Source, tuple[str, ...]]:
    """Return the tags of every file of a collection that has some, in the order of the alphabet."""
    found: dict[Source, list[str]] = {}
    for row in db.execute(
        "SELECT s.root, s.path, t.tag FROM source_tags t JOIN sources s ON s.id = t.source_id"
        " WHERE s.collection_id = ? ORDER BY t.folded",
        (collection_id,),
    ):
        found.setdefault(Source(root=row["root"], path=row["path"]), []).append(row["tag"])
    return {source: tuple(given) for source, given in found.items()}


def of_documents(
    db: sqlite3.Connection, collection_id: str, document_id: int | None = None
) -> dict[int, tuple[str, ...]]:
    """Return the tags of every document of a collection that has some, or of one document."""
    found: dict[int, dict[str, str]] = {}
    for row in db.execute(
        "SELECT s.document_id, t.tag, t.folded"
        " FROM sources s JOIN source_tags t ON t.source_id = s.id"
        " WHERE s.collection_id = ? AND (? IS NULL OR s.document_id = ?) ORDER BY t.folded",
        (collection_id, document_id, document_id),
    ):
        found.setdefault(row["document_id"], {}).setdefault(row["folded"], row["tag"])
    return {key: tuple(given.values()) for key, given in found.items()}
