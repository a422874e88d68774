"""Ligatures of TeX's fonts in files that a Mac saved again: "di↵erent", "e cient".

Its PDF writer gives these glyphs codes of their own and names wrong characters for them: U+21B5 for
ff, and U+0000 for ffi and ffl. The following letters distinguish those ("office", "baffled").
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from ingest.loaders.pdf.words.glyphs import Glyph, Glyphs

_TEXT_FONT = re.compile(
    r"(?:[A-Z]{6}\+)?(?:cm|sf|lm)(?:r|b|bx|bxti|ti|sl|ss|ssbx|rm|roman)\w*", re.IGNORECASE
)
_WRONG = frozenset("↵\x00")
_VOWELS = frozenset("aeiouyAEIOUY")


def with_ligatures(page: Glyphs) -> Glyphs:
    """Return a page with the letters of ligatures in place of wrong characters."""
    fonts = {at for at, font in enumerate(page.fonts) if _TEXT_FONT.fullmatch(font.name)}
    if not any(glyph.text in _WRONG and glyph.font in fonts for glyph in page.glyphs):
        return page
    ends = [None, *page.glyphs, None]
    kept = [
        _read(before, glyph, after) if glyph.text in _WRONG and glyph.font in fonts else glyph
        for (before, glyph), (_, after) in pairwise(pairwise(ends))
        if glyph is not None
    ]
    return replace(page, glyphs=tuple(kept))


def _read(before: Glyph | None, glyph: Glyph, after: Glyph | None) -> Glyph:
    beside = [one.text for one in (before, after) if one is not None and one.font >= 0]
    if glyph.unmapped or not any(text.isalpha() for text in beside):
        return glyph
    if glyph.text == "↵":
        return glyph._replace(text="ff")
    follows = after.text[:1] if after is not None else ""
    return glyph._replace(text="ffl" if follows in _VOWELS else "ffi")
