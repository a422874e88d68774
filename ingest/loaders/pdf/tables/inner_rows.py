"""Rows of a grid whose ruling lines separate groups of rows: each line with numbers is a row."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ingest.loaders.merged_cells import repeated
from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.grid import Cell, Grid
from ingest.loaders.pdf.tables.text import Line, cell_text, is_number, lines_of

_MOST_LINES = 60
_FEWEST_COUNTED = 2  # columns of numbers that show rows although other cells are beside several
_UNFINISHED = ("-", "–", "—", "/", ",")  # the first half of a range

Cells = list[list[int]]


def inner_rows(words: Sequence[Word], grid: Grid, cells: Sequence[Cell]) -> list[list[str]] | None:
    """Return the rows inside a row of a grid, None for a single row.

    Args:
        words: of the page.
        grid: that lines draw.
        cells: those of one of its rows, none of which covers others.
    """
    if any(c.column_end - c.column > 1 or c.row_end - c.row > 1 for c in cells):
        return None
    lines = lines_of(words, [at for cell in cells for at in cell.words])
    if not 1 < len(lines) <= _MOST_LINES:
        return None
    told = [_cells(words, grid, line) for line in lines]
    columns = range(len(grid.across) - 1)
    texts = [[cell_text(words, row[at]) if row[at] else "" for at in columns] for row in told]
    counted = [at for at in columns if _counts([row[at] for row in texts])]
    rows = [row for row in texts if any(row[at] for at in counted)]
    if len(rows) < 2 or any(not row[at] for row in rows for at in counted):  # noqa: PLR2004 - rows
        return None
    full = len(rows) == len(texts) and all(
        all(row[at] for row in rows) or not any(row[at] for row in rows) for at in columns
    )
    if full and counted:
        return rows
    if len(counted) < _FEWEST_COUNTED:
        return None
    return _with_shared(words, told, rows, [at for at in columns if at not in counted])


def _with_shared(
    words: Sequence[Word], told: Sequence[Cells], rows: list[list[str]], others: Sequence[int]
) -> list[list[str]]:
    """Repeat a cell beside several rows in each of them, unless each row has its own."""
    for at in others:
        own = [row[at] for row in rows]
        if all(own):
            continue
        whole = (
            cell_text(words, [word for row in told for word in row[at]])
            if any(row[at] for row in told)
            else ""
        )
        for number, row in enumerate(rows):
            row[at] = repeated(whole) if number else whole
    return rows


def _counts(cells: Sequence[str]) -> bool:
    told = [cell for cell in cells if cell]
    numbers = len(told) > 1 and all(map(is_number, told))
    return numbers and not any(cell.endswith(_UNFINISHED) for cell in told)


def _cells(words: Sequence[Word], grid: Grid, line: Line) -> Cells:
    row: Cells = [[] for _ in range(len(grid.across) - 1)]
    for at in line.words:
        middle = (words[at].box[0] + words[at].box[2]) / 2
        row[min(max(bisect_right(grid.across, middle) - 1, 0), len(row) - 1)].append(at)
    return row
