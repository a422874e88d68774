"""Metadata of documents: the keys of front matter and file properties that have a meaning here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from kb.errors import SettingsError
from kb.records import MetadataValue
from kb.text import normalise

LANGUAGE_KEYS = ("language", "lang")
TAG_KEYS = ("tags", "keywords")
DATE_KEYS = ("date", "updated", "lastmod", "modified", "created")
"""Keys for a document's own date, the most meaningful first."""

MOST_CHARACTERS = 64
"""Longest tag that a person may type, in characters."""

_SEPARATOR = re.compile(r"[,;，；、\n]")
_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ].*)?)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年] ?(\d{1,2})(?:[-/.月] ?(\d{1,2})日?|月)?(?: .*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})")
_NAMED = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%B %Y")


def split_tags(text: str) -> tuple[str, ...]:
    """Return the tags in a line of text; ``a, b; c`` holds three."""
    return tuple(tag.strip() for tag in _SEPARATOR.split(text) if tag.strip())


def folded(tag: str) -> str:
    """Return the common form of a tag's spellings."""
    if tag.isascii() and tag.isprintable():  # already in normal form; takes a tenth of the time
        return tag.strip().casefold()
    return normalise(tag).strip().casefold()


def clean_tags(typed: Iterable[str]) -> tuple[str, ...]:
    """Return the tags that a person typed; each text may hold several.

    Raises:
        SettingsError: a text holds no tag, or a tag is too long or has a line break.
    """
    found: list[str] = []
    for text in typed:
        clean = normalise(text).strip()
        tags = split_tags(clean)
        if not tags:
            msg = f"{text!r} is no tag; write one or more words, as in invoice or 2024, tax"
            raise SettingsError(msg)
        for tag in tags:
            if len(tag) > MOST_CHARACTERS or not clean.isprintable():
                msg = (
                    f"{tag[:80]!r} is no tag: it is one line of up to {MOST_CHARACTERS} characters"
                )
                raise SettingsError(msg)
        found += tags
    return tuple(dict.fromkeys(found))


def stated_tags(metadata: Mapping[str, MetadataValue]) -> tuple[str, ...]:
    """Return the tags and keywords in a document's own metadata."""
    found = (metadata.get(key) for key in TAG_KEYS)
    return tuple(tag for value in found if value is not None for tag in split_tags(str(value)))


def stated_language(metadata: Mapping[str, MetadataValue]) -> str:
    """Return the language in a document's own metadata, as in ``zh-Hant`` or ``en, de``.

    Empty if it names none.
    """
    found = (metadata.get(key) for key in LANGUAGE_KEYS)
    return next((str(value).replace("_", "-") for value in found if value), "")


def stated_date(metadata: Mapping[str, MetadataValue]) -> str:
    """Return the date in a document's own metadata: ISO 8601, a day, a month or a year.

    Empty without an unambiguous date: ``05/01/2024`` may be in January or May.
    """
    found = (_iso(metadata[key]) for key in DATE_KEYS if key in metadata)
    return next((day for day in found if day), "")


def _iso(value: MetadataValue) -> str:
    text = str(value).strip()
    for pattern in (_ISO, _YEAR_FIRST):
        if match := pattern.fullmatch(text):
            return _day(*match.groups())
    if match := _DAY_FIRST.fullmatch(text):
        return _day(*reversed(match.groups()))
    for form in _NAMED:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - a day, anywhere
        except ValueError:
            continue
        return f"{found:%Y-%m}" if form == "%B %Y" else f"{found:%Y-%m-%d}"
    return ""


def _day(year: str, month: str | None, day: str | None) -> str:
    parts = [each.zfill(2) for each in (year, month, day) if each]
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return ""
    return "-".join(parts)
