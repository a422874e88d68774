"""What documents say of themselves: the keys of front matter and properties that mean something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kb.errors import SettingsError
from kb.records import MetadataValue
from kb.text import normalise

LANGUAGE_KEYS = ("language", "lang")
TAG_KEYS = ("tags", "keywords")
DATE_KEYS = ("date", "modified", "updated", "created")
"""Where a document's own date may stand, most telling first."""

MOST_CHARACTERS = 64
"""Of a tag that a person gives."""

_SEPARATOR = re.compile(r"[,;] ?")


def split_tags(text: str) -> tuple[str, ...]:
    """Return the tags that a line of them holds; ``a, b; c`` are three."""
    return tuple(tag.strip() for tag in _SEPARATOR.split(text) if tag.strip())


def clean_tags(typed: Iterable[str]) -> tuple[str, ...]:
    """Return the tags that a person typed, one or more to a text.

    Raises:
        SettingsError: a text holds no tag, or a tag is too long or not on one line.
    """
    found: list[str] = []
    for text in typed:
        tags = split_tags(normalise(text))
        if not tags:
            msg = f"{text!r} is no tag; write one or more words, as in invoice or 2024, tax"
            raise SettingsError(msg)
        for tag in tags:
            if len(tag) > MOST_CHARACTERS or not tag.isprintable():
                msg = (
                    f"{tag[:80]!r} is no tag: it is one line of up to {MOST_CHARACTERS} characters"
                )
                raise SettingsError(msg)
        found += tags
    return tuple(dict.fromkeys(found))


def stated_tags(metadata: Mapping[str, MetadataValue]) -> tuple[str, ...]:
    """Return the tags and keywords that a document has by its own metadata."""
    found = (metadata.get(key) for key in TAG_KEYS)
    return tuple(tag for text in found if isinstance(text, str) for tag in split_tags(text))


def stated_language(metadata: Mapping[str, MetadataValue]) -> str:
    """Return the language that a document says it is in; empty if it says none."""
    return _first(metadata, LANGUAGE_KEYS)


def stated_date(metadata: Mapping[str, MetadataValue]) -> str:
    """Return the date that a document gives itself, as it is written; empty if it has none."""
    return _first(metadata, DATE_KEYS)


def _first(metadata: Mapping[str, MetadataValue], keys: tuple[str, ...]) -> str:
    return next((str(metadata[key]) for key in keys if metadata.get(key)), "")
