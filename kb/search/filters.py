"""Which chunks a search may look at, and how a condition becomes SQL."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import get_args

from kb.errors import SettingsError
from kb.metadata import folded
from kb.records import MediaType, MetadataValue
from kb.store.rows import document_number, dump, storable

_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?", re.ASCII)  # days are compared as text
_MOST_INTEGER = 2**1000
_PAGES = re.compile(r"(\d{0,18})(-?)(\d{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """Conditions that every hit must meet; all that are given apply together.

    Attributes:
        documents: ids; the hit is from one of them.
        media_types: the hit's document is of one of these types.
        path: glob over the paths of the document's sources below the folder that was ingested
            (``*`` crosses ``/``, ``[!a]`` is any but a); over whole paths if it begins with ``/``.
        languages: the document is in one of these; ``zh`` includes ``zh-Hant``.
        tags: the document has all of these, as tags or keywords of its own or as tags that people
            gave it, in any case.
        page_first: the passage is on this page or later (documents without pages never are).
        page_last: the passage is on this page or before.
        date_from: ISO 8601, ``2024`` or ``2024-05-01``; the document is of that day or later (by
            its own date where that can be understood, else the day it was added).
        date_to: likewise, of that day (or year) or before.
        metadata: values of front matter or document properties that are equal, or are among those
            of a list; text ``"3"`` equals 3, ``"true"`` equals True, keys are of any case.
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

    def __post_init__(self) -> None:
        """Take one text for a tuple of one, which is what is meant."""
        for each in ("media_types", "languages", "tags"):
            if isinstance(value := getattr(self, each), str):
                object.__setattr__(self, each, (value,))

    @property
    def is_empty(self) -> bool:
        """Say whether every chunk passes."""
        return all(getattr(self, each.name) in ((), "", None, {}) for each in fields(self))


def filter_from_text(
    *,
    documents: Sequence[int] = (),
    path: str = "",
    media_types: Sequence[str] = (),
    tags: Sequence[str] = (),
    languages: Sequence[str] = (),
    since: str = "",
    until: str = "",
    pages: str = "",
    metadata: Sequence[str] = (),
) -> SearchFilter:
    """Make a filter of what a person typed: pages as ``3-7``, metadata as ``KEY=VALUE``.

    Raises:
        SettingsError: a value cannot be understood.
    """
    known = get_args(MediaType)
    for each in media_types:
        if each not in known:
            msg = f"there is no document type {each!r}; choose from {', '.join(known)}"
            raise SettingsError(msg)
    for day in (since, until):
        if day and not _is_day(day):
            msg = f"{day!r} is not a date; write 2024, 2024-05 or 2024-05-01"
            raise SettingsError(msg)
    range_ = _PAGES.fullmatch(pages.strip()) if pages else None
    if pages and (range_ is None or pages.strip() == "-"):
        msg = f"{pages!r} is not a range of pages; write 3, 3-7, 3- or -7"
        raise SettingsError(msg)
    first, dash, last = range_.groups() if range_ else ("", "", "")
    if first and last and int(first) > int(last):
        msg = f"{pages!r} ends before it begins; write {last}-{first}"
        raise SettingsError(msg)
    pairs = {}
    for each in metadata:
        key, equals, value = each.partition("=")
        if not key or not equals:
            msg = f"{each!r} is not KEY=VALUE; write for example author=Li"
            raise SettingsError(msg)
        pairs[key] = value
    return SearchFilter(
        documents=tuple(documents),
        path=path,
        media_types=tuple(each for each in known if each in media_types),
        tags=tuple(tags),
        languages=tuple(languages),
        date_from=since,
        date_to=until,
        page_first=int(first) if first else None,
        page_last=int(last) if last else (int(first) if first and not dash else None),
        metadata=pairs,
    )


def _is_day(typed: str) -> bool:
    """Say whether a year, a month or a day was typed that there is."""
    if not _DAY.fullmatch(typed):
        return False
    year, month, day = (*typed.split("-"), "01", "01")[:3]
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def matching(
    db: sqlite3.Connection, collection_id: str, condition: SearchFilter, at_most: int
) -> list[int]:
    """Return the ids of visible chunks that pass, no more than ``at_most`` of them."""
    clauses, values = _clauses(collection_id, condition)
    few = condition.documents or condition.path
    index = ""
    if condition.metadata and not few:
        index = "INDEXED BY documents_by_metadata"
    elif (condition.tags or condition.languages) and not few:
        index = "INDEXED BY documents_by_labels"
    rows = db.execute(
        # CROSS JOIN keeps SQLite from walking all chunks first.
        f"SELECT k.id FROM documents d {index} CROSS JOIN chunks k ON k.document_id = d.id"  # noqa: S608 - clauses are ours, values are bound
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
        f" CROSS JOIN documents d ON d.id = k.document_id WHERE {clauses}",
        (json.dumps(list(ids)), *values),
    )
    return {row["id"] for row in rows}


