"""Fonts with letters of one width: from the letters' measures, else from the file."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache

from ingest.loaders.pdf.words.glyphs import Font, Glyphs

_NARROW = frozenset("iljtfrI1.,:;'|!")
_BROAD = frozenset("mwMWOQGDN@%")
_SAME = 0.03
_FEW = 5  # letters of which some are narrow in most fonts
_NAMES = ("courier", "mono", "consol", "typewriter", "menlo", "monaco", "fixed", "cmtt", "lmtt")


def fixed_fonts(page: Glyphs) -> frozenset[int]:
    """Return the page's fonts for code, by number."""
    narrow: dict[int, list[float]] = defaultdict(list)
    broad: dict[int, list[float]] = defaultdict(list)
    other: dict[int, list[float]] = defaultdict(list)
    ascii_letters: dict[int, set[str]] = defaultdict(set)
    for glyph in page.glyphs:
        if glyph.font < 0 or glyph.size <= 0 or not "!" <= glyph.text <= "~":
            continue
        ascii_letters[glyph.font].add(glyph.text)
        kind = narrow if glyph.text in _NARROW else broad if glyph.text in _BROAD else other
        across = _runs_across(glyph.angle)
        width = glyph.right - glyph.left if across else glyph.bottom - glyph.top
        kind[glyph.font].append(width / glyph.size)
    found = set()
    for number, font in enumerate(page.fonts):
        if not ascii_letters[number]:
            continue
        small, large = narrow[number], broad[number]
        if small and large:
            if max(large) - min(small) <= _SAME:
                found.add(number)
        elif _is_called_fixed(font) or (
            # Keywords in bold may have no broad letter.
            small
            and len(ascii_letters[number]) >= _FEW
            and max(small + other[number]) - min(small + other[number]) <= _SAME
        ):
            found.add(number)
    return frozenset(found)


@lru_cache(maxsize=1024)
def _runs_across(angle: float) -> bool:
    turn = math.radians(angle)
    return abs(math.cos(turn)) >= abs(math.sin(turn))


def _is_called_fixed(font: Font) -> bool:
    name = font.name.lower()
    return font.fixed or any(part in name for part in _NAMES)
