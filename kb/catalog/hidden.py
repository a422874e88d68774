"""What no search may see: old versions, what a crash left behind, and descriptions out of date.

Triggers of the catalog note the documents whose first file has another name now than is stored
beside their vectors; their chunks are described anew a few at a time. Documents of a release that
described less are noted too (-1), but wait until somebody asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.catalog.base import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenChunk:
    """A chunk of a document that no search may see, or such a document without a chunk."""

    collection_id: str
    document_id: int
    chunk_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleChunk:
    """A visible chunk beside whose vector another file is named than its document's first."""

    collection_id: str
    document_id: int
    chunk_id: int
    ordinal: int


class HiddenReads(Transaction):
    """What is left to be done after a change."""

    def has_leftovers(self) -> bool:
        """Say whether anything waits to be removed or to be described anew."""
        row = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM dropped_vectors)"
            " OR EXISTS (SELECT 1 FROM stale_descriptions WHERE described >= 0)"
            " OR EXISTS (SELECT 1 FROM documents WHERE state <> 'active') AS found"
        ).fetchone()
        return bool(row["found"])

    def hidden_chunks(self, *, pending: bool = True, at_most: int) -> list[HiddenChunk]:
        """Return chunks of documents that no search may see, document by document.

        A document without chunks is given with None. Without ``pending``, only of those documents
        that were visible once.
        """
        rows = self._db.execute(
            "SELECT d.collection_id, d.id AS document_id, k.id AS chunk_id"
            " FROM documents d LEFT JOIN chunks k ON k.document_id = d.id"
            " WHERE d.state <> 'active' AND (? OR d.state = 'retired') ORDER BY d.id LIMIT ?",
            (pending, at_most),
        )
        return [HiddenChunk(**dict(row)) for row in rows]

    def hidden_count(self) -> int:
        """Count the documents that no search may see."""
        row = self._db.execute(
            "SELECT count(*) AS n FROM documents WHERE state <> 'active'"
        ).fetchone()
        return int(row["n"])

    def has_stale_descriptions(self) -> bool:
        """Say whether there is anything to describe anew."""
        found = self._db.execute("SELECT 1 FROM stale_descriptions WHERE described >= 0").fetchone()
        return found is not None

    def stale_chunks(self, *, at_most: int) -> list[StaleChunk]:
        """Return chunks to describe anew, document by document, in their order."""
        rows = self._db.execute(
            "SELECT d.collection_id, s.document_id, k.id AS chunk_id, k.ordinal"
            " FROM stale_descriptions s"
            " JOIN documents d ON d.id = s.document_id AND d.state = 'active' AND s.described >= 0"
            " JOIN chunks k ON k.document_id = s.document_id AND k.ordinal >= s.described"
            " ORDER BY s.document_id, k.ordinal LIMIT ?",
            (at_most,),
        )
        return [StaleChunk(**dict(row)) for row in rows]


class HiddenChanges(HiddenReads):
    """What was left, done."""

    def delete_hidden(self, hidden: Sequence[HiddenChunk]) -> int:
        """Delete chunks, and their documents once they have none left; return the rows deleted."""
        chunk_ids = [each.chunk_id for each in hidden if each.chunk_id is not None]
        document_ids = list(dict.fromkeys(each.document_id for each in hidden))
        self._db.execute(
            "DELETE FROM chunks WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(chunk_ids),),
        )
        deleted = self._db.execute(
            "DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))"
            " AND NOT EXISTS (SELECT 1 FROM chunks k WHERE k.document_id = documents.id)",
            (json.dumps(document_ids),),
        )
        return len(chunk_ids) + deleted.rowcount

    def ask_for_descriptions(self) -> int:
        """Have the chunks of documents of earlier releases described; return how many these are."""
        asked = self._db.execute("UPDATE stale_descriptions SET described = 0 WHERE described < 0")
        return asked.rowcount

    def note_described(self, reached: Mapping[int, int]) -> int:
        """Note how many chunks of documents are described; return how many documents are done."""
        self._db.execute(
            "UPDATE stale_descriptions SET described = reached.value"
            " FROM json_each(?) AS reached WHERE document_id = CAST(reached.key AS INTEGER)",
            (json.dumps(reached),),
        )
        done = self._db.execute(
            "DELETE FROM stale_descriptions WHERE NOT EXISTS (SELECT 1 FROM documents d"
            " JOIN chunks k ON k.document_id = d.id WHERE d.id = stale_descriptions.document_id"
            " AND d.state = 'active' AND k.ordinal >= stale_descriptions.described)"
        )
        return done.rowcount
