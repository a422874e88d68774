"""Data of a whole collection: the values for filters, and the points of a map."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from kb.catalog.tags import TagReads
from kb.metadata import folded, split_tags, stated_tags
from kb.records import Facets, MediaType


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A document on a map. ``chunk_id`` is that of its first chunk; None without chunks."""

    id: int
    name: str
    media_type: MediaType
    day: str
    chunk_id: int | None


class OverviewReads(TagReads):
    """Counts over all documents of a collection."""

    def facets(self, collection_id: str) -> Facets:
        """Return the values that a :class:`~kb.catalog.filters.SearchFilter` compares with.

        Tags that differ only in case are one, in the spelling of most documents.
        """
        tags: Counter[str] = Counter()
        rows = self._db.execute(
            "SELECT metadata FROM documents WHERE collection_id = ? AND state = 'active'"
            " AND metadata <> '{}'",
            (collection_id,),
        )
        for row in rows:
            tags.update(stated_tags(json.loads(row["metadata"])))
        for given in self.tags_of_documents(collection_id).values():
            tags.update(given)
        spelt: dict[str, str] = {}
        for tag, _ in tags.most_common():
            spelt.setdefault(folded(tag), tag)
        languages = self._db.execute(
            "SELECT language FROM documents WHERE collection_id = ? AND state = 'active'"
            " AND language <> '' GROUP BY language ORDER BY count(*) DESC, language",
            (collection_id,),
        )
        return Facets(
            tags=tuple(spelt.values()),
            languages=tuple(
                dict.fromkeys(one for row in languages for one in split_tags(row["language"]))
            ),
        )

    def glances(self, collection_id: str) -> list[Glance]:
        """Return the visible documents of a collection, newest first."""
        rows = self._db.execute(
            "SELECT d.id, d.title, d.media_type, substr(d.added_at, 1, 10) AS day,"
            " k.id AS chunk_id,"
            " (SELECT path FROM sources s WHERE s.document_id = d.id ORDER BY s.id LIMIT 1) AS path"
            " FROM documents d LEFT JOIN chunks k ON k.document_id = d.id AND k.ordinal = 0"
            " WHERE d.collection_id = ? AND d.state = 'active' ORDER BY d.id DESC",
            (collection_id,),
        )
        return [
            Glance(
                id=row["id"],
                name=row["path"] or row["title"],
                media_type=row["media_type"],
                day=row["day"],
                chunk_id=row["chunk_id"],
            )
            for row in rows
        ]

    def chunk_lengths(self, collection_id: str, step: int) -> dict[int, int]:
        """Count visible chunks by length, in steps named by their start, in characters."""
        rows = self._db.execute(
            "SELECT (k.end - k.start) / ? AS step, count(*) AS chunks"
            " FROM documents d JOIN chunks k ON k.document_id = d.id"
            " WHERE d.collection_id = ? AND d.state = 'active' GROUP BY step ORDER BY step",
            (step, collection_id),
        )
        return {row["step"] * step: row["chunks"] for row in rows}
