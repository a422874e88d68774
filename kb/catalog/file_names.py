"""Files by the words of their names.

The index is an FTS5 table with the rows of ``sources``. Triggers keep it in step with
``sources.name_words``, which is written whenever a file gets a name.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from kb.catalog.base import Transaction
from kb.words.file_names import name_words

# Files whose words a check computes again, at 0.1 ms each.
_MOST_MADE_AGAIN = 10_000


class FileNameReads(Transaction):
    """Finds files by name."""

    def named_with(
        self, collection_id: str, expression: str, at_most: int
    ) -> list[tuple[int, str]]:
        """Return (document id, path) of up to ``at_most`` files whose names match, in any order.

        :mod:`kb.words.file_names` makes the FTS5 expression.
        """
        rows = self._db.execute(
            "SELECT s.document_id, s.path FROM source_names n CROSS JOIN sources s"
            " ON s.id = n.rowid WHERE n.source_names MATCH ? AND s.collection_id = ?"
            " AND s.document_id IS NOT NULL LIMIT ?",
            (expression, collection_id, at_most),
        )
        return [(row[0], row[1]) for row in rows]

    def count_wrong_names(self) -> int:
        """Count the files that are wrong or missing in the index, and its rows without a file.

        It compares the index with the stored words of all files, and these words with the names of
        up to ten thousand files, spread over all.
        """
        indexed = self._indexed_names()
        (files,) = self._db.execute("SELECT count(*) FROM sources").fetchone()
        step = max(1, -(-files // _MOST_MADE_AGAIN))
        wrong = 0
        rows = self._db.execute("SELECT id, path, name_words FROM sources")
        for place, (key, path, words) in enumerate(rows):
            right = (words and place % step) or words == name_words(path)
            if indexed.pop(key, 0) != sum(map(hash, words.split())) or not right:
                wrong += 1
        return wrong + len(indexed)

    def _indexed_names(self) -> Counter[int]:
        """Return a hash sum of each row's words; the index does not store them by row.

        For a damaged index the sums cover only the words before the damage.
        """
        sums = Counter[int]()
        self._db.execute(
            "CREATE VIRTUAL TABLE temp.words_of_names USING fts5vocab(main, source_names, instance)"
        )
        try:
            with _damage_ends_it():
                for word, key in self._db.execute("SELECT term, doc FROM temp.words_of_names"):
                    sums[key] += hash(word)
        finally:
            self._db.execute("DROP TABLE temp.words_of_names")
        return sums


class FileNameChanges(FileNameReads):
    """Rebuilds or shrinks the index."""

    def renew_names(self) -> None:
        """Rebuild the index with the words that this installation makes of names."""
        self._db.create_function("words_of_name", 1, name_words, deterministic=True)
        # The trigger would delete words that the index may lack, which FTS5 reports as damage.
        trigger = self._db.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'source_name_changed'"
        ).fetchone()
        self._db.execute("DROP TRIGGER source_name_changed")
        self._db.execute("UPDATE sources SET name_words = words_of_name(path)")
        self._db.execute(trigger["sql"])
        self._db.execute("INSERT INTO source_names (source_names) VALUES ('delete-all')")
        self._db.execute(
            "INSERT INTO source_names (rowid, words) SELECT id, name_words FROM sources"
            " WHERE name_words <> ''"
        )

    def merge_names(self) -> None:
        """Merge the parts of the index into one, so that deleted names leave the file."""
        self._db.execute("INSERT INTO source_names (source_names) VALUES ('optimize')")


@contextmanager
def _damage_ends_it() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
