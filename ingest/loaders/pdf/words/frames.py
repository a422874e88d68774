"""Turns a page's characters upright: one frame for each direction of its text.

A frame is the page turned so that its lines run from left to right and follow each other downwards.
A table printed sideways has its own frame, and so has a note up the margin. Columns of Japanese are
such lines too: they run down and follow each other leftwards, like text turned by a quarter
clockwise.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from ingest.loaders.pdf.page import Box
from ingest.loaders.pdf.turning import QUARTER, Turn
from ingest.loaders.pdf.words.glyphs import Glyph, Glyphs
from ingest.loaders.pdf.words.scripts import is_leftward
from ingest.loaders.pdf.words.vertical import are_vertical

_NEAR = 12.0
"""Degrees by which a line may lean and still count as parallel to an edge of the page."""

_EDGES = frozenset({0, QUARTER, 2 * QUARTER, 3 * QUARTER})
_LEANS = 0.3
_MAX_SLANTS = 24
_LETTER = 0.6
_MEASURED = 200
_LOWEST, _HIGHEST = 0.2, 1.5
"""Usual height of a drawn letter in sizes of its font, and its range."""

_LARGEST_HANG = 0.15
"""Of a letter over what follows it, in sizes."""

_ASCENT, _DESCENT = 0.8, 0.2
"""Height of a line above and below its base line, in sizes: fonts' own figures vary too much."""


class Sign(NamedTuple):
    """A character in its frame: from ``left`` to ``right`` on the line at ``base``.

    ``ink_left`` and ``ink_right`` bound its drawing. ``font`` is -1 for characters that PDFium
    added. ``down`` means that it is upright in a column. ``hang`` is how far a letter of a script
    that runs leftwards extends over the next one.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    ink_left: float
    ink_right: float
    font: int
    drawn: int
    hyphen: bool
    down: bool = False
    hang: float = 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The page turned for reading some of its text; ``visible`` counts its characters."""

    turn: Turn
    signs: tuple[Sign, ...]
    visible: int


def frames_of(page: Glyphs) -> list[Frame]:
    """Return the frames of a page, the one with most text first."""
    vertical = are_vertical(page.glyphs)
    scale = _scales(page)
    parts: dict[float, list[tuple[Glyph, bool]]] = {}
    last: float = 0
    for glyph, down in zip(page.glyphs, vertical, strict=True):
        if glyph.font >= 0:
            angle = glyph.angle + (QUARTER if down else 0)
            last = angle if angle in _EDGES else _direction(angle, parts)
        parts.setdefault(last, []).append((glyph, down))
    frames = [_frame(page, angle, found, scale) for angle, found in parts.items()]
    return sorted(frames, key=lambda frame: (-frame.visible, frame.turn.angle))


def _direction(angle: float, known: dict[float, list[tuple[Glyph, bool]]]) -> float:
    """Return the nearest edge's direction, or the slant itself in whole degrees."""
    edge = round(angle / QUARTER) * QUARTER
    if abs(angle - edge) <= _NEAR or len(known) > _MAX_SLANTS:
        return edge % 360
    return round(angle) % 360


def _scales(page: Glyphs) -> dict[int, float]:
    """Return factors for the sizes of fonts whose letters are drawn much larger or smaller.

    A font made of drawings may call any height 1.
    """
    heights: dict[int, list[float]] = {}
    for glyph in page.glyphs:
        if glyph.font >= 0 and glyph.text.isalnum():
            left, top, right, bottom = glyph.ink
            along = round(glyph.angle / QUARTER) % 2
            height = (right - left) if along else (bottom - top)
            found = heights.setdefault(glyph.font, [])
            if glyph.size > 0 and height > 0 and len(found) < _MEASURED:
                found.append(height / glyph.size)
    out = {}
    for font, found in heights.items():
        ratio = median(found) if found else _LETTER
        if not _LOWEST < ratio < _HIGHEST:
            out[font] = ratio / _LETTER
    return out