def _clauses(collection_id: str, condition: SearchFilter) -> tuple[str, list[object]]:
    # "+" keeps SQLite from walking the collection's documents where their ids are known.
    by_id = "+" if condition.documents or condition.path else ""
    clauses = [f"{by_id}d.collection_id = ?", "d.state = 'active'"]
    values: list[object] = [collection_id]

    def require(clause: str, *bound: object) -> None:
        clauses.append(clause)
        values.extend(bound)

    ids = [document_number(number) for number in condition.documents]
    for column, allowed in (("d.id", ids), ("d.media_type", condition.media_types)):
        if allowed:
            require(f"{column} IN (SELECT value FROM json_each(?))", json.dumps(allowed))  # noqa: S608
    if condition.path:
        # Found once for a search, not once for each document.
        path, globs = _globs(condition.path)
        require(
            "d.id IN (SELECT s.document_id FROM sources s WHERE s.collection_id = ?"  # noqa: S608
            f" AND ({' OR '.join([f'{path} GLOB ?'] * len(globs))}))",
            collection_id,
            *globs,
        )
    for clause, bound in (
        *_language_clauses(condition),
        *_tag_clauses(collection_id, condition),
        *_date_clauses(condition),
    ):
        require(clause, *bound)
    if condition.page_first is not None:
        require("k.page_last >= ?", storable(condition.page_first))
    if condition.page_last is not None:
        require("k.page_first <= ?", storable(condition.page_last))
    for key, value in condition.metadata.items():
        for clause, bound in _metadata_clauses(key, value):
            require(clause, *bound)
    return " AND ".join(clauses), values


Clause = tuple[str, tuple[object, ...]]


def _globs(path: str) -> tuple[str, list[str]]:
    """Return what SQLite's GLOB is to look at, and the patterns of which one must match."""
    pattern = _storable(path).replace("[!", "[^")  # as shells write it
    if pattern.startswith("/"):
        return "(rtrim(s.root, '/') || '/' || s.path)", [pattern]
    # "**/" is any folder or none.
    return "s.path", [pattern, pattern[3:]] if pattern.startswith("**/") else [pattern]


def _language_clauses(condition: SearchFilter) -> Iterator[Clause]:
    if condition.languages:
        listed = "','||replace(lower(d.language), ' ', '')"  # a document may be in several
        parts = [f"instr({listed}||',', ?) OR instr({listed}, ?)" for _ in condition.languages]
        names = [folded(name).replace("_", "-") for name in condition.languages]
        bound = tuple(value for name in names for value in (f",{name},", f",{name}-"))
        yield f"({' OR '.join(parts)})", bound


def _tag_clauses(collection_id: str, condition: SearchFilter) -> Iterator[Clause]:
    # Found once for a search, not once for each document.
    given = (
        "d.id IN (SELECT s.document_id FROM source_tags t CROSS JOIN sources s"
        " ON s.id = t.source_id WHERE t.folded = ? AND s.collection_id = ?)"
    )
    for tag in map(folded, condition.tags):
        yield f"(instr(d.labels, ?) OR {given})", (f",{tag},", tag, collection_id)


def _date_clauses(condition: SearchFilter) -> Iterator[Clause]:
    day = "coalesce(nullif(d.day, ''), d.added_at)"
    if condition.date_from:
        yield f"{day} >= ?", (condition.date_from,)
    if condition.date_to:  # what begins with it is still inside: 2024-05-01T12:00
        yield f"substr({day}, 1, ?) <= ?", (len(condition.date_to), condition.date_to)


def _metadata_clauses(key: str, value: MetadataValue) -> Iterator[Clause]:
    key = _storable(key)
    # A look at the text of all metadata costs a tenth of taking the JSON apart.
    yield "d.metadata LIKE ? ESCAPE '!'", (f'%"{_escaped(_encoded(key))}":%',)
    bound: list[object]
    if isinstance(value, bool):
        own, bound = "m.type = ?", ["true" if value else "false"]
    elif isinstance(value, str):
        value = _storable(value)
        # Typed on a command line, a number or a yes is text; a list is kept with commas between.
        own = (
            "CAST(m.value AS TEXT) = ? OR (m.type IN ('true', 'false') AND m.type = lower(?))"
            " OR (m.type = 'text' AND instr(', '||m.value||', ', ?))"
        )
        bound = [value, value, f", {value}, "]
        if not _is_number(value) and value.lower() not in {"true", "false"}:
            yield "instr(d.metadata, ?)", (_encoded(value),)
    else:
        if isinstance(value, int) and value != storable(value):
            # As SQLite reads such a number in JSON.
            value = float(max(-_MOST_INTEGER, min(value, _MOST_INTEGER)))
        own, bound = "m.value = ? OR CAST(m.value AS TEXT) = CAST(? AS TEXT)", [value, value]
    same_key = "SELECT 1 FROM json_each(d.metadata) m WHERE lower(m.key) = lower(?)"
    yield f"EXISTS ({same_key} AND ({own}))", (key, *bound)


def _is_number(text: str) -> bool:
    """Say whether a text is a number, which is written in several ways."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _encoded(text: str) -> str:
    """Return ``text`` as it stands inside JSON of :func:`kb.store.rows.dump`."""
    return dump(text)[1:-1]


def _storable(text: str) -> str:
    """Replace halves of characters, which nothing in the catalog holds."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
