"""Finds documents by the names that people and agents use: number, content, path."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from kb.catalog.base import Transaction
from kb.catalog.numbers import storable
from kb.records import MediaType
from kb.words.file_names import holding_all
from kb.words.terms import terms


class Named(NamedTuple):
    """A visible document under one of its paths."""

    document_id: int
    collection_id: str
    media_type: MediaType
    content_hash: str
    title: str
    root: str
    path: str


_SELECT = (
    "SELECT d.id, d.collection_id, d.media_type, d.content_hash, d.title, coalesce(s.root, ''),"
    " coalesce(s.path, '') FROM documents d LEFT JOIN sources s ON s.document_id = d.id"
    " WHERE d.state = 'active' AND d.collection_id IN (SELECT value FROM json_each(:within))"
)
# Whole paths, as people copy them, and paths below the ingested folder.
_WHOLE = "(rtrim(s.root, '/') || '/' || s.path)"
# By ids of documents: by ids of sources, SQLite would walk all documents.
_BY_NAME = (
    " AND d.id IN (SELECT f.document_id FROM source_names n CROSS JOIN sources f"
    " ON f.id = n.rowid WHERE n.source_names MATCH :words)"
)


class AddressReads(Transaction):
    """Finds the documents of a name. Every list is newest first."""

    def all_named(self, collection_ids: Sequence[str]) -> list[Named]:
        """Return every visible document under each of its paths."""
        return self._named(collection_ids, "")

    def named_by_number(self, collection_ids: Sequence[str], number: int) -> list[Named]:
        """Return the document with a number."""
        return self._named(collection_ids, " AND d.id = :number", number=storable(number))

    def named_by_content(
        self, collection_ids: Sequence[str], media_type: MediaType, digits: str
    ) -> list[Named]:
        """Return the documents of a type whose content hash begins with these digits."""
        return self._named(
            collection_ids,
            # "g" sorts after every hexadecimal digit.
            " AND d.content_hash >= :digits AND d.content_hash < :digits || 'g'"
            " AND d.media_type = :media_type",
            digits=digits,
            media_type=media_type,
        )

    def collections_with(self, content_hash: str) -> list[str]:
        """Return the names of the collections that have a document with this content, in order."""
        rows = self._db.execute(
            "SELECT DISTINCT c.name FROM collections c JOIN documents d ON d.collection_id = c.id"
            " WHERE d.content_hash = ? AND d.state = 'active' AND c.successor_of IS NULL"
            " ORDER BY c.name",
            (content_hash,),
        )
        return [name for (name,) in rows]

    def named_by_path(self, collection_ids: Sequence[str], path: str) -> list[Named]:
        """Return the documents with exactly this path, whole or below the ingested folder."""
        found: list[Named] = []
        for collection_id in collection_ids:
            # By root, to use the index: walking all paths takes 30 ms for each 100,000.
            for root in self._roots(collection_id):
                within = f"{root.rstrip('/')}/"
                below = [path, *([path.removeprefix(within)] if path.startswith(within) else [])]
                found += self._named(
                    [collection_id],
                    " AND s.collection_id = :collection AND s.root = :root"
                    " AND s.path IN (SELECT value FROM json_each(:below))",
                    collection=collection_id,
                    root=root,
                    below=json.dumps(below),
                )
        return found

    def _roots(self, collection_id: str) -> list[str]:
        """Return the ingested folders of a collection's documents."""
        rows = self._db.execute(
            "WITH RECURSIVE found (root) AS ("
            "SELECT min(root) FROM sources WHERE collection_id = :id"
            " UNION ALL SELECT (SELECT min(root) FROM sources WHERE collection_id = :id"
            " AND root > found.root) FROM found WHERE found.root IS NOT NULL)"
            " SELECT root FROM found WHERE root IS NOT NULL",
            {"id": collection_id},
        )
        return [row["root"] for row in rows]

    def named_with_words(self, collection_ids: Sequence[str], expression: str) -> list[Named]:
        """Return the documents with a file whose name has these words, once for each such name.

        :mod:`kb.words.file_names` makes the FTS5 expression.
        """
        return self._named(collection_ids, _BY_NAME, words=expression)

    def named_by_path_end(self, collection_ids: Sequence[str], end: str) -> list[Named]:
        """Return the documents whose path ends with these parts."""
        words = holding_all(list(terms(end.rpartition("/")[2])))
        return self._named(
            collection_ids,
            f"{_BY_NAME if words else ''} AND substr({_WHOLE}, -length(:end)) = :end",
            end=f"/{end.lstrip('/')}",
            words=words,
        )

    def _named(
        self, collection_ids: Sequence[str], condition: str, **values: object
    ) -> list[Named]:
        rows = self._db.execute(
            f"{_SELECT}{condition} ORDER BY d.added_at DESC, d.id DESC, s.id",
            {"within": json.dumps(list(collection_ids)), **values},
        )
        return [Named._make(row) for row in rows]
