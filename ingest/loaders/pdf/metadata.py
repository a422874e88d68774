"""A PDF's own metadata: title, author, dates, in one clean form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from ingest.loaders.titles import is_placeholder
from kb.records import MetadataValue
from kb.text import normalise

MAX_CHARACTERS = 2_000
"""Longer values are embedded data instead of descriptions; they are omitted."""

_KEYS = {"Author": "author", "Subject": "subject", "Keywords": "keywords", "Creator": "creator"}
_DATES = {"CreationDate": "created", "ModDate": "modified"}
_DATE = re.compile(
    r"(?:D:)?\s*(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:([Zz+-])(?:(\d\d)'?(\d\d)?'?)?)?",
)


def iso_date(value: str) -> str:
    """Return a PDF date as ISO 8601, as exact as in the file, "" if it is not a date.

    >>> iso_date("D:20230204115901+08'00'")
    '2023-02-04T11:59:01+08:00'
    """
    match = _DATE.match(value)
    if not match:
        return ""
    year, month, day, hour, minute, second, sign, off_hours, off_minutes = match.groups()
    zone = None
    if sign in {"Z", "z"} or (sign and off_hours):
        offset = timedelta(hours=int(off_hours or 0), minutes=int(off_minutes or 0))
        zone = timezone(-offset if sign == "-" else offset) if offset < timedelta(days=1) else None
    try:
        moment = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            min(int(second or 0), 59),
            tzinfo=zone,
        )
    except ValueError:
        return ""
    return moment.isoformat() if hour else moment.date().isoformat()


def describe(raw: Mapping[str, str]) -> dict[str, MetadataValue]:
    """Return author, subject, keywords, creator and dates under lower-case names."""
    found: dict[str, MetadataValue] = {}
    for key, name in _KEYS.items():
        value = " ".join(normalise(raw.get(key, "")).split())
        if value and len(value) <= MAX_CHARACTERS and not is_placeholder(value):
            found[name] = value
    for key, name in _DATES.items():
        date = iso_date(raw.get(key, ""))
        if date:
            found[name] = date
    return found
