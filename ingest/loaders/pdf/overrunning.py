"""Text that extends beyond the edge of its page: a fault of typesetting instead of hidden text.

A line that begins on the page and is too long for it, or a table that is too high, is read whole.
Text apart from everything visible is not read, nor text that somebody cropped away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.loaders.pdf.words.glyphs import Glyph, Glyphs

_BESIDE = 1.0  # ems between words of one line
_BELOW = 2.8  # ems between base lines
_LEVEL = 0.3  # ems by which letters of one line may differ
_LEAN = 1.0  # degrees
_CROPPED = 1.0  # points between the paper's edge and that of what is shown of it


def is_cropped(page: Any) -> bool:  # noqa: ANN401 - pypdfium2 carries no types
    """Whether a page shows only a part of its paper; call it under PDFium's lock."""
    paper, shown = page.get_mediabox(), page.get_cropbox()
    if paper is None or shown is None:
        return False
    return any(abs(a - b) > _CROPPED for a, b in zip(paper, shown, strict=True))


def overrunning(outside: Sequence[Glyph], page: Glyphs) -> set[int]:
    """Return the identities of characters outside a page that continue text on it."""
    beyond = {id(glyph) for glyph in outside}
    told = [g for g in page.glyphs if g.font >= 0 and g.size > 0 and not g.text.isspace()]
    lines = _lines(g for g in told if min(g.angle, 360 - g.angle) <= _LEAN)
    kept: set[int] = set()
    for line in lines:
        kept |= _along(line, beyond)
        kept |= _along(line[::-1], beyond)
    kept |= _down(lines, beyond, kept)
    kept |= _down(lines[::-1], beyond, kept)
    if not kept:
        return kept
    return kept | _spaces(outside, kept)


def _lines(glyphs: Iterable[Glyph]) -> list[list[Glyph]]:
    """Return letters by base line, from the top, each from left to right."""
    lines: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda g: g.y):
        if lines and glyph.y - lines[-1][0].y <= _LEVEL * glyph.size:
            lines[-1].append(glyph)
        else:
            lines.append([glyph])
    for line in lines:
        line.sort(key=lambda g: g.x)
    return lines


def _along(line: Sequence[Glyph], beyond: set[int]) -> set[int]:
    """Return the letters after those on the page, in the given order of a line."""
    kept: set[int] = set()
    last: Glyph | None = None
    for glyph in line:
        if id(glyph) not in beyond:
            last = glyph
        elif last is not None and _gap(last, glyph) <= _BESIDE * max(glyph.size, last.size):
            kept.add(id(glyph))
            last = glyph
    return kept


def _gap(one: Glyph, other: Glyph) -> float:
    return max(one.left, other.left) - min(one.right, other.right)


def _down(lines: Sequence[Sequence[Glyph]], beyond: set[int], kept: set[int]) -> set[int]:
    """Return the lines after those on the page, in the given order."""
    more: set[int] = set()
    last: Sequence[Glyph] | None = None
    for line in lines:
        if any(id(glyph) not in beyond for glyph in line):
            last = line
        elif last is not None and _follows(last, line):
            more |= {id(glyph) for glyph in line}
            last = line
    return more - kept


def _follows(last: Sequence[Glyph], line: Sequence[Glyph]) -> bool:
    # The cells of a row may have different heights: they need not be above one another.
    return abs(line[0].y - last[0].y) <= _BELOW * max(glyph.size for glyph in line)


def _spaces(outside: Sequence[Glyph], kept: set[int]) -> set[int]:
    """Return the spaces among kept letters, which belong to their text objects."""
    objects = {glyph.drawn for glyph in outside if id(glyph) in kept}
    return {id(g) for g in outside if g.text.isspace() and g.drawn in objects}
