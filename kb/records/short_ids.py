"""Short ids of documents and passages: their format, and how to parse them.

A document's id is a letter for its type and the first ten digits of its file's SHA-256 (of its
text's if there is no file): ``m7f3a9c21ab``. A passage's id adds the offset of its first character:
``m7f3a9c21ab.5120``. A stretch of text adds the offset of its end, too: ``m7f3a9c21ab.5120-6144``.

So the same file has the same id in every knowledge base and at every path, whatever the model and
the chunk size. Different content has a different id: an id never leads to a text that has replaced
the original one.
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
"""Shown digits of the hash: of 100,000 documents, two share them once in 200 libraries."""

LEAST_DIGITS = 4
"""Fewest digits of an abbreviated id."""

# No letter is a hexadecimal digit. The same bytes read as another type are another document.
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
    """A short id, or its beginning.

    Attributes:
        media_type: the type that its letter stands for.
        digits: the first digits of the document's hash.
        start: start of the passage or stretch; None for the document.
        end: end of the stretch; None for a passage.
    """

    media_type: MediaType
    digits: str
    start: int | None = None
    end: int | None = None


def document_id(media_type: MediaType, content_hash: str) -> str:
    """Return the short id of a document."""
    return f"{LETTERS[media_type]}{content_hash[:HASH_DIGITS]}"


def passage_id(document: str, start: int) -> str:
    """Return the short id of the passage that begins at a character of a document."""
    return f"{document}.{start}"


def stretch_id(document: str, start: int, end: int) -> str:
    """Return the short id of a document's characters from ``start`` up to ``end``, exclusive."""
    return f"{document}.{start}-{end}"


def short_id(text: str) -> ShortId | None:
    """Parse a short id, even an abbreviated one; return None for another text."""
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
    """Say what keeps a text from being a short id, as the end of a sentence; may be empty."""
    if _BEGUN.fullmatch(text):
        return f"the beginning of an id is its letter and {LEAST_DIGITS} digits, or more"
    if _DIGITS_ALONE.fullmatch(text) and not (text.isdecimal() or text.isalpha()):
        return f"an id begins with the letter of its type: {', '.join(_TYPES)}"
    return ""
