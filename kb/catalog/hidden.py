"""Invisible data: old versions, leftovers of crashes, and outdated vector metadata.

The metadata of a vector contains the name of its document's first file. Triggers record the
documents whose first file has been renamed; the metadata of their chunks is then updated, a few at
a time. Documents of a release with less metadata are also recorded (-1), but wait until somebody
requests the update.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.catalog.base import Transaction
from kb.catalog.sentences import SentenceChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenChunk:
    """A chunk of an invisible document, or such a document without a chunk."""

    collection_id: str
    document_id: int
    chunk_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleChunk:
    """A visible chunk whose vector metadata names an outdated file."""

    collection_id: str
    document_id: int
    chunk_id: int
    ordinal: int


class HiddenReads(Transaction):
    """Reads the work that changes leave."""

    def has_leftovers(self) -> bool:
        """Return whether data must be removed or vector metadata be updated."""
        row = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM dropped_vectors)"
            " OR EXISTS (SELECT 1 FROM stale_descriptions WHERE described >= 0)"
            " OR EXISTS (SELECT 1 FROM dropped_sentences)"
            " OR EXISTS (SELECT 1 FROM documents WHERE state <> 'active') AS found"
        ).fetchone()
        return bool(row["found"])

    def hidden_chunks(self, *, pending: bool = True, at_most: int) -> list[HiddenChunk]:
        """Return chunks of invisible documents, document by document.

        The chunk is None for a document without chunks. Without ``pending``, only documents that
        were once visible are included.
        """
        rows = self._db.execute(
            "SELECT d.collection_id, d.id AS document_id, k.id AS chunk_id"
            " FROM documents d LEFT JOIN chunks k ON k.document_id = d.id"
            " WHERE d.state <> 'active' AND (? OR d.state = 'retired') ORDER BY d.id LIMIT ?",
            (pending, at_most),
        )
        return [HiddenChunk(**dict(row)) for row in rows]

    def hidden_count(self) -> int:
        """Count the invisible documents."""
        row = self._db.execute(
            "SELECT count(*) AS n FROM documents WHERE state <> 'active'"
        ).fetchone()
        return int(row["n"])

    def has_stale_descriptions(self) -> bool:
        """Return whether any vector metadata must be updated."""
        found = self._db.execute("SELECT 1 FROM stale_descriptions WHERE described >= 0").fetchone()
        return found is not None

    def stale_chunks(self, *, at_most: int) -> list[StaleChunk]:
        """Return chunks with outdated vector metadata, document by document, in their order."""
        rows = self._db.execute(
            "SELECT d.collection_id, s.document_id, k.id AS chunk_id, k.ordinal"
            " FROM stale_descriptions s"
            " JOIN documents d ON d.id = s.document_id AND d.state = 'active' AND s.described >= 0"
            " JOIN chunks k ON k.document_id = s.document_id AND k.ordinal >= s.described"
            " ORDER BY s.document_id, k.ordinal LIMIT ?",
            (at_most,),
        )
        return [StaleChunk(**dict(row)) for row in rows]


class HiddenChanges(HiddenReads, SentenceChanges):
    """Records that such work is done."""

    def delete_hidden(self, hidden: Sequence[HiddenChunk]) -> int:
        """Delete chunks, and their documents after the last chunk; return the number of rows."""
        chunk_ids = [each.chunk_id for each in hidden if each.chunk_id is not None]
        document_ids = list(dict.fromkeys(each.document_id for each in hidden))
        keys = self._keys_of(chunk_ids)
        self._db.execute(
            "DELETE FROM chunks WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(chunk_ids),),
        )
        self._forget_sentences(keys)
        deleted = self._db.execute(
            "DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))"
            " AND NOT EXISTS (SELECT 1 FROM chunks k WHERE k.document_id = documents.id)",
            (json.dumps(document_ids),),
        )
        return len(chunk_ids) + deleted.rowcount

    def ask_for_descriptions(self) -> int:
        """Request new metadata for documents of earlier releases; return their number."""
        asked = self._db.execute("UPDATE stale_descriptions SET described = 0 WHERE described < 0")
        return asked.rowcount

    def note_described(self, reached: Mapping[int, int]) -> int:
        """Record the updated chunks of documents; return the number of finished documents.

        Without chunks, forget all documents that have nothing left to update.
        """
        self._db.execute(
            "UPDATE stale_descriptions SET described = reached.value"
            " FROM json_each(?) AS reached WHERE document_id = CAST(reached.key AS INTEGER)",
            (json.dumps(reached),),
        )
        # After a move all documents wait: a call that looked at each would take ever longer.
        those = "document_id IN (SELECT CAST(key AS INTEGER) FROM json_each(:reached)) AND"
        done = self._db.execute(
            f"DELETE FROM stale_descriptions WHERE {those if reached else ''}"  # noqa: S608 - ours
            " NOT EXISTS (SELECT 1 FROM documents d"
            " JOIN chunks k ON k.document_id = d.id WHERE d.id = stale_descriptions.document_id"
            " AND d.state = 'active' AND k.ordinal >= stale_descriptions.described)",
            {"reached": json.dumps(reached)},
        )
        return done.rowcount
