"""Bands behind or around every other row of a table: rows of it, not separate tables."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.pdf.tables.centred import folded
from ingest.loaders.pdf.tables.text import Line, lines_of, pieces

_SAME_PLACE = 2.0  # points by which edges of bands of one table may differ
_FEWEST_EDGES = 3  # of two columns
_MOST_LINES = 12  # of a row between two bands
_AWAY = 1.7  # ems between lines of a row, and to the row beside
_FIRST = 1.2  # ems from a band to the middle of the nearest line of a row beside it
_NEXT = 1.5  # ems between lines of that row
_MOST_BANDS = 400


@dataclass(slots=True)
class _Band:
    """Ruling lines of a part of a page, and where they stand."""

    lines: list[Box]
    top: float
    bottom: float
    left: float
    right: float
    edges: list[float]


def with_bands_joined(
    parts: Sequence[list[Box]], words: Sequence[Word], free: set[int]
) -> list[list[Box]]:
    """Return parts of a page's lines, with bands of one table joined.

    Bands have the same columns, and the words between two of them fit these columns. A row without
    a band at the top or the bottom gets its missing line.
    """
    bands = sorted((_band(lines) for lines in parts), key=lambda band: (band.top, band.left))
    boxed = [band for band in bands if len(band.edges) >= _FEWEST_EDGES]
    lone = [band for band in bands if len(band.edges) < _FEWEST_EDGES]
    if not boxed or len(boxed) > _MOST_BANDS:
        return list(parts)
    page = lines_of(words, free)
    stacks: list[list[_Band]] = []
    for band in boxed:
        above = next((one for one in reversed(stacks) if _alike(one[-1], band)), None)
        if above and _is_row(words, page, band, above[-1].bottom, band.top):
            above.append(band)
        else:
            stacks.append([band])
    for stack in stacks:
        if len(stack) > 1:
            _with_lone(words, page, stack, lone)
            _with_ends(words, folded(words, page), stack, bands)
    return [[box for band in stack for box in band.lines] for stack in stacks] + [
        band.lines for band in lone if band.lines
    ]


def _band(lines: list[Box]) -> _Band:
    upright = sorted((a + c) / 2 for a, b, c, d in lines if c - a < d - b)
    edges: list[float] = []
    for place in upright:
        if not edges or place - edges[-1] > 2 * _SAME_PLACE:
            edges.append(place)
    return _Band(
        list(lines),
        min(box[1] for box in lines),
        max(box[3] for box in lines),
        min(box[0] for box in lines),
        max(box[2] for box in lines),
        edges,
    )


def _alike(above: _Band, below: _Band) -> bool:
    """Return whether two bands one below the other have the same columns."""
    if len(above.edges) != len(below.edges) or below.top < above.bottom - _SAME_PLACE:
        return False
    return all(abs(a - b) <= _SAME_PLACE for a, b in zip(above.edges, below.edges, strict=True))


def _is_row(
    words: Sequence[Word], page: Sequence[Line], band: _Band, top: float, bottom: float
) -> bool:
    """Return whether words between two heights are cells of a band's columns, side by side."""
    first = bisect_left(page, top, key=lambda line: line.centre)
    lines = []
    for line in page[first : first + _MOST_LINES + 1]:
        if line.centre > bottom:
            break
        inside = _beside(words, line, band)
        if inside:
            lines.append(replace(line, words=inside))
    if not 0 < len(lines) <= _MOST_LINES:
        return False
    columns: set[int] = set()
    for line in lines:
        told = columns_of(words, line, band.edges)
        if told is None:
            return False
        columns |= told
    room = lines[0].top - top <= _AWAY * lines[0].size
    return room and bottom - lines[-1].bottom <= _AWAY * lines[-1].size and len(columns) > 1


def _beside(words: Sequence[Word], line: Line, band: _Band) -> list[int]:
    """Return a line's words above or below a band."""
    return [
        at for at in line.words if words[at].box[2] > band.left and words[at].box[0] < band.right
    ]


def columns_of(words: Sequence[Word], line: Line, edges: Sequence[float]) -> set[int] | None:
    """Return the columns between edges with phrases of a line, None if a phrase crosses one."""
    found: set[int] = set()
    for phrase in pieces(words, line, edges):
        before = sum(edge <= phrase.left + 1 for edge in edges)
        if before != sum(edge < phrase.right - 1 for edge in edges):
            return None
        found.add(before)
    return found


def _with_lone(
    words: Sequence[Word], page: Sequence[Line], stack: list[_Band], lone: Sequence[_Band]
) -> None:
    """Include the line above the names of columns and the one below the last row."""
    first, last = stack[0], stack[-1]
    for band in lone:
        if not band.lines or max(abs(band.left - first.left), abs(band.right - first.right)) > (
            2 * _SAME_PLACE
        ):
            continue
        if (
            band.bottom <= first.top + _SAME_PLACE
            and _is_row(words, page, first, band.bottom, first.top)
        ) or (
            band.top >= last.bottom - _SAME_PLACE
            and _is_row(words, page, last, last.bottom, band.top)
        ):
            first.lines += band.lines
            first.top, last.bottom = min(first.top, band.top), max(last.bottom, band.bottom)
            band.lines = []


def _with_ends(
    words: Sequence[Word], page: Sequence[Line], stack: list[_Band], bands: Sequence[_Band]
) -> None:
    """Draw the edge of a first or last row without a band, if there is one."""
    first, last = stack[0], stack[-1]
    for band, edge, lines in (
        (first, first.top, [line for line in reversed(page) if line.centre < first.top]),
        (last, last.bottom, [line for line in page if line.centre > last.bottom]),
    ):
        reached = _reached(words, lines, band, edge)
        between = sorted((edge, reached))
        if reached != edge and not any(
            between[0] < other.top < between[1] or between[0] < other.bottom < between[1]
            for other in bands
            if other.lines
            and other is not band
            and other.right > band.left
            and other.left < band.right
        ):
            band.lines.append((band.left, reached, band.right, reached))


def _reached(words: Sequence[Word], lines: Sequence[Line], band: _Band, edge: float) -> float:
    """Return how far lines beside an edge continue in a band's columns, up or down."""
    reached, near, several = edge, edge, False
    for number, line in enumerate(lines):
        inside = _beside(words, line, band)
        if not inside:
            break
        below = line.centre > edge
        start = line.top + line.size / 2 if below else line.bottom - line.size / 2
        far = abs(start - near) > (_NEXT if number else _FIRST) * line.size
        told = columns_of(words, line, [band.left, *band.edges[1:-1], band.right])
        if far or told is None or len(inside) < len(line.words):
            break
        low = below and number and words[inside[0]].text[:1].islower()  # the rest of a cell
        if len(told) < 2 and ((1 in told and not low) or (below and not number)):  # noqa: PLR2004 - text beside
            break
        several = several or len(told) > 1
        near = line.bottom - line.size / 2 if below else line.top + line.size / 2
        reached = line.top - 1 if line.centre < edge else line.bottom + 1
    return reached if several else edge
