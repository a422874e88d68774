"""Sorts the boxes of text in a picture into the order in which a person reads them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pictures.rules import Bounds

_MAX_CUTS = 40  # a page nests far less

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """One stretch of text: its four corners, clockwise from the top left, in pixels.

    ``words`` are its words, each with its beginning and end along the box, in [0, 1]; () if
    unknown.
    """

    corners: tuple[Point, Point, Point, Point]
    text: str
    score: float
    words: tuple[tuple[str, float, float], ...] = ()

    @property
    def bounds(self) -> Bounds:
        """The upright rectangle around it."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return (min(xs), min(ys), max(xs), max(ys))


@dataclass(frozen=True, slots=True)
class _Flat:
    """A box after turning the page upright."""

    box: Box
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def reading_order(boxes: Sequence[Box]) -> list[list[list[Box]]]:
    """Return paragraphs of lines of boxes.

    The page is first turned upright by the median slope of its lines: at two degrees the left end
    of a line is lower than the right end of the next. Then it is cut along its white gaps, first
    into bands, then columns, repeatedly until no gap is left.
    """
    if not boxes:
        return []
    angle = skew(boxes)
    flat = [_turn(box, angle) for box in boxes]
    heights = sorted(item.height for item in flat)
    size = max(heights[len(heights) // 2], 1.0)
    return [
        [[item.box for item in line] for line in paragraph]
        for block in _cut(flat, size)
        for paragraph in _paragraphs(_lines(block), size)
    ]


def skew(boxes: Sequence[Box]) -> float:
    """Return the median angle of wide boxes against the horizontal, in radians."""
    angles: list[tuple[float, float]] = []
    for box in boxes:
        (x0, y0), (x1, y1), _, (x3, y3) = box.corners
        length, height = math.dist((x0, y0), (x1, y1)), math.dist((x0, y0), (x3, y3))
        if length > 3 * height:
            angles.append((math.atan2(y1 - y0, x1 - x0), length))
    if not angles:
        return 0.0
    angles.sort()
    half, seen = sum(length for _, length in angles) / 2, 0.0
    for angle, length in angles:
        seen += length
        if seen >= half:
            return angle
    return 0.0


def _turn(box: Box, angle: float) -> _Flat:
    cos, sin = math.cos(-angle), math.sin(-angle)
    across = [x * cos - y * sin for x, y in box.corners]
    down = [x * sin + y * cos for x, y in box.corners]
    return _Flat(box, min(across), min(down), max(across), max(down))


def _cut(items: list[_Flat], size: float) -> Iterator[list[_Flat]]:
    """Cut along the clearest gap, and cut the parts in the same way."""
    waiting = [(items, 0)]
    while waiting:
        whole, depth = waiting.pop()
        parts = _parts(whole, size) if len(whole) > 1 and depth < _MAX_CUTS else []
        if parts:
            waiting += [(part, depth + 1) for part in reversed(parts)]
        else:
            yield whole


def _parts(items: list[_Flat], size: float) -> list[list[_Flat]]:
    """Cut once: a wide column gap takes precedence over a usual paragraph gap."""
    for along, least in (("y", 1.6), ("x", 1.0), ("y", 0.9)):
        parts = _split(items, along, least * size)
        if len(parts) > 1 and (along == "y" or _are_columns(parts)):
            return parts
    return []


def _split(items: list[_Flat], along: str, least: float) -> list[list[_Flat]]:
    spans = sorted(
        ((i.top, i.bottom, i) if along == "y" else (i.left, i.right, i) for i in items),
        key=lambda span: span[:2],
    )
    parts: list[list[_Flat]] = [[]]
    reach = spans[0][1]
    for start, end, item in spans:
        if start - reach > least:
            parts.append([])
        parts[-1].append(item)
        reach = max(reach, end)
    return parts


def _are_columns(parts: list[list[_Flat]]) -> bool:
    """Whether parts side by side are columns of prose rather than the cells of a table.

    Prose has several long lines per column; a table is better read row by row.
    """
    long = 0
    for part in parts:
        lines = [item for item in part if item.right - item.left > 8 * item.height]
        long += len(lines) >= 3 and len(lines) * 2 >= len(part)  # noqa: PLR2004 - see docstring
    return long >= 2  # noqa: PLR2004 - two columns make columns


def _lines(block: list[_Flat]) -> list[list[_Flat]]:
    lines: list[list[_Flat]] = []
    for item in sorted(block, key=lambda i: (i.top + i.bottom) / 2):
        middle = (item.top + item.bottom) / 2
        line = lines[-1] if lines else None
        if line is not None and middle < sum((i.top + i.bottom) / 2 for i in line) / len(
            line
        ) + 0.5 * min(item.height, line[0].height):
            line.append(item)
        else:
            lines.append([item])
    for line in lines:
        line.sort(key=lambda i: i.left)
    return lines


def _paragraphs(lines: list[list[_Flat]], size: float) -> list[list[list[_Flat]]]:
    """Split lines where the gap above one is clearly wider than the block's usual gap."""
    if not lines:
        return []
    gaps = [
        min(i.top for i in below) - max(i.bottom for i in above) for above, below in pairwise(lines)
    ]
    usual = sorted(gaps)[len(gaps) // 2] if gaps else 0.0
    paragraphs = [[lines[0]]]
    for gap, line in zip(gaps, lines[1:], strict=True):
        if gap > usual + 0.6 * size:
            paragraphs.append([])
        paragraphs[-1].append(line)
    return paragraphs
