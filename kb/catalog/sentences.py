"""Vectors of sentences in the catalog: stored ones for searches, and missing ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kb.catalog.base import Transaction
from kb.embedding.base import Vectors
from kb.prepared import KeyedChunk
from kb.sentences.packed import (
    ChunkSentences,
    SentenceTable,
    chunk_sentences,
    own_rows,
    sentence_table,
)

_STRAY = (
    "s.collection_id = ? AND NOT EXISTS (SELECT 1 FROM chunks k JOIN documents d"
    " ON d.id = k.document_id WHERE k.vector_key = s.vector_key"
    " AND d.collection_id = s.collection_id)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrefinedChunk(KeyedChunk):
    """A visible chunk beyond its document's count of refined chunks.

    ``known`` says that the sentences of an equal chunk already have vectors.
    """

    ordinal: int
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSentences:
    """Stored vectors for all chunks of one key and length: see :mod:`kb.sentences.packed`.

    An empty first span stands for the chunk's context: the title and headings before its embedded
    text.
    """

    key: bytes
    characters: int
    spans: bytes
    vectors: bytes


class SentenceReads(Transaction):
    """Reads vectors of sentences, by chunk."""

    def sentences_of(
        self, collection_id: str, chunk_ids: Sequence[int]
    ) -> dict[int, ChunkSentences]:
        """Return the vectors of chunks and of their sentences, by chunk id.

        Chunks without vectors of sentences are left out.
        """
        rows = self._db.execute(
            "SELECT k.id, s.spans, s.vectors FROM json_each(?1) AS wanted"
            " CROSS JOIN chunks k ON k.id = wanted.value"
            " CROSS JOIN sentence_vectors s ON s.collection_id = ?2"
            " AND s.vector_key = k.vector_key AND s.characters = k.end - k.start",
            (json.dumps(list(chunk_ids)), collection_id),
        )
        return {row[0]: chunk_sentences(row[1], row[2]) for row in rows}

    def scored_by(
        self, collection_id: str, chunk_ids: Sequence[int]
    ) -> tuple[dict[int, str], SentenceTable]:
        """Return the scoring data of chunks: the languages of all, and the vectors of most.

        Languages are ISO 639-1; empty if unknown. Invisible chunks are in neither result. Chunks
        without vectors of sentences are not in the table.
        """
        rows = self._db.execute(
            "SELECT k.id, k.language, length(s.spans) / 8, s.vectors FROM json_each(?1) AS wanted"
            " CROSS JOIN chunks k ON k.id = wanted.value"
            " CROSS JOIN documents d ON d.id = k.document_id AND d.state = 'active'"
            " AND +d.collection_id = ?2"
            " LEFT JOIN sentence_vectors s ON s.collection_id = ?2"
            " AND s.vector_key = k.vector_key AND s.characters = k.end - k.start",
            (json.dumps(list(chunk_ids)), collection_id),
        ).fetchall()
        languages = {row[0]: row[1] for row in rows}
        table = sentence_table((row[0], row[2], row[3]) for row in rows if row[3] is not None)
        return languages, table

    def own_vectors(self, collection_id: str, chunk_ids: Sequence[int]) -> Vectors:
        """Return the chunks' own vectors: float32, shape (n, dim), in ascending order of the ids.

        There are fewer rows than chunks where some have none yet.
        """
        rows = self._db.execute(
            # The scale and the numbers of each vector: the stored bytes begin with all scales.
            "SELECT substr(s.vectors, 1, 4),"
            " substr(s.vectors, 5 + length(s.spans) / 2,"
            " length(s.vectors) / (1 + length(s.spans) / 8) - 4)"
            " FROM json_each(?1) AS wanted CROSS JOIN chunks k ON k.id = wanted.value"
            " CROSS JOIN sentence_vectors s ON s.collection_id = ?2"
            " AND s.vector_key = k.vector_key AND s.characters = k.end - k.start"
            " ORDER BY k.id",
            (json.dumps(sorted(chunk_ids)), collection_id),
        ).fetchall()
        return own_rows([(row[0], row[1]) for row in rows])

    def has_unrefined(self, collection_id: str) -> bool:
        """Return whether any sentences of a collection still lack vectors."""
        row = self._db.execute(
            "SELECT 1 FROM documents INDEXED BY documents_unrefined WHERE collection_id = ?"
            " AND state = 'active' AND refined < chunk_count LIMIT 1",
            (collection_id,),
        ).fetchone()
        return row is not None

    def has_dropped_sentences(self) -> bool:
        """Return whether any vectors of deleted collections remain."""
        return self._db.execute("SELECT 1 FROM dropped_sentences").fetchone() is not None

    def chunks_to_refine(
        self, collection_id: str, *, at_most: int, without: Sequence[int] = ()
    ) -> list[UnrefinedChunk]:
        """Return chunks whose sentences have no vectors yet, those of the newest documents first.

        Args:
            collection_id: id of the collection.
            at_most: highest number of chunks.
            without: documents to skip.
        """
        rows = self._db.execute(
            "SELECT k.id, k.document_id, k.ordinal, k.vector_key AS key, k.text, k.header,"
            " d.title, k.heading_path, EXISTS (SELECT 1 FROM sentence_vectors s"
            " WHERE s.collection_id = d.collection_id AND s.vector_key = k.vector_key"
            " AND s.characters = k.end - k.start) AS known"
            " FROM documents d INDEXED BY documents_unrefined"
            " CROSS JOIN chunks k ON k.document_id = d.id AND k.ordinal >= d.refined"
            " WHERE d.collection_id = ? AND d.state = 'active' AND d.refined < d.chunk_count"
            " AND d.id NOT IN (SELECT value FROM json_each(?))"
            " ORDER BY d.id DESC, k.ordinal LIMIT ?",
            (collection_id, json.dumps(list(without)), at_most),
        )
        return [
            UnrefinedChunk(
                **{
                    **dict(row),
                    "heading_path": tuple(json.loads(row["heading_path"])),
                    "known": bool(row["known"]),
                }
            )
            for row in rows
        ]

    def unsound_sentences(self, collection_id: str, dim: int) -> tuple[int, ...]:
        """Return the chunks that count as refined but have missing or truncated vectors."""
        rows = self._db.execute(
            "SELECT k.id FROM documents d"
            " JOIN chunks k ON k.document_id = d.id AND k.ordinal < d.refined"
            " LEFT JOIN sentence_vectors s ON s.collection_id = d.collection_id"
            " AND s.vector_key = k.vector_key AND s.characters = k.end - k.start"
            " WHERE d.collection_id = ?1 AND d.state = 'active' AND (s.rowid IS NULL"
            " OR length(s.vectors) <> (1 + length(s.spans) / 8) * (?2 + 4)) ORDER BY k.id",
            (collection_id, dim),
        )
        return tuple(row["id"] for row in rows)

    def stray_sentences(self, collection_id: str) -> int:
        """Count the rows without a chunk in their collection."""
        row = self._db.execute(
            f"SELECT count(*) AS n FROM sentence_vectors s WHERE {_STRAY}",  # noqa: S608 - ours
            (collection_id,),
        ).fetchone()
        return int(row["n"])

    def stored_sentences(self, document_id: int) -> dict[int, StoredSentences]:
        """Return the stored vectors of a document's chunks, by ordinal."""
        rows = self._db.execute(
            "SELECT k.ordinal, s.vector_key AS key, s.characters, s.spans, s.vectors"
            " FROM documents d JOIN chunks k ON k.document_id = d.id"
            " JOIN sentence_vectors s ON s.collection_id = d.collection_id"
            " AND s.vector_key = k.vector_key AND s.characters = k.end - k.start"
            " WHERE d.id = ? ORDER BY k.ordinal",
            (document_id,),
        )
        return {
            row["ordinal"]: StoredSentences(
                key=row["key"],
                characters=row["characters"],
                spans=row["spans"],
                vectors=row["vectors"],
            )
            for row in rows
        }


