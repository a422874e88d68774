"""Documents and chunks in the catalog: written pending, made active, retired, deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from kb.catalog.labels import labels
from kb.metadata import stated_date
from kb.provenance import read_by
from kb.records import Chunk, Document, DocumentInfo, FileState, Source
from kb.store import sources, tags
from kb.store.prepared import PreparedDocument
from kb.store.rows import (
    document_info,
    dump,
    dump_notices,
    notices,
    now,
    pack,
    pack_structure,
    unpack,
    unpack_document,
)

_SELECT_INFO = """
SELECT d.*, c.name AS collection_name
FROM documents d JOIN collections c ON c.id = d.collection_id
WHERE d.state = 'active'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a document was made from, and when it was added (as the catalog stores times)."""

    content_hash: str
    settings_hash: str
    size: int
    added_at: str


def insert_pending(
    db: sqlite3.Connection, collection_id: str, prepared: PreparedDocument
) -> tuple[int, list[int]]:
    """Write a document and its chunks, invisible; return its id and the chunks' ids."""
    document = prepared.document
    cursor = db.execute(
        "INSERT INTO documents (collection_id, state, content_hash, settings_hash, title,"
        " media_type, size, characters, tokens, chunk_count, page_count, metadata, notices,"
        " language, labels, day, added_at)"
        " VALUES (?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            collection_id,
            prepared.content_hash,
            prepared.settings_hash,
            document.title,
            document.media_type,
            prepared.size,
            len(document.text),
            sum(chunk.tokens for chunk in prepared.chunks),
            len(prepared.chunks),
            len(document.pages),
            dump(dict(document.metadata)),
            dump_notices(document.notices),
            prepared.language,
            labels(document.metadata),
            stated_date(document.metadata),
            now(),
        ),
    )
    document_id = int(cursor.lastrowid or 0)
    db.execute(
        "INSERT INTO document_bodies (document_id, body, structure) VALUES (?, ?, ?)",
        (document_id, pack(document.text), pack_structure(document)),
    )
    return document_id, _insert_chunks(db, document_id, prepared)


def _insert_chunks(
    db: sqlite3.Connection, document_id: int, prepared: PreparedDocument
) -> list[int]:
    pages = {page.number: page for page in prepared.document.pages}
    ids = []
    for chunk, key in zip(prepared.chunks, prepared.keys, strict=True):
        first, last = chunk.page_first or 0, chunk.page_last or 0
        touched = [pages[number] for number in range(first, last + 1) if number in pages]
        source, confidence = read_by(touched, chunk.start, chunk.end)
        cursor = db.execute(
            "INSERT INTO chunks (document_id, ordinal, text, start, end, heading_path, kind,"
            " page_first, page_last, page_label, page_label_last, read_by, confidence, tokens,"
            " header, vector_key)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document_id,
                chunk.ordinal,
                chunk.text,
                chunk.start,
                chunk.end,
                dump(chunk.heading_path),
                chunk.kind,
                chunk.page_first,
                chunk.page_last,
                pages[first].label if first in pages else "",
                pages[last].label if last in pages else "",
                source,
                confidence,
                chunk.tokens,
                chunk.header,
                key,
            ),
        )
        ids.append(int(cursor.lastrowid or 0))
    return ids


def set_state(db: sqlite3.Connection, document_id: int, state: str) -> None:
    """Move a document between pending, active and retired."""
    db.execute("UPDATE documents SET state = ? WHERE id = ?", (state, document_id))


def date(db: sqlite3.Connection, document_id: int, added_at: str) -> None:
    """Give a document the time at which it was added, where that was elsewhere."""
    db.execute("UPDATE documents SET added_at = ? WHERE id = ?", (added_at, document_id))


