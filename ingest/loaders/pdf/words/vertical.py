"""Finds the characters set one below the other, as Japanese and Chinese may be.

A text object whose characters advance downwards has a font for vertical writing, and so have all
objects with this font. A program that places each character separately makes a column if wide
characters follow each other downwards. A column ends if the next drawn character is not below it: a
later character at the same position belongs to another text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pdf.page import Box
from ingest.loaders.pdf.words.glyphs import Glyph
from ingest.loaders.pdf.words.scripts import is_wide

STACKED = 4
"""Least consecutive wide characters, each right below the one before, of a column."""

_STACKED_BESIDE = 2
"""The same left of the column drawn before: the last column of a text may be short."""

_ASIDE, _ROOM, _FARTHEST, _LEAST_STEP = 0.3, 0.75, 1.6, 0.7  # sizes
_HANGING = 2.2
_NEXT_COLUMN = 4.0
_AFTER_HEAP = 4.0


@dataclass(slots=True)
class _Column:
    """A possible column: its characters by number, and how many of them are wide."""

    numbers: list[int]
    first: Glyph
    last: Glyph
    wide: int = 0

    def takes(self, glyph: Glyph) -> bool:
        """Whether the next drawn character continues the column.

        Figures and Latin letters may lie on their side in it, or be beside each other.
        """
        size = self.first.size
        upright = _is_level(glyph)
        end = self.last.y if _is_level(self.last) else self.last.ink[3]
        step = (glyph.y if upright else glyph.ink[1]) - end
        aside = abs(_middle(glyph) - _middle(self.first))
        # A character in a corner of its place, as a full stop, is at least clearly below.
        beside = upright and is_wide(glyph.text) and step < _ASIDE * size
        # Letters drawn over each other leave the room of all of them behind.
        far = _AFTER_HEAP if self.wide > 1 and aside < _ASIDE * size else _FARTHEST
        return aside < (_ASIDE if beside else _ROOM) * size and -_ASIDE * size < step < far * size

    def add(self, number: int, glyph: Glyph) -> None:
        """Append a character."""
        self.numbers.append(number)
        self.last = glyph
        self.wide += is_wide(glyph.text)


def are_vertical(glyphs: Sequence[Glyph]) -> list[bool]:
    """Return for each character of a page whether it is in a column."""
    if not any(is_wide(glyph.text) for glyph in glyphs):
        # Only the font can tell: a column has wide characters.
        drawn = [glyph for glyph in glyphs if glyph.font >= 0 and not glyph.text.isspace()]
        down = {
            two.font
            for one, two in pairwise(drawn)
            if one.drawn == two.drawn and one.y < two.y and _advances_downwards(one, two)
        }
        return [glyph.font in down for glyph in glyphs]
    fonts: set[int] = set()
    found: list[_Column] = []
    column: _Column | None = None
    beside: _Column | None = None  # the column drawn just before
    for number, glyph in enumerate(glyphs):
        if glyph.font < 0 or glyph.text.isspace():
            continue
        if column is not None:
            if column.last.drawn == glyph.drawn and _advances_downwards(column.last, glyph):
                fonts.add(glyph.font)
            if column.takes(glyph):
                column.add(number, glyph)
                continue
            beside = column if _is_column(column, beside) else None
            if beside is not None:
                found.append(beside)
        column = _Column([], glyph, glyph)
        column.add(number, glyph)
    if column is not None and _is_column(column, beside):
        found.append(column)
    blocks = _blocks(found, glyphs)
    told = [
        glyph.font in fonts
        or (is_wide(glyph.text) and _is_level(glyph) and _is_inside(glyph, blocks))
        for glyph in glyphs
    ]
    for number in _headings(glyphs, told, blocks):
        told[number] = True
    return told


def _headings(
    glyphs: Sequence[Glyph], told: Sequence[bool], blocks: Sequence[Box]
) -> Iterator[int]:
    """Yield short columns of another size beside those found, such as headings, by their numbers.

    Their characters follow each other in drawing order; small kana may extend beyond their place.
    """
    rest = [
        number
        for number, glyph in enumerate(glyphs)
        if blocks and not told[number] and is_wide(glyph.text) and _is_level(glyph)
    ]
    column: list[int] = []
    for number in [*sorted(rest, key=lambda at: glyphs[at].drawn), -1]:
        if column and (number < 0 or not _is_below_or_near(glyphs[column[-1]], glyphs[number])):
            if len(column) >= _STACKED_BESIDE and _is_heading(column, glyphs, blocks):
                yield from column
            column = []
        column.append(number)


def _is_below_or_near(one: Glyph, other: Glyph) -> bool:
    size = max(one.size, 0.1)
    return (
        abs(other.size - one.size) < _ASIDE * size
        and abs(_middle(other) - _middle(one)) < _ASIDE * size
        and -size < other.y - one.y < _HANGING * size
    )


def _is_heading(column: Sequence[int], glyphs: Sequence[Glyph], blocks: Sequence[Box]) -> bool:
    """Whether characters below each other are beside columns of text."""
    first, last = glyphs[column[0]], glyphs[column[-1]]
    down = (last.y - first.y) / max(first.size, 0.1)
    if not (len(column) - 1) * _LEAST_STEP <= down <= (len(column) - 1) * _FARTHEST:
        return False
    near = _NEXT_COLUMN * first.size
    middle = _middle(first)
    return any(
        left - near < middle < right + near and top - near < first.y < bottom
        for left, top, right, bottom in blocks
    )


def _blocks(columns: Sequence[_Column], glyphs: Sequence[Glyph]) -> list[Box]:
    """Return the area of adjacent columns, including short pieces between them."""
    blocks: list[Box] = []
    for column in columns:
        members = [glyphs[number] for number in column.numbers]
        left, right = min(g.left for g in members), max(g.right for g in members)
        top, bottom = min(g.top for g in members), max(g.bottom for g in members)
        near = _NEXT_COLUMN * column.first.size
        if blocks:
            before = blocks[-1]
            apart = max(before[0] - right, left - before[2])
            if apart < near and top < before[3] and before[1] < bottom:
                blocks[-1] = (
                    min(left, before[0]),
                    min(top, before[1]),
                    max(right, before[2]),
                    max(bottom, before[3]),
                )
                continue
        blocks.append((left, top, right, bottom))
    return blocks


def _is_inside(glyph: Glyph, blocks: Sequence[Box]) -> bool:
    across, down = _middle(glyph), (glyph.top + glyph.bottom) / 2
    return any(
        left <= across <= right and top <= down <= bottom for left, top, right, bottom in blocks
    )


def _is_column(column: _Column, beside: _Column | None) -> bool:
    """Whether enough characters are below each other; the last column of a text may be short."""
    if column.wide >= STACKED:
        return True
    if beside is None or column.wide < _STACKED_BESIDE:
        return False
    size = max(beside.first.size, 0.1)
    left = (_middle(beside.first) - _middle(column.first)) / size
    return 0 < left < _NEXT_COLUMN and abs(column.first.y - beside.first.y) < STACKED * size


def _advances_downwards(one: Glyph, two: Glyph) -> bool:
    return (
        one.font == two.font
        and _is_level(one)
        and _is_level(two)
        and abs(_middle(two) - _middle(one)) < _ASIDE * two.size
        and _LEAST_STEP * two.size < two.y - one.y < _FARTHEST * two.size
    )


def _middle(glyph: Glyph) -> float:
    return (glyph.left + glyph.right) / 2


def _is_level(glyph: Glyph) -> bool:
    return abs((glyph.angle + 180) % 360 - 180) < 1
