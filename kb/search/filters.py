"""Parses the conditions of a search that a person has typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import get_args

from kb.catalog.filters import SearchFilter
from kb.errors import SettingsError
from kb.records import MediaType

_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?", re.ASCII)  # days are compared as text
_PAGES = re.compile(r"(\d{0,18})(-?)(\d{0,18})")


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
    """Make a filter of typed conditions: pages as ``3-7``, metadata as ``KEY=VALUE``.

    Raises:
        SettingsError: a value is invalid.
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
    """Return whether the text is an existing year, month or day."""
    if not _DAY.fullmatch(typed):
        return False
    year, month, day = (*typed.split("-"), "01", "01")[:3]
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True
