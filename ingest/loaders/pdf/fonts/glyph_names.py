"""Names and numbers of glyphs, which some readers output for text that they cannot read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ingest.loaders.pdf.page import Box, Word

_NAMES = re.compile(
    r"(?:/(?:g|c|G|C|cid|glyph|index)[:-]?\d{1,5}){2,}|(?:\(cid:\d{1,5}\))+"
    r"|(?:/[A-Za-z]{1,3}\d{1,5}){4,}"
)
_NAME = re.compile(r"/?(?:g|cid|glyph|index)\d{2,5}|(?:/[A-Za-z]{1,3}\d{1,5})+|\(cid:\d{1,5}\)")
_LEAST_NAMES = 6  # in a line, apart from each other


def without_names(words: Iterable[Word]) -> tuple[list[Word], list[Box]]:
    """Separate words into real ones, and the positions of those that name glyphs."""
    kept: list[Word] = []
    lost: list[Box] = []
    for word in words:
        if names_glyphs(word.text):
            lost.append(word.box)
        else:
            kept.append(word)
    return kept, lost


def names_glyphs(text: str) -> bool:
    """Whether a text is names or numbers of glyphs, as readers output for unknown characters."""
    if _NAMES.fullmatch(text):
        return True
    parts = text.split()
    if len(parts) > 1 and all(map(_NAMES.fullmatch, parts)):
        return True
    return len(parts) >= _LEAST_NAMES and all(map(_NAME.fullmatch, parts))