class SentenceChanges(SentenceReads):
    """Writes and deletes vectors of sentences."""

    def put_sentences(self, collection_id: str, rows: Iterable[StoredSentences]) -> None:
        """Store vectors of sentences, except for chunks that are gone meanwhile."""
        self._db.executemany(
            "INSERT INTO sentence_vectors (collection_id, vector_key, characters, spans, vectors)"
            " SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM chunks k JOIN documents d"
            " ON d.id = k.document_id WHERE k.vector_key = ?2 AND d.collection_id = ?1)"
            " ON CONFLICT DO NOTHING",
            ((collection_id, row.key, row.characters, row.spans, row.vectors) for row in rows),
        )

    def note_refined(self, reached: Mapping[int, int]) -> None:
        """Record how many first chunks of each document have vectors of their sentences."""
        self._db.executemany(
            "UPDATE documents SET refined = min(?2, chunk_count) WHERE id = ?1 AND refined < ?2",
            reached.items(),
        )

    def mend_sentences(self, collection_id: str, unsound: Sequence[int]) -> None:
        """Mark the vectors of chunks for computation, and delete those without a chunk."""
        wanted = json.dumps(list(unsound))
        self._db.execute(
            "DELETE FROM sentence_vectors WHERE rowid IN (SELECT s.rowid FROM json_each(?1) AS bad"
            " CROSS JOIN chunks k ON k.id = bad.value JOIN sentence_vectors s"
            " ON s.collection_id = ?2 AND s.vector_key = k.vector_key)",
            (wanted, collection_id),
        )
        self._db.execute(
            "UPDATE documents SET refined = found.first FROM (SELECT k.document_id,"
            " min(k.ordinal) AS first FROM json_each(?) AS bad CROSS JOIN chunks k"
            " ON k.id = bad.value GROUP BY k.document_id) AS found"
            " WHERE documents.id = found.document_id AND refined > found.first",
            (wanted,),
        )
        self._db.execute(
            "DELETE FROM sentence_vectors WHERE rowid IN (SELECT s.rowid"  # noqa: S608 - ours
            f" FROM sentence_vectors s WHERE {_STRAY})",
            (collection_id,),
        )

    def want_refinement(self, collection_id: str) -> bool:
        """Request that a collection be refined between jobs; return False if nothing is missing."""
        wanted = self.has_unrefined(collection_id)
        if wanted:
            self._db.execute(
                "INSERT INTO wanted_sentences VALUES (?) ON CONFLICT DO NOTHING", (collection_id,)
            )
        return wanted

    def forget_refinement(self, collection_id: str) -> None:
        """Cancel the refinement of a collection between jobs."""
        self._db.execute("DELETE FROM wanted_sentences WHERE collection_id = ?", (collection_id,))

    def delete_dropped_sentences(self, *, at_most: int) -> int:
        """Delete some vectors of deleted collections; return the number of rows."""
        deleted = self._db.execute(
            "DELETE FROM sentence_vectors WHERE rowid IN (SELECT s.rowid FROM dropped_sentences x"
            " JOIN sentence_vectors s ON s.collection_id = x.collection_id LIMIT ?)",
            (at_most,),
        ).rowcount
        if not deleted:
            deleted = self._db.execute("DELETE FROM dropped_sentences").rowcount
        return deleted

    def _keys_of(self, chunk_ids: Sequence[int]) -> list[tuple[str, bytes]]:
        """Return (collection id, key) of chunks."""
        rows = self._db.execute(
            "SELECT DISTINCT d.collection_id, k.vector_key FROM json_each(?) AS wanted"
            " CROSS JOIN chunks k ON k.id = wanted.value JOIN documents d ON d.id = k.document_id",
            (json.dumps(list(chunk_ids)),),
        )
        return [(row["collection_id"], row["vector_key"]) for row in rows]

    def _forget_sentences(self, keys: Iterable[tuple[str, bytes]]) -> None:
        """Delete the vectors of keys that no chunk of their collection has any more."""
        self._db.executemany(
            "DELETE FROM sentence_vectors WHERE collection_id = ?1 AND vector_key = ?2"
            " AND NOT EXISTS (SELECT 1 FROM chunks k JOIN documents d ON d.id = k.document_id"
            " WHERE k.vector_key = ?2 AND d.collection_id = ?1)",
            keys,
        )