def _frame(
    page: Glyphs,
    angle: float,
    found: Sequence[tuple[Glyph, bool]],
    scale: dict[int, float],
) -> Frame:
    if angle % QUARTER:
        return _slanted(page, angle, found)
    upright, width, height = _upright(page, angle)
    lean = _lean([glyph.angle - angle for glyph, down in found if glyph.font >= 0 and not down])
    signs = []
    visible = 0
    for glyph, down in found:
        size = glyph.size * scale.get(glyph.font, 1.0) if scale else glyph.size
        if angle:
            (u1, v1), (u2, v2) = upright(glyph.left, glyph.top), upright(glyph.right, glyph.bottom)
            left, right, under = min(u1, u2), max(u1, u2), max(v1, v2)
            ink = [upright(glyph.ink[0], glyph.ink[1])[0], upright(glyph.ink[2], glyph.ink[3])[0]]
            ink_left, ink_right = min(ink), max(ink)
            base = upright(glyph.x, glyph.y)[1]
            if down:
                base = under - _DESCENT * size
                middle = (left + right) / 2
                left, right = middle - size / 2, middle + size / 2
        else:
            left, right, base = glyph.left, glyph.right, glyph.y
            ink_left, ink_right = glyph.ink[0], glyph.ink[2]
        if lean:
            base -= (left - width / 2) * lean
        shown = glyph.font >= 0 and not glyph.text.isspace()
        visible += shown
        if shown and right - left < 0.01 * size:
            right = max(ink_right, left)
        hang = 0.0
        if is_leftward(glyph.text):
            hang = _hang(upright(glyph.x, glyph.y)[0] - left, size)
        signs.append(
            Sign(
                glyph.text, left, right, base, size, ink_left, ink_right,
                glyph.font, glyph.drawn, glyph.hyphen, down,
                hang,
            )
        )  # fmt: skip
    if any(down for _, down in found):
        signs.sort(key=lambda sign: sign.drawn)  # PDFium sorts what stands on one line
    return Frame(Turn(angle, width, height), tuple(signs), visible)


def _hang(hang: float, size: float) -> float:
    """Return how far a letter begins before its origin; 0 if its origin is at its other end."""
    return hang if 0 < hang < _LARGEST_HANG * size else 0.0


def _upright(
    page: Glyphs, angle: float
) -> tuple[Callable[[float, float], tuple[float, float]], float, float]:
    """Return the map from the page to the turned page, and the turned page's size."""
    width, height = page.width, page.height
    if angle == QUARTER:
        return (lambda x, y: (y, width - x)), height, width
    if angle == 2 * QUARTER:
        return (lambda x, y: (width - x, height - y)), width, height
    if angle == 3 * QUARTER:
        return (lambda x, y: (height - y, x)), height, width
    return (lambda x, y: (x, y)), width, height


def _lean(angles: Sequence[float]) -> float:
    """Return the slope of lines that lean a little, as in crooked scans."""
    if not angles:
        return 0.0
    near = [(angle + 180) % 360 - 180 for angle in angles]
    ((most, times),) = Counter(round(angle, 1) for angle in near).most_common(1)
    lean = most if times * 3 > len(near) else median(near)
    return math.tan(math.radians(lean)) if _LEANS < abs(lean) <= _NEAR else 0.0


def _slanted(page: Glyphs, angle: float, found: Sequence[tuple[Glyph, bool]]) -> Frame:
    """Return the frame of text across the page, such as a stamp or a watermark."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    places = [(g.x * cos + g.y * sin, g.y * cos - g.x * sin) for g, _ in found]
    signs = []
    visible = 0
    for at, (glyph, _) in enumerate(found):
        left, base = places[at]
        right = left + 0.5 * glyph.size
        if at + 1 < len(found) and found[at + 1][0].drawn == glyph.drawn:
            right = left + min(max(places[at + 1][0] - left, 0), glyph.size)
        shown = glyph.font >= 0 and not glyph.text.isspace()
        visible += shown
        signs.append(
            Sign(
                glyph.text, left, right, base, glyph.size, left, right,
                glyph.font, glyph.drawn, glyph.hyphen,
            )
        )  # fmt: skip
    return Frame(Turn(angle, page.width, page.height), tuple(signs), visible)


def line_box(left: float, right: float, base: float, size: float) -> Box:
    """Return the box of characters of one size on a line."""
    return left, base - _ASCENT * size, right, base + _DESCENT * size
