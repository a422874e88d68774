"""Sources in the catalog: the document and the state of each file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from kb.catalog.base import Counted, Transaction
from kb.catalog.numbers import storable
from kb.catalog.rows import failed_file, file_state, now
from kb.errors import ChangedMeanwhileError
from kb.records import FailedFile, FileState, Source
from kb.words.file_names import name_words


class SourceReads(Transaction):
    """Reads the states of files."""

    def file_states(self, collection_id: str, root: str | None = None) -> list[FileState]:
        """Return the state of every file of a root, or of all roots."""
        rows = self._db.execute(
            "SELECT * FROM sources WHERE collection_id = ? AND (? IS NULL OR root = ?)"
            " ORDER BY root, path",
            (collection_id, root, root),
        )
        return [file_state(row) for row in rows]

    def file_state(self, collection_id: str, source: Source) -> FileState | None:
        """Return the state of one file."""
        row = self._db.execute(
            "SELECT * FROM sources WHERE collection_id = ? AND root = ? AND path = ?",
            (collection_id, source.root, source.path),
        ).fetchone()
        return None if row is None else file_state(row)

    def require_file(self, collection_id: str, source: Source, expected: FileState | None) -> None:
        """Check that a file's state is still the one of a decision.

        Raises:
            ChangedMeanwhileError: the state has changed.
        """
        if self.file_state(collection_id, source) != expected:
            msg = (
                f"{source.path} was changed by another process meanwhile; run the same command "
                "again"
            )
            raise ChangedMeanwhileError(msg)

    def last_seen(self, collection_id: str) -> dict[Source, str]:
        """Return the last recording time of each file, in the catalog's form."""
        rows = self._db.execute(
            "SELECT root, path, seen_at FROM sources WHERE collection_id = ?", (collection_id,)
        )
        return {Source(root=row["root"], path=row["path"]): row["seen_at"] for row in rows}

    def failed_files(
        self, collection_id: str, *, limit: int | None = None, offset: int = 0
    ) -> list[FailedFile]:
        """Return the files that could not be read, or a part of them, by path."""
        rows = self._db.execute(
            "SELECT s.*, d.added_at AS document_added_at FROM sources s"
            " LEFT JOIN documents d ON d.id = s.document_id AND d.state = 'active'"
            " WHERE s.collection_id = ? AND s.outcome = 'failed' ORDER BY s.root, s.path"
            " LIMIT ? OFFSET ?",
            (collection_id, -1 if limit is None else storable(limit), storable(offset)),
        )
        return [failed_file(row) for row in rows]

    def failed_count(self, collection_id: str) -> int:
        """Count the files that could not be read."""
        row = self._db.execute(
            "SELECT count(*) AS files FROM sources WHERE collection_id = ? AND outcome = 'failed'",
            (collection_id,),
        ).fetchone()
        return int(row["files"])

    def failed_files_of(self, *document_ids: int) -> list[FailedFile]:
        """Return the files that gave these documents and have become unreadable since."""
        rows = self._db.execute(
            "SELECT s.*, d.added_at AS document_added_at FROM json_each(?) wanted"
            " CROSS JOIN sources s ON s.document_id = wanted.value"
            " JOIN documents d ON d.id = s.document_id AND d.state = 'active'"
            " WHERE s.outcome = 'failed' ORDER BY s.id",
            (json.dumps(document_ids),),
        )
        return [failed_file(row) for row in rows]

    def files_of(self, document_id: int) -> list[FileState]:
        """Return the state of every file of one document."""
        rows = self._db.execute(
            "SELECT * FROM sources WHERE document_id = ? ORDER BY id", (document_id,)
        )
        return [file_state(row) for row in rows]

    def sources_of(self, document_ids: Iterable[int]) -> dict[int, tuple[Source, ...]]:
        """Return the sources of each document, by document id."""
        found: dict[int, list[Source]] = {document_id: [] for document_id in document_ids}
        rows = self._db.execute(
            "SELECT s.document_id, s.root, s.path FROM json_each(?) wanted"
            " CROSS JOIN sources s ON s.document_id = wanted.value ORDER BY s.id",
            (json.dumps(list(found)),),
        )
        for row in rows:
            found[row["document_id"]].append(Source(root=row["root"], path=row["path"]))
        return {document_id: tuple(each) for document_id, each in found.items()}

    def contents_in_use(self, root: str) -> list[tuple[str, str]]:
        """Return (path, content hash) of every file of a root that is in use.

        The older version of an unreadable file counts as well.
        """
        rows = self._db.execute(
            "SELECT path, content_hash FROM sources WHERE root = ?1"
            " UNION SELECT s.path, d.content_hash FROM sources s"
            " JOIN documents d ON d.id = s.document_id WHERE s.root = ?1",
            (root,),
        )
        return [(row["path"], row["content_hash"]) for row in rows]

    def unplaced_roots(self, collection_id: str) -> frozenset[str]:
        """Return the roots that have no place on this machine yet."""
        rows = self._db.execute(
            "SELECT root FROM unplaced_roots WHERE collection_id = ?", (collection_id,)
        )
        return frozenset(row["root"] for row in rows)


