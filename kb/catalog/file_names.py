"""Files by the words of their names.

The index is an FTS5 table of all files, whose rows are those of ``sources``. Triggers keep it in
step with ``sources.name_words``, which is written wherever a file gets a name.
"""

from __future__ import annotations

from kb.catalog.base import Transaction
from kb.words.file_names import name_words


class FileNameReads(Transaction):
    """Files by name."""

    def named_with(
        self, collection_id: str, expression: str, at_most: int
    ) -> list[tuple[int, str]]:
        """Return (document id, path) of up to ``at_most`` files whose names match, in any order.

        The expression is FTS5's, made by :mod:`kb.words.file_names`.
        """
        rows = self._db.execute(
            "SELECT s.document_id, s.path FROM source_names n CROSS JOIN sources s"
            " ON s.id = n.rowid WHERE n.source_names MATCH ? AND s.collection_id = ?"
            " AND s.document_id IS NOT NULL LIMIT ?",
            (expression, collection_id, at_most),
        )
        return [(row[0], row[1]) for row in rows]


class FileNameChanges(FileNameReads):
    """The index made anew, or smaller."""

    def renew_names(self) -> None:
        """Index the names of all files with the words that this installation makes."""
        self._db.create_function("words_of_name", 1, name_words, deterministic=True)
        self._db.execute("UPDATE sources SET name_words = words_of_name(path)")

    def merge_names(self) -> None:
        """Merge the parts of the index into one: names that are gone leave the file."""
        self._db.execute("INSERT INTO source_names (source_names) VALUES ('optimize')")
