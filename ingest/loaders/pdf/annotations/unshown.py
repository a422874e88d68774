"""Counts the form fields of a file that have values and that no page shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ingest.loaders.pdf.annotations.dictionaries import (
    Dictionary,
    each,
    entry,
    inherited,
    is_hidden,
    items,
    name,
    numbers,
    resolved,
    string,
    whole,
)

MOST_FIELDS = 20_000
"""Most fields and annotations of a file to check; a large form has some thousands."""

_PASSWORD = 1 << 13
_LONGEST = 1_000


def unshown_fields(form: object, pages: Iterable[object]) -> int:
    """Count the fields of a form that have text or a choice and are hidden or on no page.

    Args:
        form: the file's /AcroForm.
        pages: the arrays of annotations of its pages.
    """
    if not isinstance(entry(form, "/Fields"), list):
        return 0
    known: dict[int, bool] = {}  # whether a page shows a field with a value
    left = MOST_FIELDS
    for array in pages:
        for number, widget in _numbered(array):
            left -= 1
            if left < 0:
                return _count(known)
            for field, holds in each([widget], _holds):
                if holds:
                    key = _key(field, number)
                    known[key] = known.get(key, False) or _is_shown(field)
    for number, field in _terminal(entry(form, "/Fields")):
        key = _key(field, number)
        if key not in known and any(holds for _, holds in each([field], _holds)):
            known[key] = False
    return _count(known)


def _count(known: Mapping[int, bool]) -> int:
    return sum(not shown for shown in known.values())


def _terminal(fields: object) -> Iterator[tuple[int, Dictionary]]:
    """Yield the fields of a tree that have no fields below them."""
    waiting = list(_numbered(fields))
    seen: set[int] = set()
    while waiting and len(seen) < MOST_FIELDS:
        number, field = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        below = [kid for kid in _numbered(entry(field, "/Kids")) if string(entry(kid[1], "/T"))]
        if below:
            waiting += below[:MOST_FIELDS]
        else:
            yield number, field


def _numbered(array: object) -> Iterator[tuple[int, Dictionary]]:
    """Yield the dictionaries of an array with the numbers of their objects."""
    found = list(array)[:MOST_FIELDS] if isinstance(array, list) else []
    for one, value in each(found, _resolved):
        yield getattr(one, "idnum", id(value)), value


def _resolved(one: Any) -> Dictionary | None:  # noqa: ANN401 - a file may hold anything anywhere
    value = resolved(one)
    return value if isinstance(value, Mapping) else None


def _key(field: Dictionary, number: int) -> int:
    """Return the number of a dictionary's field; the dictionary is the field or its widget."""
    if string(entry(field, "/T")) or not hasattr(field, "raw_get") or "/Parent" not in field:
        return number
    return int(getattr(field.raw_get("/Parent"), "idnum", number))


def _holds(field: Dictionary) -> bool:
    """Whether a field has text or a choice that is not a password."""
    kind = name(inherited(field, "/FT"))
    if kind not in ("Tx", "Ch") or (kind == "Tx" and whole(inherited(field, "/Ff")) & _PASSWORD):
        return False
    value = inherited(field, "/V")
    told = value if isinstance(value, (str, bytes)) or hasattr(value, "get_data") else None
    return any(string(one, _LONGEST).strip() for one in ([told] if told else items(value, 8)))


def _is_shown(widget: Dictionary) -> bool:
    corners = numbers(entry(widget, "/Rect"), 4)
    if len(corners) != 4 or is_hidden(widget):  # noqa: PLR2004 - left, bottom, right, top
        return False
    return abs(corners[2] - corners[0]) >= 1 and abs(corners[3] - corners[1]) >= 1