class SourceChanges(SourceReads, Counted):
    """Writes the states of files. ``VersionChanges`` changes the documents that they show.

    Searches remember the chunks that pass filters, so every move of a file tells them.
    """

    def record_failure(self, collection_id: str, file: FileState) -> int | None:
        """Record that a file could not be read; its source still shows its old document.

        Returns:
            The document shown, if any.
        """
        shown = self.file_state(collection_id, file.source)
        kept = shown.document_id if shown else None
        self._record(collection_id, replace(file, document_id=kept))
        return kept

    def move_source(self, collection_id: str, old: Source, new: FileState) -> None:
        """Move a source to another place; its document stays as it is."""
        self.count_generation()
        self._db.execute(
            "UPDATE sources SET root = ?, path = ?, name_words = ?, size = ?, mtime_ns = ?,"
            " revision = ?, seen_at = ? WHERE collection_id = ? AND root = ? AND path = ?",
            (
                new.source.root,
                new.source.path,
                name_words(new.source.path),
                new.size,
                new.mtime_ns,
                new.revision,
                now(),
                collection_id,
                old.root,
                old.path,
            ),
        )

    def date_source(self, collection_id: str, source: Source, seen_at: str) -> None:
        """Set a source's time of recording, in place of that of its last change."""
        self._db.execute(
            "UPDATE sources SET seen_at = ? WHERE collection_id = ? AND root = ? AND path = ?",
            (seen_at, collection_id, source.root, source.path),
        )

    def adopt_root(self, collection_id: str, old: str, new: str, prefix: str) -> None:
        """Move all sources of root ``old`` to root ``new``, with ``prefix`` before their paths."""
        self.count_generation()
        self._db.execute(
            "UPDATE OR IGNORE sources SET root = ?, path = ? || path"
            " WHERE collection_id = ? AND root = ?",
            (new, prefix, collection_id, old),
        )

    def unplace_roots(self, collection_id: str, roots: Iterable[str]) -> None:
        """Record the roots named by an archive."""
        self._db.executemany(
            "INSERT OR IGNORE INTO unplaced_roots (collection_id, root) VALUES (?, ?)",
            [(collection_id, root) for root in roots],
        )

    def place_root(self, collection_id: str, root: str) -> None:
        """Record that a person has set the place of a root."""
        self._db.execute(
            "DELETE FROM unplaced_roots WHERE collection_id = ? AND root = ?",
            (collection_id, root),
        )

    def _forget(self, collection_id: str, source: Source) -> None:
        self.count_generation()
        self._db.execute(
            "DELETE FROM sources WHERE collection_id = ? AND root = ? AND path = ?",
            (collection_id, source.root, source.path),
        )

    def _record(self, collection_id: str, file: FileState) -> None:
        """Insert or replace the state of a source."""
        self._db.execute(
            "INSERT INTO sources (collection_id, root, path, name_words, document_id, size,"
            " mtime_ns, revision, content_hash, settings_hash, outcome, reason, reason_code,"
            " seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (collection_id, root, path) DO UPDATE SET"
            " document_id = excluded.document_id, size = excluded.size,"
            " mtime_ns = excluded.mtime_ns, revision = excluded.revision,"
            " content_hash = excluded.content_hash,"
            " settings_hash = excluded.settings_hash, outcome = excluded.outcome,"
            " reason = excluded.reason, reason_code = excluded.reason_code,"
            " seen_at = excluded.seen_at",
            (
                collection_id,
                file.source.root,
                file.source.path,
                name_words(file.source.path),
                file.document_id,
                file.size,
                file.mtime_ns,
                file.revision,
                file.content_hash,
                file.settings_hash,
                file.outcome,
                file.reason,
                file.reason_code,
                now(),
            ),
        )