def find_active(
    db: sqlite3.Connection, collection_id: str, content_hash: str, settings_hash: str
) -> int | None:
    """Return the visible document made of these bytes with these settings."""
    row = db.execute(
        "SELECT id FROM documents WHERE collection_id = ? AND content_hash = ?"
        " AND settings_hash = ? AND state = 'active'",
        (collection_id, content_hash, settings_hash),
    ).fetchone()
    return None if row is None else int(row["id"])


def collection_of(db: sqlite3.Connection, document_id: int) -> str:
    """Return the id of the collection that holds a document."""
    row = db.execute("SELECT collection_id FROM documents WHERE id = ?", (document_id,)).fetchone()
    return str(row["collection_id"])


def languages(db: sqlite3.Connection, collection_id: str) -> tuple[str, ...]:
    """Return the languages of the visible documents of a collection, each once."""
    # Each step leaps to the next language in the index: no walk over all documents.
    rows = db.execute(
        "WITH RECURSIVE found (language) AS ("
        "SELECT min(language) FROM documents WHERE collection_id = :id AND state = 'active'"
        " UNION ALL SELECT (SELECT min(language) FROM documents WHERE collection_id = :id"
        " AND state = 'active' AND language > found.language) FROM found"
        " WHERE found.language IS NOT NULL)"
        " SELECT language FROM found WHERE language IS NOT NULL",
        {"id": collection_id},
    )
    return tuple(row["language"] for row in rows)


