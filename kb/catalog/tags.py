"""Tags that people give to documents, in addition to the documents' own.

They belong to a document's file, so that its next version keeps them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from kb.catalog.base import Counted, Transaction
from kb.catalog.numbers import document_number
from kb.metadata import folded
from kb.records import Source


class TagReads(Transaction):
    """Reads the tags of files."""

    def tags_of_files(self, collection_id: str) -> dict[Source, tuple[str, ...]]:
        """Return the tags of each tagged file of a collection, in alphabetical order."""
        found: dict[Source, list[str]] = {}
        for row in self._db.execute(
            "SELECT s.root, s.path, t.tag FROM source_tags t JOIN sources s ON s.id = t.source_id"
            " WHERE s.collection_id = ? ORDER BY t.folded",
            (collection_id,),
        ):
            found.setdefault(Source(root=row["root"], path=row["path"]), []).append(row["tag"])
        return {source: tuple(given) for source, given in found.items()}

    def tags_of_documents(self, collection_id: str) -> dict[int, tuple[str, ...]]:
        """Return the tags of every tagged document of a collection."""
        rows = self._db.execute(
            "SELECT s.document_id, t.tag, t.folded"
            " FROM sources s JOIN source_tags t ON t.source_id = s.id"
            " WHERE s.collection_id = ? ORDER BY t.folded",
            (collection_id,),
        )
        return _by_document(rows)

    def tags_of(self, document_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Return the tags of the tagged ones of some documents."""
        rows = self._db.execute(
            "SELECT s.document_id, t.tag, t.folded FROM json_each(?) wanted"
            " CROSS JOIN sources s ON s.document_id = wanted.value"
            " JOIN source_tags t ON t.source_id = s.id ORDER BY t.folded",
            (json.dumps(list(document_ids)),),
        )
        return _by_document(rows)


class TagChanges(TagReads, Counted):
    """Adds and removes tags; tells searches, which remember the chunks that pass filters."""

    def tag_documents(
        self,
        document_ids: Sequence[int],
        *,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        collection_id: str | None = None,
    ) -> None:
        """Add tags to all files of these documents, and remove others, ignoring case.

        With ``collection_id``, documents of other collections are skipped.

        Raises:
            DocumentNotFoundError: an id is not a whole number.
        """
        self.count_generation()
        bound = (
            json.dumps([document_number(number) for number in document_ids]),
            collection_id,
            collection_id,
        )
        files = (
            "SELECT s.id FROM json_each(?) wanted CROSS JOIN sources s"
            " ON s.document_id = wanted.value AND (? IS NULL OR s.collection_id = ?)"
        )
        for tag in remove:
            self._db.execute(
                f"DELETE FROM source_tags WHERE folded = ? AND source_id IN ({files})",  # noqa: S608 - ours
                (folded(tag), *bound),
            )
        for tag in add:
            self._db.execute(
                "INSERT OR IGNORE INTO source_tags (source_id, tag, folded)"  # noqa: S608 - ours
                f" SELECT id, ?, ? FROM ({files})",
                (tag, folded(tag), *bound),
            )

    def tag_file(self, collection_id: str, source: Source, tags: Iterable[str]) -> None:
        """Add tags to one file."""
        self.count_generation()
        self._db.executemany(
            "INSERT OR IGNORE INTO source_tags (source_id, tag, folded)"
            " SELECT id, ?, ? FROM sources WHERE collection_id = ? AND root = ? AND path = ?",
            [(tag, folded(tag), collection_id, source.root, source.path) for tag in tags],
        )

    def carry_tags_over(self, old_id: str, new_id: str) -> None:
        """Copy tags from the files of one collection to the same files of another."""
        self.count_generation()
        self._db.execute(
            "INSERT OR IGNORE INTO source_tags (source_id, tag, folded)"
            " SELECT new.id, t.tag, t.folded"
            " FROM source_tags t JOIN sources old ON old.id = t.source_id"
            " JOIN sources new ON new.root = old.root AND new.path = old.path"
            " AND new.collection_id = ? WHERE old.collection_id = ?",
            (new_id, old_id),
        )


def _by_document(rows: Iterable[sqlite3.Row]) -> dict[int, tuple[str, ...]]:
    found: dict[int, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["document_id"], {}).setdefault(row["folded"], row["tag"])
    return {key: tuple(given.values()) for key, given in found.items()}
