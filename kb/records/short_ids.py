"""Short ids of documents and passages: how they are made, and how they are taken apart.

A document's id is a letter for its type and the first ten digits of its file's SHA-256 (of its
text's, where no file holds it): ``m7f3a9c21ab``. A passage's id adds the character at which it
begins: ``m7f3a9c21ab.5120``; a stretch of text adds the one at which it ends, too:
``m7f3a9c21ab.5120-6144``.

So the same file has the same id in every knowledge base, at every path, whatever the model and the
size of chunks. Another content has another id: an id never leads to a text that was put in place of
the one that it was given for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.records.documents import MediaType

HASH_DIGITS = 10
"""Digits of the hash that are shown: of 100,000 documents, two share them once in 200 libraries."""

LEAST_DIGITS = 4
"""Digits that an abbreviated id has at least."""

# No letter is a digit of a hash, and the same bytes read as another type are another document.
LETTERS: Mapping[MediaType, str] = MappingProxyType(
    {"pdf": "p", "docx": "w", "markdown": "m", "text": "t"}
)

_TYPES = {letter: media_type for media_type, letter in LETTERS.items()}
_ID = re.compile(
    rf"#?([{''.join(_TYPES)}])([0-9a-f]{{{LEAST_DIGITS},64}})"
    r"(?:\.(\d{1,18})(?:-(\d{1,18}))?)?",
    re.ASCII | re.IGNORECASE,
)
_BEGUN = re.compile(
    rf"#?([{''.join(_TYPES)}][0-9a-f]{{1,{LEAST_DIGITS - 1}}})(?:\.[\d-]*)?",
    re.ASCII | re.IGNORECASE,
)
_DIGITS_ALONE = re.compile(rf"#?([0-9a-f]{{{LEAST_DIGITS},64}})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortId:
    """A short id, or the beginning of one.

    Attributes:
        media_type: what its letter says.
        digits: how the document's hash begins.
        start: where the passage or the stretch begins; None for the document.
        end: where the stretch ends; None for a passage.
    """

    media_type: MediaType
    digits: str
    start: int | None = None
    end: int | None = None


def document_id(media_type: MediaType, content_hash: str) -> str:
    """Return the short id of a document."""
    return f"{LETTERS[media_type]}{content_hash[:HASH_DIGITS]}"


def passage_id(document: str, start: int) -> str:
    """Return the short id of the passage of a document that begins at a character."""
    return f"{document}.{start}"


def stretch_id(document: str, start: int, end: int) -> str:
    """Return what names the characters of a document from ``start`` up to, not with, ``end``."""
    return f"{document}.{start}-{end}"


def short_id(text: str) -> ShortId | None:
    """Return what a text names, if it has the form of a short id; an abbreviated one has."""
    found = _ID.fullmatch(text)
    if found is None:
        return None
    letter, digits, start, end = found.groups()
    return ShortId(
        media_type=_TYPES[letter.lower()],
        digits=digits.lower(),
        start=None if start is None else int(start),
        end=None if end is None else int(end),
    )


def lacking(text: str) -> str:
    """Return what a text lacks to be a short id, as the end of a sentence; empty if it is none."""
    if _BEGUN.fullmatch(text):
        return f"the beginning of an id is its letter and {LEAST_DIGITS} digits, or more"
    if _DIGITS_ALONE.fullmatch(text) and not (text.isdecimal() or text.isalpha()):
        return f"an id begins with the letter of its type: {', '.join(_TYPES)}"
    return ""