def languages_of(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the language of each of some documents."""
    rows = db.execute(
        "SELECT id, language FROM documents WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return {row["id"]: row["language"] for row in rows}


def without_sources(db: sqlite3.Connection, document_id: int) -> bool:
    """Say whether no source is left that gives this document."""
    row = db.execute("SELECT 1 FROM sources WHERE document_id = ?", (document_id,)).fetchone()
    return row is None


def listed(db: sqlite3.Connection, collection_id: str) -> list[DocumentInfo]:
    """Return the visible documents of a collection, newest first."""
    rows = db.execute(
        _SELECT_INFO + " AND d.collection_id = ? ORDER BY d.added_at DESC, d.id DESC",
        (collection_id,),
    ).fetchall()
    by_document: dict[int, list[Source]] = {}
    for row in db.execute(
        "SELECT document_id, root, path FROM sources WHERE collection_id = ? ORDER BY id",
        (collection_id,),
    ):
        by_document.setdefault(row["document_id"], []).append(
            Source(root=row["root"], path=row["path"])
        )
    given = tags.of_documents(db, collection_id)
    return [
        document_info(row, by_document.get(row["id"], ()), given.get(row["id"], ())) for row in rows
    ]


def info(db: sqlite3.Connection, document_id: int) -> DocumentInfo | None:
    """Return one visible document's description."""
    row = db.execute(_SELECT_INFO + " AND d.id = ?", (document_id,)).fetchone()
    if row is None:
        return None
    given = tags.of_documents(db, row["collection_id"], document_id)
    of_document = sources.of_documents(db, [document_id])[document_id]
    return document_info(row, of_document, given.get(document_id, ()))


def is_visible(db: sqlite3.Connection, collection_id: str, document_id: int) -> bool:
    """Say whether a search of the collection may see a document."""
    row = db.execute(
        "SELECT 1 FROM documents WHERE id = ? AND collection_id = ? AND state = 'active'",
        (document_id, collection_id),
    ).fetchone()
    return row is not None


def origin(db: sqlite3.Connection, document_id: int) -> Origin | None:
    """Return what one visible document was made from."""
    row = db.execute(
        "SELECT content_hash, settings_hash, size, added_at FROM documents"
        " WHERE id = ? AND state = 'active'",
        (document_id,),
    ).fetchone()
    return None if row is None else Origin(**dict(row))


def state_of(db: sqlite3.Connection, failed: FileState) -> FileState | None:
    """Return the state of a file that gives the document that ``failed`` still has.

    The size and time are of no file, so that the next ingestion looks at the bytes.
    """
    row = db.execute(
        "SELECT content_hash, settings_hash, size, notices FROM documents"
        " WHERE id = ? AND state = 'active'",
        (failed.document_id,),
    ).fetchone()
    if row is None:
        return None
    return FileState(
        source=failed.source,
        size=row["size"],
        mtime_ns=0,
        content_hash=row["content_hash"],
        settings_hash=row["settings_hash"],
        outcome="warnings" if notices(row["notices"]) else "indexed",
        document_id=failed.document_id,
    )


def body(db: sqlite3.Connection, document_id: int) -> Document | None:
    """Return one visible document whole, as it was added."""
    row = db.execute(
        "SELECT d.*, b.body, b.structure FROM documents d"
        " JOIN document_bodies b ON b.document_id = d.id WHERE d.id = ? AND d.state = 'active'",
        (document_id,),
    ).fetchone()
    return None if row is None else unpack_document(row)


def text(db: sqlite3.Connection, document_id: int) -> str:
    """Return a document's normalised text; empty if there is no such document."""
    row = db.execute(
        "SELECT body FROM document_bodies WHERE document_id = ?", (document_id,)
    ).fetchone()
    return "" if row is None else unpack(row["body"])


def span(db: sqlite3.Connection, document_id: int, first: int, last: int) -> tuple[int, int]:
    """Return where chunks ``first`` to ``last`` (ordinals, as far as there are) begin and end."""
    row = db.execute(
        "SELECT coalesce(min(start), 0) AS start, coalesce(max(end), 0) AS end FROM chunks"
        " WHERE document_id = ? AND ordinal BETWEEN ? AND ?",
        (document_id, first, last),
    ).fetchone()
    return row["start"], row["end"]


def cut(db: sqlite3.Connection, document_id: int) -> list[Chunk]:
    """Return a visible document's chunks as they were cut, in order."""
    rows = db.execute(
        "SELECT k.* FROM chunks k JOIN documents d ON d.id = k.document_id"
        " WHERE k.document_id = ? AND d.state = 'active' ORDER BY k.ordinal",
        (document_id,),
    )
    return [
        Chunk(
            ordinal=row["ordinal"],
            text=row["text"],
            start=row["start"],
            end=row["end"],
            heading_path=tuple(json.loads(row["heading_path"])),
            kind=row["kind"],
            page_first=row["page_first"],
            page_last=row["page_last"],
            tokens=row["tokens"],
            header=row["header"],
        )
        for row in rows
    ]


def chunk_rows(
    db: sqlite3.Connection, collection_ids: Sequence[str], ids: Sequence[int]
) -> list[sqlite3.Row]:
    """Return those chunks of ``ids`` that a search may see, joined with their documents.

    Columns of ``chunks`` as they are named; of the document ``title``, ``media_type``,
    ``metadata`` and ``collection_id``. In no particular order; ids without a visible document are
    left out.
    """
    # The ids travel as one JSON array: no limit on their number, and one prepared statement.
    # CROSS JOIN keeps SQLite from walking every chunk of the collection to meet them.
    return db.execute(
        "SELECT k.*, d.title, d.media_type, d.metadata, d.collection_id"
        " FROM json_each(?) AS wanted"
        " CROSS JOIN chunks k ON k.id = wanted.value CROSS JOIN documents d ON d.id = k.document_id"
        " WHERE d.state = 'active' AND d.collection_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)), json.dumps(list(collection_ids))),
    ).fetchall()


def reusable(db: sqlite3.Connection, collection_id: str, keys: Sequence[bytes]) -> dict[bytes, int]:
    """Return, for those ``keys`` that have one, a visible chunk with the same vector."""
    found: dict[bytes, int] = {}
    for key in set(keys):
        row = db.execute(
            "SELECT k.id FROM chunks k JOIN documents d ON d.id = k.document_id"
            " WHERE k.vector_key = ? AND d.collection_id = ? AND d.state = 'active' LIMIT 1",
            (key, collection_id),
        ).fetchone()
        if row is not None:
            found[key] = row["id"]
    return found
