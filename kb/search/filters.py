"""Which chunks a search may look at, and how a condition becomes SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from kb.records import MediaType, MetadataValue

# Where a document's own date may stand, most telling first; none of them: the day it was added.
_DATE_KEYS = ("date", "modified", "updated", "created")
_LANGUAGE_KEYS = ("language", "lang")
_TAG_KEYS = ("tags", "keywords")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """Conditions that every hit must meet; all that are given apply together.

    Attributes:
        documents: ids; the hit is from one of them.
        media_types: the hit's document is of one of these types.
        path: glob over the paths of the document's sources (``*`` crosses ``/``).
        languages: the document says it is in one of these; ``zh`` includes ``zh-Hant``.
        tags: the document has all of these tags or keywords, in any case.
        page_first: the passage is on this page or later (documents without pages never are).
        page_last: the passage is on this page or before.
        date_from: ISO 8601, ``2024`` or ``2024-05-01``; the document is of that day or later.
        date_to: likewise, of that day (or year) or before.
        metadata: equal values of front matter or document properties.
    """

    documents: tuple[int, ...] = ()
    media_types: tuple[MediaType, ...] = ()
    path: str = ""
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    page_first: int | None = None
    page_last: int | None = None
    date_from: str = ""
    date_to: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Say whether every chunk passes."""
        return all(getattr(self, each.name) in ((), "", None, {}) for each in fields(self))


def matching(
    db: sqlite3.Connection, collection_id: str, condition: SearchFilter, at_most: int
) -> list[int]:
    """Return the ids of visible chunks that pass, no more than ``at_most`` of them."""
    clauses, values = _clauses(collection_id, condition)
    rows = db.execute(
        # CROSS JOIN keeps SQLite from walking all chunks first.
        "SELECT k.id FROM documents d CROSS JOIN chunks k ON k.document_id = d.id"  # noqa: S608 - clauses are ours, values are bound
        f" WHERE {clauses} LIMIT ?",
        (*values, at_most),
    )
    return [row["id"] for row in rows]


def passing(
    db: sqlite3.Connection, collection_id: str, condition: SearchFilter, ids: Sequence[int]
) -> set[int]:
    """Return those of ``ids`` that are visible and pass."""
    clauses, values = _clauses(collection_id, condition)
    rows = db.execute(
        "SELECT k.id FROM json_each(?) wanted CROSS JOIN chunks k ON k.id = wanted.value"  # noqa: S608
        f" JOIN documents d ON d.id = k.document_id WHERE {clauses}",
        (json.dumps(list(ids)), *values),
    )
    return {row["id"] for row in rows}


def _clauses(collection_id: str, condition: SearchFilter) -> tuple[str, list[object]]:
    clauses = ["d.collection_id = ?", "d.state = 'active'"]
    values: list[object] = [collection_id]

    def require(clause: str, *bound: object) -> None:
        clauses.append(clause)
        values.extend(bound)

    for column, allowed in (("d.id", condition.documents), ("d.media_type", condition.media_types)):
        if allowed:
            require(f"{column} IN (SELECT value FROM json_each(?))", json.dumps(allowed))
    if condition.path:
        # Found once for a search, not once for each document.
        require(
            "d.id IN (SELECT s.document_id FROM sources s"
            " WHERE s.collection_id = ? AND s.path GLOB ?)",
            collection_id,
            condition.path,
        )
    if condition.languages:
        language = f"lower(coalesce({_values(_LANGUAGE_KEYS)}, ''))"
        parts = [f"{language} = ? OR {language} LIKE ? ESCAPE '!'" for _ in condition.languages]
        names = [name.lower() for name in condition.languages]
        require(
            f"({' OR '.join(parts)})",
            *(value for name in names for value in (name, _escaped(name) + "-%")),
        )
    for tag in condition.tags:
        have = "||','||".join(f"coalesce({_value(key)}, '')" for key in _TAG_KEYS)
        listed = f"','||replace(replace(lower({have}), ', ', ','), '; ', ',')||','"
        require(f"instr({listed}, ?)", f",{tag.lower()},")
    if condition.page_first is not None:
        require("k.page_last >= ?", condition.page_first)
    if condition.page_last is not None:
        require("k.page_first <= ?", condition.page_last)
    if condition.date_from or condition.date_to:
        day = f"coalesce({_values(_DATE_KEYS)}, d.added_at)"
        if condition.date_from:
            require(f"{day} >= ?", condition.date_from)
        if condition.date_to:  # what begins with it is still inside: 2024-05-01T12:00
            require(f"substr({day}, 1, ?) <= ?", len(condition.date_to), condition.date_to)
    for key, value in condition.metadata.items():
        require(
            "EXISTS (SELECT 1 FROM json_each(d.metadata) m WHERE m.key = ? AND m.value = ?)",
            key,
            value,
        )
    return " AND ".join(clauses), values


def _value(key: str) -> str:
    return f"json_extract(d.metadata, '$.{key}')"  # keys are constants of this module


def _values(keys: Sequence[str]) -> str:
    return ", ".join(_value(key) for key in keys)


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
