"""The keyword index over chunks, one for each collection: adding, removing, matching.

Each collection has an FTS5 table of its own. So a term's rarity is that in the collection, and a
search of a small collection never reads the postings of a large one. The tables store no text
(``content=''``), only the index. For a chunk with its header row they have the ``terms`` in order,
their other ``forms`` and their ``stems``, and all three of its ``context`` (title and heading
path). FTS5's bm25() fixes k1 = 1.2 and b = 0.75. Compared with 0.9 and 0.4 this gained 0.025
nDCG@10 on code and lost at most 0.004 elsewhere.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from kb.catalog.base import Transaction
from kb.records import with_header
from kb.words import terms
from kb.words.terms import IndexText, index_text

_log = logging.getLogger(__name__)

# A word in a title or heading says less about a chunk than a word in its text.
CONTEXT_WEIGHT = 0.5
# Another form of a word says less than the form that was typed: docs/ranking.md has the table.
STEM_WEIGHT = 0.3
_WEIGHTS = f"1.0, 1.0, {STEM_WEIGHT}, {CONTEXT_WEIGHT}"
_COLUMNS = "terms, forms, stems, context"

# Merging takes 8 µs a chunk: for this number up to 30 ms, after every eighth commit.
_SMALL_CHUNKS, _MOST_PARTS = 4_000, 8

Ranking = list[tuple[int, float]]
"""(chunk id, BM25 score), best first."""


class KeywordReads(Transaction):
    """Finds chunks by words. ``kb.search`` makes the FTS5 expressions."""

    def term_frequencies(self, collection_id: str, tokens: Iterable[str]) -> dict[str, int]:
        """Return the number of chunks with each token, without tokens that occur nowhere."""
        table = _table(collection_id)
        # fts5vocab knows the same numbers, and takes twice as long to count them.
        count = f"SELECT count(*) FROM {table} WHERE {table} MATCH ?"  # noqa: S608 - the id is ours
        counted = ((token, self._db.execute(count, (f'"{token}"',)).fetchone()) for token in tokens)
        return {token: int(number) for token, (number,) in counted if number}

    def most_frequent(self, collection_id: str, tokens: Sequence[str], limit: int) -> list[str]:
        """Return up to ``limit`` of ``tokens`` that occur in chunks, the most frequent first."""
        vocabulary = _vocabulary(collection_id)
        rows = self._db.execute(
            f"SELECT v.term FROM json_each(?) wanted CROSS JOIN {vocabulary} v"  # noqa: S608
            " ON v.term = wanted.value ORDER BY v.doc DESC, v.term LIMIT ?",
            (json.dumps(tokens), limit),
        )
        return [row[0] for row in rows]

    def best_by_words(self, collection_id: str, expression: str, limit: int) -> Ranking:
        """Return up to ``limit`` (chunk id, BM25 score) that match, best first."""
        table = _table(collection_id)
        # FTS5's own ``rank`` sorts all rows before the limit, and takes half as long again.
        rows = self._db.execute(
            f"SELECT rowid, -bm25({table}, {_WEIGHTS}) AS score FROM {table}"  # noqa: S608
            f" WHERE {table} MATCH ? ORDER BY score DESC, rowid LIMIT ?",
            (expression, limit),
        )
        return [(row["rowid"], row["score"]) for row in rows]

    def best_by_words_among(
        self, collection_id: str, expression: str, ids: Sequence[int], limit: int
    ) -> Ranking:
        """Do as :meth:`best_by_words`, but only among the chunks ``ids``."""
        table = _table(collection_id)
        # bm25() is computed only for passing rows; ``rank`` would be for all.
        rows = self._db.execute(
            f"SELECT rowid, -bm25({table}, {_WEIGHTS}) AS score FROM {table}"  # noqa: S608
            f" WHERE {table} MATCH ? AND +rowid IN (SELECT value FROM json_each(?))"
            " ORDER BY score DESC, rowid LIMIT ?",
            (expression, json.dumps(list(ids)), limit),
        )
        return [(row["rowid"], row["score"]) for row in rows]

    def ids_with_words(self, collection_id: str, expression: str) -> npt.NDArray[np.int64]:
        """Return the ids of all chunks that match, in ascending order."""
        table = _table(collection_id)
        # As one text: one row for each would take five times as long.
        row = self._db.execute(
            f"SELECT group_concat(rowid) FROM {table} WHERE {table} MATCH ?",  # noqa: S608
            (expression,),
        ).fetchone()
        return np.fromstring(row[0] or "", np.int64, sep=",")

    def chunks_with_words(self, collection_id: str, expression: str) -> set[int]:
        """Return the ids of all chunks that match."""
        return set(self.ids_with_words(collection_id, expression).tolist())

    def indexed_chunk_ids(self, collection_id: str) -> set[int]:
        """Return the ids of all chunks in the index of a collection."""
        # Each FTS5 table keeps the lengths of its rows in a table whose key is the rowid.
        lengths = _quoted(f"chunk_index_{collection_id}_docsize")
        return {row["id"] for row in self._db.execute(f"SELECT id FROM {lengths}")}  # noqa: S608

    def has_current_terms(self) -> bool:
        """Return whether the indexes contain the terms of this installation.

        Catalogs from before the terms were recorded are rebuilt by their migration.
        """
        known = self._db.execute(
            "SELECT 1 FROM sqlite_schema WHERE name = 'keyword_index'"
        ).fetchone()
        if known is None:
            return True
        (analysis,) = self._db.execute("SELECT analysis FROM keyword_index").fetchone()
        return bool(analysis == terms.analysis())

    def _keyword_items(self, condition: str, value: object) -> Iterator[tuple[int, IndexText, str]]:
        rows = self._db.execute(
            "SELECT k.id, k.text, k.header, k.heading_path, d.title, d.language FROM chunks k"  # noqa: S608 - ours
            f" JOIN documents d ON d.id = k.document_id WHERE {condition}",
            (value,),
        )
        for row in rows:
            context = context_text(row["title"], json.loads(row["heading_path"]), row["language"])
            text = with_header(row["header"], row["text"])
            yield row["id"], index_text(text, row["language"]), context


class KeywordChanges(KeywordReads):
    """Keeps the index in step with the chunks."""

    def create_keyword_index(self, collection_id: str) -> None:
        """Create the index of a new collection."""
        # The ascii tokenizer takes every non-ASCII character for a letter. kb.words.terms decides
        # what a term is, and unicode61 does not know recent characters.
        self._db.execute(
            f"CREATE VIRTUAL TABLE {_table(collection_id)} USING fts5"
            f""" ({_COLUMNS}, content='', tokenize="ascii tokenchars '_'")"""
        )
        self._db.execute(
            f"CREATE VIRTUAL TABLE {_vocabulary(collection_id)}"
            f" USING fts5vocab ({_table(collection_id)}, 'row')"
        )

    def drop_keyword_index(self, collection_id: str) -> None:
        """Delete the index of a collection."""
        self._db.execute(f"DROP TABLE IF EXISTS {_vocabulary(collection_id)}")
        self._db.execute(f"DROP TABLE IF EXISTS {_table(collection_id)}")

    def index_words(self, collection_id: str, items: Iterable[tuple[int, IndexText, str]]) -> None:
        """Index chunks, given as (chunk id, index text, context text)."""
        self._db.executemany(
            f"INSERT INTO {_table(collection_id)} (rowid, {_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
            ((chunk_id, *text, context) for chunk_id, text, context in items),
        )

    def forget_words(self, collection_id: str, document_id: int) -> None:
        """Remove a document's chunks.

        Call it before their rows go, because the index has no text.
        """
        table = _table(collection_id)
        self._db.executemany(
            f"INSERT INTO {table} ({table}, rowid, {_COLUMNS}) VALUES ('delete', ?, ?, ?, ?, ?)",  # noqa: S608
            [
                (key, *text, context)
                for key, text, context in self._keyword_items("k.document_id = ?", document_id)
            ],
        )

    def rebuild_keyword_index(self, collection_id: str) -> None:
        """Rebuild the index from the chunks, after a change of the indexed text."""
        self.drop_keyword_index(collection_id)
        self.create_keyword_index(collection_id)
        found = self._keyword_items("d.collection_id = ? AND d.state = 'active'", collection_id)
        self.index_words(collection_id, found)

    def renew_terms(self) -> None:
        """Rebuild every index that contains other terms than those of this installation."""
        if self.has_current_terms():  # another process has done it meanwhile
            return
        for key, chunks in self._db.execute("SELECT id, chunk_count FROM collections").fetchall():
            _log.info("making the keyword index of %d chunks again", chunks)
            self.rebuild_keyword_index(key)
        self._db.execute("UPDATE keyword_index SET analysis = ?", (terms.analysis(),))

    def merge_small_keyword_index(self, collection_id: str) -> None:
        """Merge the parts of an index into one if they are many and small.

        A query looks up each term in each part. FTS5 merges some parts by itself.
        """
        row = self._db.execute(
            "SELECT chunk_count FROM collections WHERE id = ?", (collection_id,)
        ).fetchone()
        if row["chunk_count"] > _SMALL_CHUNKS:
            return
        places = _quoted(f"chunk_index_{collection_id}_idx")
        (parts,) = self._db.execute(
            f"SELECT count(DISTINCT segid) FROM {places}"  # noqa: S608
        ).fetchone()
        if parts >= _MOST_PARTS:
            self._merge(collection_id)

    def merge_keyword_indexes(self) -> None:
        """Merge the parts of every index into one, so that removed data leaves the file."""
        for row in self._db.execute("SELECT id FROM collections").fetchall():
            self._merge(row["id"])

    def _merge(self, collection_id: str) -> None:
        table = _table(collection_id)
        self._db.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608


def context_text(title: str, heading_path: Sequence[str], language: str) -> str:
    """Return the index text for a chunk's context."""
    # The first heading often repeats the title.
    return _context("\n".join(dict.fromkeys((title, *heading_path))), language)


@lru_cache(maxsize=256)  # the chunks of a section have the same context
def _context(text: str, language: str) -> str:
    return " ".join(index_text(text, language))


def _table(collection_id: str) -> str:
    return _quoted(f"chunk_index_{collection_id}")


def _vocabulary(collection_id: str) -> str:
    return _quoted(f"chunk_vocabulary_{collection_id}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
