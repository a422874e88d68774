"""Language means in the catalog: sums of each collection, and means of models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from kb.catalog.base import Transaction
from kb.embedding.base import Vectors
from kb.languages.neutral import ChunkSum
from kb.languages.trial import RecallFigures, Trial

_Row = npt.NDArray[np.floating]

_MEAN = np.dtype("<f2")
_TOTAL = np.dtype("<f8")
_MADE = np.dtype("<f4")


class LanguageMeanReads(Transaction):
    """Reads sums of vectors, by collection and language."""

    def chunk_sums(self, collection_id: str) -> dict[str, ChunkSum]:
        """Return the sums of a collection's visible chunks by language; "" for unknown."""
        rows = self._db.execute(
            "SELECT language, chunks, total FROM language_sums WHERE collection_id = ?",
            (collection_id,),
        )
        return {
            row["language"]: ChunkSum(
                count=row["chunks"], total=np.frombuffer(row["total"], _TOTAL)
            )
            for row in rows
        }

    def is_counted(self, collection_id: str) -> bool:
        """Return whether the sums contain all visible chunks of a collection."""
        row = self._db.execute(
            "SELECT chunk_count = (SELECT coalesce(sum(chunks), 0) FROM language_sums"
            " WHERE collection_id = c.id) AS counted FROM collections c WHERE id = ?",
            (collection_id,),
        ).fetchone()
        return row is None or bool(row["counted"])

    def uncounted_documents(self, collection_id: str, *, above: int, at_most: int) -> list[int]:
        """Return visible documents missing in the sums, with ids above ``above``, in order."""
        rows = self._db.execute(
            "SELECT id FROM documents d WHERE collection_id = ? AND state = 'active' AND id > ?"
            " AND chunk_count > 0 AND NOT EXISTS"
            " (SELECT 1 FROM document_means m WHERE m.document_id = d.id) ORDER BY id LIMIT ?",
            (collection_id, above, at_most),
        )
        return [row["id"] for row in rows]

    def is_uncounted(self, document_id: int) -> bool:
        """Return whether a document is visible and missing in the sums."""
        row = self._db.execute(
            "SELECT 1 FROM documents d WHERE id = ? AND state = 'active' AND NOT EXISTS"
            " (SELECT 1 FROM document_means m WHERE m.document_id = d.id)",
            (document_id,),
        ).fetchone()
        return row is not None

    def chunk_languages(self, document_id: int) -> dict[int, str]:
        """Return the language of each chunk of a document, by chunk id, in order."""
        rows = self._db.execute(
            "SELECT id, language FROM chunks WHERE document_id = ? ORDER BY ordinal",
            (document_id,),
        )
        return {row["id"]: row["language"] for row in rows}

    def model_means(self, fingerprint: str) -> dict[str, Trial]:
        """Return the means computed here for a model, by language, used or not."""
        rows = self._db.execute("SELECT * FROM model_means WHERE fingerprint = ?", (fingerprint,))
        return {
            row["language"]: Trial(
                language=row["language"],
                query=np.frombuffer(row["query"], _MADE),
                passage=np.frombuffer(row["passage"], _MADE),
                figures=RecallFigures(**json.loads(row["figures"])),
            )
            for row in rows
        }


class LanguageMeanChanges(LanguageMeanReads):
    """Keeps the sums in step with the visible documents."""

    def count_document(
        self, collection_id: str, document_id: int, languages: Sequence[str], vectors: Vectors
    ) -> None:
        """Add the vectors of a document's chunks to its collection's sums.

        Args:
            collection_id: id of the collection.
            document_id: id of a visible document that is missing in the sums.
            languages: languages of the chunks with a vector.
            vectors: their vectors, row by row.
        """
        named = np.array(languages, dtype=object)
        for language in dict.fromkeys(languages):
            rows = vectors[named == language]
            mean = rows.mean(axis=0, dtype=np.float64).astype(_MEAN)
            self._db.execute(
                "INSERT INTO document_means VALUES (?, ?, ?, ?)",
                (document_id, language, len(rows), mean.tobytes()),
            )
            self._add(collection_id, language, len(rows), mean)

    def recount_languages(self, collection_id: str) -> None:
        """Compute a collection's sums again from its documents, because rounding errors add up."""
        self._db.execute("DELETE FROM language_sums WHERE collection_id = ?", (collection_id,))
        totals: dict[str, tuple[int, _Row]] = {}
        for row in self._db.execute(
            "SELECT m.language, m.chunks, m.mean FROM documents d"
            " JOIN document_means m ON m.document_id = d.id"
            " WHERE d.collection_id = ? AND d.state = 'active'",
            (collection_id,),
        ):
            count, total = totals.get(row["language"], (0, _mean(row["mean"]) * 0))
            totals[row["language"]] = (
                count + row["chunks"],
                total + row["chunks"] * _mean(row["mean"]),
            )
        for language, (count, total) in totals.items():
            self._put(collection_id, language, count, total)

    def put_model_means(self, fingerprint: str, trial: Trial) -> None:
        """Store computed means of a model, replacing earlier ones."""
        self._db.execute(
            "INSERT OR REPLACE INTO model_means VALUES (?, ?, ?, ?, ?)",
            (
                fingerprint,
                trial.language,
                trial.query.astype(_MADE).tobytes(),
                trial.passage.astype(_MADE).tobytes(),
                json.dumps(asdict(trial.figures)),
            ),
        )

    def _uncount_document(self, collection_id: str, document_id: int) -> None:
        """Subtract a document's vectors from the sums, if they are in them."""
        for row in self._db.execute(
            "DELETE FROM document_means WHERE document_id = ? RETURNING language, chunks, mean",
            (document_id,),
        ).fetchall():
            mean = np.frombuffer(row["mean"], _MEAN)
            self._add(collection_id, row["language"], -row["chunks"], mean)

    def _add(self, collection_id: str, language: str, count: int, mean: _Row) -> None:
        row = self._db.execute(
            "SELECT chunks, total FROM language_sums WHERE collection_id = ? AND language = ?",
            (collection_id, language),
        ).fetchone()
        total = count * mean.astype(_TOTAL)
        if row is not None:
            count += row["chunks"]
            total += np.frombuffer(row["total"], _TOTAL)
        self._put(collection_id, language, count, total)

    def _put(self, collection_id: str, language: str, count: int, total: _Row) -> None:
        if count < 1:
            self._db.execute(
                "DELETE FROM language_sums WHERE collection_id = ? AND language = ?",
                (collection_id, language),
            )
            return
        self._db.execute(
            "INSERT INTO language_sums VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT (collection_id, language) DO UPDATE SET chunks = ?3, total = ?4",
            (collection_id, language, count, total.astype(_TOTAL).tobytes()),
        )


def _mean(blob: bytes) -> _Row:
    return np.frombuffer(blob, _MEAN).astype(_TOTAL)
