"""Turns the conditions of a filter into SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kb.catalog.numbers import document_number, storable
from kb.catalog.rows import dump
from kb.metadata import folded
from kb.records import MetadataValue

if TYPE_CHECKING:
    from kb.catalog.filters import SearchFilter

_MOST_INTEGER = 2**1000


Clause = tuple[str, tuple[object, ...]]


def conditions(collection_id: str, condition: SearchFilter) -> tuple[str, list[object]]:
    """Return the conditions on chunks ``k`` and documents ``d``, and their bound values."""
    return _joined([*_document_clauses(collection_id, condition), *_chunk_clauses(condition)])


def document_conditions(collection_id: str, condition: SearchFilter) -> tuple[str, list[object]]:
    """Return the conditions on documents ``d`` with a passing chunk."""
    clauses = list(_document_clauses(collection_id, condition))
    if passages := list(_chunk_clauses(condition)):
        inner, bound = _joined(passages)
        some = f"SELECT 1 FROM chunks k WHERE k.document_id = d.id AND {inner}"  # noqa: S608
        clauses.append((f"EXISTS ({some})", tuple(bound)))
    return _joined(clauses)


def _joined(clauses: Iterable[Clause]) -> tuple[str, list[object]]:
    listed = list(clauses)
    values = [value for _, bound in listed for value in bound]
    return " AND ".join(clause for clause, _ in listed), values


def _document_clauses(collection_id: str, condition: SearchFilter) -> Iterator[Clause]:
    # "+" keeps SQLite from walking the collection's documents if their ids are known.
    by_id = "+" if condition.documents or condition.path else ""
    yield f"{by_id}d.collection_id = ?", (collection_id,)
    yield "d.state = 'active'", ()
    ids = [document_number(number) for number in condition.documents]
    for column, allowed in (("d.id", ids), ("d.media_type", condition.media_types)):
        if allowed:
            yield f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(allowed),)  # noqa: S608
    if condition.path:
        # Evaluated once for a search, not once for each document.
        path, globs = _globs(condition.path)
        found = " OR ".join([f"{path} GLOB ?"] * len(globs))
        having = f"SELECT s.document_id FROM sources s WHERE s.collection_id = ? AND ({found})"  # noqa: S608
        yield f"d.id IN ({having})", (collection_id, *globs)
    yield from _language_clauses(condition)
    yield from _tag_clauses(collection_id, condition)
    yield from _date_clauses(condition)
    for key, value in condition.metadata.items():
        yield from _metadata_clauses(key, value)


def _chunk_clauses(condition: SearchFilter) -> Iterator[Clause]:
    if condition.page_first is not None:
        yield "k.page_last >= ?", (storable(condition.page_first),)
    if condition.page_last is not None:
        yield "k.page_first <= ?", (storable(condition.page_last),)


def _globs(path: str) -> tuple[str, list[str]]:
    """Return the expression for SQLite's GLOB, and the patterns of which one must match."""
    pattern = _storable(path).replace("[!", "[^")  # as in shells
    if pattern.startswith("/") or "://" in pattern:
        return "(rtrim(s.root, '/') || '/' || s.path)", [pattern]
    # "**/" is any folder or none.
    return "s.path", [pattern, pattern[3:]] if pattern.startswith("**/") else [pattern]


def _language_clauses(condition: SearchFilter) -> Iterator[Clause]:
    if condition.languages:
        listed = "','||replace(lower(d.language), ' ', '')"  # a document may have several languages
        parts = [f"instr({listed}||',', ?) OR instr({listed}, ?)" for _ in condition.languages]
        names = [folded(name).replace("_", "-") for name in condition.languages]
        bound = tuple(value for name in names for value in (f",{name},", f",{name}-"))
        yield f"({' OR '.join(parts)})", bound


def _tag_clauses(collection_id: str, condition: SearchFilter) -> Iterator[Clause]:
    # Evaluated once for a search, not once for each document.
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
    if condition.date_to:  # a time on that day still counts: 2024-05-01T12:00
        yield f"substr({day}, 1, ?) <= ?", (len(condition.date_to), condition.date_to)


def _metadata_clauses(key: str, value: MetadataValue) -> Iterator[Clause]:
    key = _storable(key)
    # A check of the text of all metadata costs a tenth of parsing the JSON.
    yield "d.metadata LIKE ? ESCAPE '!'", (f'%"{_escaped(_encoded(key))}":%',)
    bound: list[object]
    if isinstance(value, bool):
        own, bound = "m.type = ?", ["true" if value else "false"]
    elif isinstance(value, str):
        value = _storable(value)
        # A number or a yes typed on a command line is text; a list is stored with commas.
        own = (
            "CAST(m.value AS TEXT) = ? OR (m.type IN ('true', 'false') AND m.type = lower(?))"
            " OR (m.type = 'text' AND instr(', '||m.value||', ', ?))"
        )
        bound = [value, value, f", {value}, "]
        if not _is_number(value) and value.lower() not in {"true", "false"}:
            yield "instr(d.metadata, ?)", (_encoded(value),)
    else:
        if isinstance(value, int) and value != storable(value):
            # In the form in which SQLite reads such a number from JSON.
            value = float(max(-_MOST_INTEGER, min(value, _MOST_INTEGER)))
        own, bound = "m.value = ? OR CAST(m.value AS TEXT) = CAST(? AS TEXT)", [value, value]
    same_key = "SELECT 1 FROM json_each(d.metadata) m WHERE lower(m.key) = lower(?)"
    yield f"EXISTS ({same_key} AND ({own}))", (key, *bound)


def _is_number(text: str) -> bool:
    """Return whether a text is a number, which may have several spellings."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _encoded(text: str) -> str:
    """Return ``text`` in the JSON form of :func:`kb.catalog.rows.dump`."""
    return dump(text)[1:-1]


def _storable(text: str) -> str:
    """Replace lone surrogates, which occur nowhere in the catalog."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
