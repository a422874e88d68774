"""Rows and names of columns beside the found part of a table."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import Row, Strip, row_of
from ingest.loaders.pdf.tables.text import Line, cell_text, distance, is_number, phrases
from ingest.loaders.printed_lines import width

_HEADER_LINES = 2
_HEADER_AWAY = 2.4  # ems between the middle of a line of names and that of the row below
_NAME_AWAY = 1.4  # ems between lines of one name
_LONGEST_NAME = 44
_ROW_AWAY = 1.3  # times the farthest distance of lines of a table to another row of it
_OVERLAP = 0.8  # ems between lines that stand partly beside each other
_BESIDE = 1.2  # ems between a table and what stands beside it
_STICKS_OUT = 4.0  # ems by which a name may be wider than the cells below it
_OTHER_SIZE = 0.15  # share by which the font of a heading differs
_EDGE = 2.0  # points by which cells of a column may be out of line


def beside_rows(
    words: Sequence[Word],
    rows: Sequence[Row],
    strips: Sequence[Strip],
    lines: Sequence[Line],
    close: float,
) -> tuple[list[Row], list[Row]]:
    """Return rows above and below those between ruling lines: every other row may be grey.

    ``close`` is the distance within which a line with a single cell continues the line above.
    """
    steps = [below.line.centre - row.line.centre for row, below in pairwise(rows)]
    far = _ROW_AWAY * max(steps)
    found: tuple[list[Row], list[Row]] = ([], [])
    span = ends_of(words, [at for row in rows for at in row.line.words])
    at = bisect_left(lines, rows[0].line.centre, key=lambda line: line.centre)
    end = bisect_left(lines, rows[-1].line.centre + 0.1, key=lambda line: line.centre)
    for kept, near, candidates in (
        (found[0], rows[0], reversed(lines[:at])),
        (found[1], rows[-1], iter(lines[end:])),
    ):
        for candidate in candidates:
            line = _within(words, candidate, span)
            if line is None:
                break
            row = row_of(words, line, strips)
            away = abs(line.centre - (kept[-1] if kept else near).line.centre)
            goes_on = bool(kept) and away <= close and set(row.filled) <= set(kept[-1].filled)
            other = abs(line.size - near.line.size) > _OTHER_SIZE * near.line.size  # a heading
            if away > far or other or row.spans or not _in_line(words, row, rows):
                break
            if len(row.filled) < 2 and not goes_on:  # noqa: PLR2004 - cells
                break
            kept.append(row)
    found[0].reverse()
    return found


def names_above(
    words: Sequence[Word], first: Row, strips: Sequence[Strip], lines: Sequence[Line]
) -> list[list[Row]]:
    """Return lines above the first row whose phrases are each above one or several columns.

    The rest of a broken name joins the line of its beginning.
    """
    found: list[list[Row]] = []
    rest: list[Row] = []
    span = ends_of(words, first.line.words)
    at = bisect_left(lines, first.line.centre - 0.5 * first.line.size, key=lambda line: line.centre)
    for candidate in reversed(lines[max(0, at - _HEADER_LINES) : at]):
        below = (rest or (found[0] if found else [first]))[0].line
        if distance(candidate, below) > _HEADER_AWAY * max(candidate.size, below.size):
            break
        line = _within(words, candidate, span)
        if line is None:
            break
        row = row_of(words, line, strips)
        told = phrases(words, line, line.apart)
        starts = [start for start, _, _ in row.spans]
        texts = [cell_text(words, phrase.words) for phrase in told]
        alone = len(told) == 1 and (not row.spans or 0 in starts)
        if any(width(text) > _LONGEST_NAME or is_number(text) for text in texts):
            break
        if alone and not overlaps(line, below):
            if row.spans or rest or not texts[0][:1].islower():
                break
            rest = [row]
            continue
        if rest and not (
            set(rest[0].filled) < set(row.filled)
            and distance(line, rest[0].line) <= _NAME_AWAY * line.size
        ):
            break
        if any(_is_parted(words, row, column) for column in row.filled):
            break
        found.insert(0, [row, *rest])
        rest = []
    return found


def _within(words: Sequence[Word], line: Line, span: tuple[float, float]) -> Line | None:
    """Return the part of a line above a table, None if its text continues beside the table."""
    left, right = span
    kept: list[int] = []
    for phrase in phrases(words, line, _BESIDE * line.size):
        if phrase.right <= left or phrase.left >= right:
            continue
        if max(left - phrase.left, phrase.right - right) > _STICKS_OUT * line.size:
            return None
        kept += phrase.words
    return replace(line, words=kept) if kept else None


def _in_line(words: Sequence[Word], row: Row, rows: Sequence[Row]) -> bool:
    """Return whether a row's cells have an edge or their middle aligned with the rows' cells."""
    for column in row.filled:
        left, right = ends_of(words, row.cells[column])
        others = [ends_of(words, one.cells[column]) for one in rows if one.cells[column]]
        if not any(
            min(abs(a - left), abs(b - right), abs(a + b - left - right) / 2) <= _EDGE
            for a, b in others
        ):
            return False
    return True


def _is_parted(words: Sequence[Word], row: Row, column: int) -> bool:
    """Return whether a line has two phrases in one column."""
    part = replace(row.line, words=row.cells[column])
    return len(phrases(words, part, row.line.apart)) > 1


def overlaps(line: Line, below: Line) -> bool:
    """Return whether two lines overlap in height, as cells of several lines do."""
    return below.centre - line.centre < _OVERLAP * max(line.size, below.size)


def ends_of(words: Sequence[Word], cell: Sequence[int]) -> tuple[float, float]:
    """Return the left and the right edge of words, of which there is at least one."""
    return min(words[at].box[0] for at in cell), max(words[at].box[2] for at in cell)
