"""Ruling lines of a page: strokes, thin boxes and the edges of boxes among its drawn paths.

PDFium's raw functions are an argument, because only one file imports pypdfium2.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.loaders.pdf.matrices import UNIT, Matrix, Place, matrix_of, moved, times
from ingest.loaders.pdf.page import Box, Rule

OBJECTS = 20_000
"""Most objects of a page to check, those inside its forms included."""
SEGMENTS = 40_000
"""Most segments of paths of a page to check."""
MOST_RULES = 2_000
"""Most ruling lines of a page; of a drawing with more, the longest stay."""

_DEPTH = 12
_PATH, _FORM = 2, 5  # FPDF_PAGEOBJ_PATH, FPDF_PAGEOBJ_FORM
_LINE_TO, _MOVE_TO = 0, 2  # FPDF_SEGMENT_LINETO, FPDF_SEGMENT_MOVETO
_THIN = 3.5  # points; a filled box no thicker is a line
_SLANT = 0.75  # points that a line may rise or bend
_DASH = 4.5  # points between two pieces of one dashed line
_SAME = 0.9  # points between lines that are drawn as one
_SHORTEST = 6.0
_PALEST = 250  # of 255; whiter lines are invisible on paper
_FRAME = 0.93  # of width and height of the page


@dataclass(slots=True)
class _Budget:
    objects: int = OBJECTS
    segments: int = SEGMENTS


def rules_of(raw: Any, page: Any, place: Place, width: float, height: float) -> list[Rule]:  # noqa: ANN401 - pypdfium2 carries no types
    """Return the ruling lines of a page in points from its top left corner as it is drawn.

    Args:
        raw: the module of PDFium's functions.
        page: PDFium's handle of the page.
        place: maps a point of the page's own space to the drawn page.
        width: of the page as it is drawn.
        height: likewise.
    """
    pieces: list[Box] = []
    budget = _Budget()
    for item, matrix in _paths(raw, page, budget):
        if budget.segments <= 0:
            break
        for box in _lines(raw, item, matrix, place, budget):
            if not _frames(box, width, height):
                pieces.extend(_within(box, width, height))
    return merged(pieces)


def merged(pieces: Iterable[Box]) -> list[Rule]:
    """Join pieces of one line, dashes and dots; return horizontal lines, then vertical ones."""
    across: list[Box] = []
    down: list[Box] = []
    for left, top, right, bottom in pieces:
        wide, high = right - left, bottom - top
        dot = max(wide, high) <= _THIN  # of a line either way
        if dot or wide >= high:
            across.append((left, top, right, bottom))
        if dot or high > wide:
            down.append((top, left, bottom, right))
    found = _joined(across)
    found += [(left, top, right, bottom) for top, left, bottom, right in _joined(down)]
    if len(found) > MOST_RULES:
        found = sorted(found, key=lambda box: box[0] - box[2] + box[1] - box[3])[:MOST_RULES]
    return [Rule(box) for box in found]


def _joined(pieces: list[Box]) -> list[Box]:
    """Join boxes in a row; the first coordinate of a box runs along it."""
    pieces.sort(key=lambda box: (box[1] + box[3]) / 2)
    found: list[Box] = []
    level: list[Box] = []
    for box in pieces:
        if level and (box[1] + box[3]) - (level[0][1] + level[0][3]) > 2 * _SAME:
            found += _along(level)
            level = []
        level.append(box)
    return found + _along(level)


def _along(level: list[Box]) -> list[Box]:
    level.sort()
    found: list[list[float]] = []
    for left, top, right, bottom in level:
        if found and left - found[-1][2] <= _DASH:
            last = found[-1]
            last[1], last[3] = min(last[1], top), max(last[3], bottom)
            last[2] = max(last[2], right)
        else:
            found.append([left, top, right, bottom])
    return [(a, b, c, d) for a, b, c, d in found if c - a >= _SHORTEST]


def _paths(raw: Any, page: Any, budget: _Budget) -> Iterator[tuple[Any, Matrix]]:  # noqa: ANN401 - see rules_of
    """Yield the paths of a page and of its forms, each with its matrix."""
    count = raw.FPDFPage_CountObjects(page)
    stack = [(page, raw.FPDFPage_GetObject, 0, count, UNIT)]
    while stack and budget.objects > 0:
        parent, get, at, count, matrix = stack.pop()
        while at < count and budget.objects > 0:
            item = get(parent, at)
            at += 1
            budget.objects -= 1
            kind = raw.FPDFPageObj_GetType(item)
            if kind == _PATH:
                yield item, matrix
            elif kind == _FORM and len(stack) < _DEPTH:
                stack.append((parent, get, at, count, matrix))
                inner = times(matrix_of(raw, item), matrix)
                inside = raw.FPDFFormObj_CountObjects(item)
                stack.append((item, raw.FPDFFormObj_GetObject, 0, inside, inner))
                break


def _lines(raw: Any, item: Any, matrix: Matrix, place: Place, budget: _Budget) -> Iterator[Box]:  # noqa: ANN401 - see rules_of
    mode, stroked = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(item, mode, stroked):
        return
    fills = bool(mode.value) and _seen(raw.FPDFPageObj_GetFillColor, item)
    strokes = bool(stroked.value) and _seen(raw.FPDFPageObj_GetStrokeColor, item)
    if not (fills or strokes):
        return
    own = times(matrix_of(raw, item), matrix)
    for points, straight in _outlines(raw, item, budget):
        if len(points) < 2:  # noqa: PLR2004 - a point is no line
            continue
        drawn = [place(*moved(own, x, y)) for x, y in points]
        if strokes:
            yield from _stroked(drawn, straight)
        if fills and all(straight):
            yield from _filled(drawn, edges=not strokes)


def _outlines(
    raw: Any,  # noqa: ANN401 - see rules_of
    item: Any,  # noqa: ANN401 - see rules_of
    budget: _Budget,
) -> Iterator[tuple[list[tuple[float, float]], list[bool]]]:
    """Yield each piece of a path: its points, and whether the way to the next one is straight."""
    points: list[tuple[float, float]] = []
    straight: list[bool] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for at in range(min(raw.FPDFPath_CountSegments(item), budget.segments)):
        budget.segments -= 1
        segment = raw.FPDFPath_GetPathSegment(item, at)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        if kind == _MOVE_TO:
            if points:
                yield points, straight
            points, straight = [(x.value, y.value)], []
        else:
            points.append((x.value, y.value))
            straight.append(kind == _LINE_TO)
        if points and raw.FPDFPathSegment_GetClose(segment) and points[-1] != points[0]:
            points.append(points[0])
            straight.append(True)
    if points:
        yield points, straight


def _stroked(points: Sequence[tuple[float, float]], straight: Sequence[bool]) -> Iterator[Box]:
    for (x1, y1), (x2, y2), line in zip(points, points[1:], straight, strict=False):
        if line and min(abs(x2 - x1), abs(y2 - y1)) <= _SLANT:
            yield min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _filled(points: Sequence[tuple[float, float]], *, edges: bool) -> Iterator[Box]:
    """Yield a thin box as a line, a larger one as its edges; no other shape."""
    if not 4 <= len(points) <= 6:  # noqa: PLR2004 - corners of a box, closed or not
        return
    across, down = [x for x, _ in points], [y for _, y in points]
    left, top, right, bottom = min(across), min(down), max(across), max(down)
    for x, y in points:
        if min(x - left, right - x) > _SLANT or min(y - top, bottom - y) > _SLANT:
            return
    if min(right - left, bottom - top) <= _THIN:
        yield left, top, right, bottom
    elif edges:
        yield left, top, right, top
        yield left, bottom, right, bottom
        yield left, top, left, bottom
        yield right, top, right, bottom


def _frames(box: Box, width: float, height: float) -> bool:
    """Return whether a line follows the page's whole edge, as its frame or background does."""
    left, top, right, bottom = box
    if right - left >= bottom - top:
        near = min(top, height - bottom) < (1 - _FRAME) / 2 * height
        return near and right - left >= _FRAME * width
    near = min(left, width - right) < (1 - _FRAME) / 2 * width
    return near and bottom - top >= _FRAME * height


def _within(box: Box, width: float, height: float) -> Iterator[Box]:
    left, top, right, bottom = box
    if left < width and top < height and right > 0 and bottom > 0:
        yield max(left, 0.0), max(top, 0.0), min(right, width), min(bottom, height)


def _seen(colour_of: Callable[..., int], item: Any) -> bool:  # noqa: ANN401 - see rules_of
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not colour_of(item, red, green, blue, alpha):
        return True  # a pattern
    return alpha.value > 0 and min(red.value, green.value, blue.value) < _PALEST
