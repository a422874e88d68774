"""Which documents a search may look at."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from kb.records import MediaType, MetadataValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """Conditions that every hit must meet; all that are given apply together.

    ``path`` is a glob over the path of any of a document's sources (``*`` crosses ``/``);
    ``metadata`` asks for equal values of front matter or document properties.
    """

    documents: tuple[int, ...] = ()
    media_types: tuple[MediaType, ...] = ()
    path: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Say whether every document passes."""
        return not (self.documents or self.media_types or self.path or self.metadata)


def matching_chunks(
    db: sqlite3.Connection, collection_id: str, condition: SearchFilter
) -> list[int]:
    """Return the ids of all visible chunks whose document meets ``condition``."""
    clauses = ["d.collection_id = ?", "d.state = 'active'"]
    values: list[object] = [collection_id]
    for column, allowed in (("d.id", condition.documents), ("d.media_type", condition.media_types)):
        if allowed:
            clauses.append(f"{column} IN ({','.join('?' * len(allowed))})")
            values.extend(allowed)
    if condition.path:
        clauses.append(
            "EXISTS (SELECT 1 FROM sources s WHERE s.document_id = d.id AND s.path GLOB ?)"
        )
        values.append(condition.path)
    for key, value in condition.metadata.items():
        clauses.append("EXISTS (SELECT 1 FROM json_each(d.metadata) m WHERE m.key = ? AND m.value = ?)")
        values.extend((key, value))
    sql = (
        "SELECT k.id FROM chunks k JOIN documents d ON d.id = k.document_id WHERE "  # noqa: S608 - clauses are ours, values are bound
        + " AND ".join(clauses)
    )
    return [row["id"] for row in db.execute(sql, values)]
