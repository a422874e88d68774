"""Documents in the catalog: their metadata and contents, and the writing of new ones."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from kb.catalog.clauses import document_conditions
from kb.catalog.cursors import cursor, place
from kb.catalog.filters import SearchFilter
from kb.catalog.labels import labels
from kb.catalog.numbers import storable
from kb.catalog.rows import (
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
from kb.catalog.sources import SourceReads
from kb.catalog.tags import TagReads
from kb.metadata import stated_date
from kb.prepared import PreparedDocument
from kb.records import Document, DocumentInfo, DocumentPage, FileState, Source

_SELECT_INFO = """
SELECT d.*, c.name AS collection_name
FROM documents d JOIN collections c ON c.id = d.collection_id
WHERE d.state = 'active'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The source and settings of a document, and its time of addition (in the catalog's form)."""

    content_hash: str
    settings_hash: str
    size: int
    added_at: str


class DocumentReads(SourceReads, TagReads):
    """Reads visible documents."""

    def documents(
        self, collection_id: str, condition: SearchFilter | None = None
    ) -> list[DocumentInfo]:
        """Return a collection's visible documents that pass a filter, newest first."""
        clauses, values = document_conditions(collection_id, condition or SearchFilter())
        rows = self._db.execute(
            f"{_SELECT_INFO} AND {clauses} ORDER BY d.added_at DESC, d.id DESC", values
        ).fetchall()
        if condition is not None and not condition.is_empty:
            return self._described(rows)
        by_document: dict[int, list[Source]] = {}
        for row in self._db.execute(
            "SELECT document_id, root, path FROM sources WHERE collection_id = ? ORDER BY id",
            (collection_id,),
        ):
            by_document.setdefault(row["document_id"], []).append(
                Source(root=row["root"], path=row["path"])
            )
        tags = self.tags_of_documents(collection_id)
        return [
            document_info(row, by_document.get(row["id"], ()), tags.get(row["id"], ()))
            for row in rows
        ]

    def document(self, document_id: int) -> DocumentInfo | None:
        """Return one visible document's description."""
        row = self._db.execute(_SELECT_INFO + " AND d.id = ?", (document_id,)).fetchone()
        if row is None:
            return None
        return self._described([row])[0]

    def document_page(
        self,
        collection_id: str,
        *,
        limit: int,
        offset: int = 0,
        after: str = "",
        condition: SearchFilter | None = None,
    ) -> DocumentPage:
        """Return a page of a collection's visible documents that pass a filter, newest first.

        Raises:
            SettingsError: ``after`` is not a :attr:`DocumentPage.next`.
        """
        condition = condition or SearchFilter()
        clauses, bound = document_conditions(collection_id, condition)
        where, values = ("", ()) if not after else (" AND (added_at, d.id) < (?, ?)", place(after))
        rows = self._db.execute(
            f"{_SELECT_INFO} AND {clauses}{where}"
            " ORDER BY d.added_at DESC, d.id DESC LIMIT ? OFFSET ?",
            (*bound, *values, storable(limit + 1), storable(offset)),
        ).fetchall()
        shown = rows[:limit]
        return DocumentPage(
            documents=tuple(self._described(shown)),
            total=self._count(collection_id, condition),
            next=cursor(shown[-1]["added_at"], shown[-1]["id"]) if len(rows) > limit else "",
        )

    def _described(self, rows: Sequence[sqlite3.Row]) -> list[DocumentInfo]:
        ids = [row["id"] for row in rows]
        sources, tags = self.sources_of(ids), self.tags_of(ids)
        return [document_info(row, sources[row["id"]], tags.get(row["id"], ())) for row in rows]

    def _count(self, collection_id: str, condition: SearchFilter) -> int:
        if condition.is_empty:
            return self.document_count(collection_id)
        clauses, values = document_conditions(collection_id, condition)
        row = self._db.execute(
            f"SELECT count(*) AS documents FROM documents d WHERE {clauses}",  # noqa: S608 - clauses are ours, values are bound
            values,
        ).fetchone()
        return int(row["documents"])

    def document_count(self, collection_id: str) -> int:
        """Count the visible documents of a collection, including a hidden collection."""
        row = self._db.execute(
            "SELECT document_count FROM collections WHERE id = ?", (collection_id,)
        ).fetchone()
        return 0 if row is None else int(row["document_count"])

    def is_visible(self, collection_id: str, document_id: int) -> bool:
        """Return whether a document is visible in searches of the collection."""
        return self.collection_of(document_id) == collection_id

    def collection_of(self, document_id: int) -> str | None:
        """Return the id of a visible document's collection."""
        row = self._db.execute(
            "SELECT collection_id FROM documents WHERE id = ? AND state = 'active'", (document_id,)
        ).fetchone()
        return None if row is None else str(row["collection_id"])

    def origin_of(self, document_id: int) -> Origin | None:
        """Return source and settings of a visible document."""
        row = self._db.execute(
            "SELECT content_hash, settings_hash, size, added_at FROM documents"
            " WHERE id = ? AND state = 'active'",
            (document_id,),
        ).fetchone()
        return None if row is None else Origin(**dict(row))

    def find_version(self, collection_id: str, content_hash: str, settings_hash: str) -> int | None:
        """Return the visible document of these bytes and settings."""
        row = self._db.execute(
            "SELECT id FROM documents WHERE collection_id = ? AND content_hash = ?"
            " AND settings_hash = ? AND state = 'active'",
            (collection_id, content_hash, settings_hash),
        ).fetchone()
        return None if row is None else int(row["id"])

    def older_version(self, failed: FileState) -> FileState | None:
        """Return the state of a file as it was for the document that ``failed`` still shows.

        Its time matches no file, so that the next ingestion reads the bytes.
        """
        row = self._db.execute(
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

    def documents_without_source(self, collection_id: str) -> tuple[int, ...]:
        """Return the ids of visible documents without a file."""
        rows = self._db.execute(
            "SELECT id FROM documents d WHERE collection_id = ? AND state = 'active'"
            " AND NOT EXISTS (SELECT 1 FROM sources s WHERE s.document_id = d.id)",
            (collection_id,),
        )
        return tuple(row["id"] for row in rows)

    def document_content(self, document_id: int) -> Document | None:
        """Return a visible document whole, as it was added."""
        row: sqlite3.Row | None = self._db.execute(
            "SELECT d.*, b.body, b.structure FROM documents d"
            " JOIN document_bodies b ON b.document_id = d.id WHERE d.id = ? AND d.state = 'active'",
            (document_id,),
        ).fetchone()
        return None if row is None else unpack_document(row)

    def document_text(self, document_id: int) -> str:
        """Return a document's normalised text; empty if the document does not exist."""
        row = self._db.execute(
            "SELECT body FROM document_bodies WHERE document_id = ?", (document_id,)
        ).fetchone()
        return "" if row is None else unpack(row["body"])

    def languages(self, collection_id: str) -> tuple[str, ...]:
        """Return the languages of a collection's visible documents, each once."""
        # Each step jumps to the next language in the index, without walking all documents.
        rows = self._db.execute(
            "WITH RECURSIVE found (language) AS ("
            "SELECT min(language) FROM documents WHERE collection_id = :id AND state = 'active'"
            " UNION ALL SELECT (SELECT min(language) FROM documents WHERE collection_id = :id"
            " AND state = 'active' AND language > found.language) FROM found"
            " WHERE found.language IS NOT NULL)"
            " SELECT language FROM found WHERE language IS NOT NULL",
            {"id": collection_id},
        )
        return tuple(row["language"] for row in rows)

    def languages_of(self, document_ids: Sequence[int]) -> dict[int, str]:
        """Return the language of each of some documents."""
        rows = self._db.execute(
            "SELECT id, language FROM documents WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(document_ids)),),
        )
        return {row["id"]: row["language"] for row in rows}


class DocumentChanges(DocumentReads):
    """Writes documents. ``VersionChanges`` changes their visibility."""

    def date_document(self, document_id: int, added_at: str) -> None:
        """Set a document's time of addition to that of its origin."""
        self._db.execute("UPDATE documents SET added_at = ? WHERE id = ?", (added_at, document_id))

    def _insert_document(self, collection_id: str, prepared: PreparedDocument) -> int:
        document = prepared.document
        cursor = self._db.execute(
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
        self._db.execute(
            "INSERT INTO document_bodies (document_id, body, structure) VALUES (?, ?, ?)",
            (document_id, pack(document.text), pack_structure(document)),
        )
        return document_id

    def _set_state(self, document_id: int, state: str) -> None:
        """Move a document between pending, active and retired."""
        self._db.execute("UPDATE documents SET state = ? WHERE id = ?", (state, document_id))
