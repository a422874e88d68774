"""Rows without lines under a band of boxed names: the boxes define the columns."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.centred import folded
from ingest.loaders.pdf.tables.columns import Row
from ingest.loaders.pdf.tables.grid import Grid
from ingest.loaders.pdf.tables.rows import grouped, is_rest, table_from
from ingest.loaders.pdf.tables.stripes import columns_of
from ingest.loaders.pdf.tables.text import Line, distance
from ingest.loaders.pdf.tables.value import Table

_FEWEST_NAMES = 3
_FEWEST_ROWS = 2
_FIRST = 1.6  # ems from the band to the middle of the first line
_NEXT = 2.2  # ems between lines


def with_rows_below(
    words: Sequence[Word], grid: Grid, names: Table, page: Sequence[Line], free: set[int]
) -> Table:
    """Return a table of one row with the lines below that fit its columns."""
    told = [cell for cell in grid.cells if cell.words]
    if len(names.rows) != 1 or len(told) < _FEWEST_NAMES or len(told) != len(grid.across) - 1:
        return names
    rows: list[Row] = []
    near = grid.down[-1]
    start = bisect_left(page, near, key=lambda line: line.centre)
    for line in _under(words, grid, page[start:], free):
        away = distance(rows[-1].line, line) if rows else line.top + line.size / 2 - near
        columns = columns_of(words, line, grid.across)
        if columns is None or away > (_NEXT if rows else _FIRST) * line.size:
            break
        row = Row(line, [[] for _ in told])
        for at in line.words:
            middle = (words[at].box[0] + words[at].box[2]) / 2
            row.cells[bisect_right(grid.across, middle, 1, len(grid.across) - 1) - 1].append(at)
        if len(columns) == 1 and (not rows or (1 in columns and not is_rest(words, rows, row))):
            break
        rows.append(row)
    full = bool(rows) and len(rows[0].filled) == len(told)
    if not full and sum(len(row.filled) >= _FEWEST_NAMES for row in rows) < _FEWEST_ROWS:
        return names
    first = Row(replace(rows[0].line), [list(cell.words) for cell in told])
    return table_from(words, [[first], *grouped(words, rows)], header_rows=1)


def _under(words: Sequence[Word], grid: Grid, lines: Sequence[Line], free: set[int]) -> list[Line]:
    """Return the lines under a grid, up to the first wider one."""
    left, right = grid.across[0] - 1, grid.across[-1] + 1
    found: list[Line] = []
    for line in lines:
        inside = [
            at
            for at in line.words
            if at in free and left <= words[at].box[0] and words[at].box[2] <= right
        ]
        if len(inside) == len(line.words):
            found.append(line)
            continue
        if any(words[a].box[2] > left and words[a].box[0] < right for a in line.words):
            break  # another table, or text that goes on at the side
    return folded(words, found)
