"""Parts of a grid without walls between them: merged cells, or rows and columns without lines."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.grid import Cell, Grid
from ingest.loaders.pdf.tables.text import Line, lines_of, phrases, pieces

_ALIGNED = 0.3  # ems by which the first lines of a row's cells may differ
_BLOCK = 1.6  # ems between lines of one cell


def parted(words: Sequence[Word], grid: Grid) -> Grid:
    """Return a grid with cells split where their words form rows and columns.

    A place without walls is one merged cell only if its words are one block of text.
    """
    if all(
        cell.row_end == cell.row + 1 and cell.column_end == cell.column + 1 for cell in grid.cells
    ):
        return grid
    starts = _starts(words, grid)
    columns = len(grid.across) - 1
    open_rows = [cell for cell in grid.cells if cell.column_end - cell.column == columns > 1]
    # If one row without walls has columns, another with words in one of them has, too.
    striped = any(len(list(_by_columns(words, grid, cell))) > 1 for cell in open_rows)
    cells = [
        _trimmed(words, grid, part) if striped and cell in open_rows else part
        for cell in grid.cells
        for row in _by_rows(words, grid, cell, starts)
        for part in _by_columns(words, grid, row)
    ]
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Grid(grid.across, grid.down, tuple(cells))


def _trimmed(words: Sequence[Word], grid: Grid, cell: Cell) -> Cell:
    """Return a cell that covers the columns of its words."""
    if not cell.words:
        return cell
    first = _place(grid.across, min(words[at].box[0] for at in cell.words) + 1)
    end = _place(grid.across, max(words[at].box[2] for at in cell.words) - 1) + 1
    return replace(cell, column=first, column_end=max(end, first + 1))


def _starts(words: Sequence[Word], grid: Grid) -> dict[int, list[tuple[int, float]]]:
    """Return for each row the middle of the first line of each column's words."""
    found: dict[int, dict[int, float]] = defaultdict(dict)
    for cell in grid.cells:
        for at in cell.words:
            left, top, right, bottom = words[at].box
            row = _place(grid.down, (top + bottom) / 2)
            column = _place(grid.across, (left + right) / 2)
            middle = (top + bottom) / 2
            found[row][column] = min(found[row].get(column, middle), middle)
    return {row: list(columns.items()) for row, columns in found.items()}


def _place(edges: Sequence[float], middle: float) -> int:
    return bisect_right(edges, middle, 1, len(edges) - 1) - 1


def _by_rows(
    words: Sequence[Word], grid: Grid, cell: Cell, starts: dict[int, list[tuple[int, float]]]
) -> Iterator[Cell]:
    """Split a cell over several rows whose words begin anew in each of them."""
    if cell.row_end == cell.row + 1 or not cell.words:
        yield cell
        return
    by_row: dict[int, list[int]] = defaultdict(list)
    for at in cell.words:
        by_row[_place(grid.down, (words[at].box[1] + words[at].box[3]) / 2)].append(at)
    if len(by_row) == 1 or not _begin_anew(words, cell, by_row, starts):
        yield cell
        return
    for row, members in sorted(by_row.items()):
        yield replace(cell, row=row, row_end=row + 1, words=tuple(members))


def _begin_anew(
    words: Sequence[Word],
    cell: Cell,
    by_row: dict[int, list[int]],
    starts: dict[int, list[tuple[int, float]]],
) -> bool:
    lines = lines_of(words, cell.words)
    blocks: list[Line] = []  # their first lines
    last: Line | None = None
    for line in lines:
        if last is None or line.centre - last.centre > _BLOCK * line.size:
            blocks.append(line)
        last = line
    firsts = {row: lines_of(words, members)[0] for row, members in by_row.items()}
    aligned = {
        row: any(
            not _away(start, line)
            for column, start in starts.get(row, [])
            if not _is_own(words, line, cell, column, start)
        )
        for row, line in firsts.items()
    }
    if all(aligned.get(row, False) for row in range(cell.row, cell.row_end)):
        return True
    tops = {row for row, line in firsts.items() if any(line.words == one.words for one in blocks)}
    return len(blocks) > 1 and len(tops) == len(blocks) and all(aligned[row] for row in tops)


def _is_own(words: Sequence[Word], line: Line, cell: Cell, column: int, start: float) -> bool:
    """Return whether a start is the line's own: a column cannot be beside itself."""
    if not cell.column <= column < cell.column_end:
        return False
    alone = len(phrases(words, line, line.apart)) == 1
    return cell.column_end == cell.column + 1 or alone or _away(start, line)


def _away(start: float, line: Line) -> bool:
    return abs(start - line.centre) > _ALIGNED * line.size


def _by_columns(words: Sequence[Word], grid: Grid, cell: Cell) -> Iterator[Cell]:
    """Split a cell over several columns at edges that its words do not cross."""
    if cell.column_end == cell.column + 1 or not cell.words:
        yield cell
        return
    lines = lines_of(words, cell.words)
    inner = grid.across[cell.column + 1 : cell.column_end]
    told = [phrase for line in lines for phrase in pieces(words, line, inner)]
    cuts = [
        number
        for number in range(cell.column + 1, cell.column_end)
        if not any(
            p.left < grid.across[number] - 1 and p.right > grid.across[number] + 1 for p in told
        )
        and min(p.left for p in told) < grid.across[number] < max(p.right for p in told)
    ]
    if not cuts:
        yield cell
        return
    ends = [cell.column, *cuts, cell.column_end]
    for first, after in pairwise(ends):
        end = after
        left = grid.across[first] if first > cell.column else float("-inf")
        right = grid.across[end] if end < cell.column_end else float("inf")
        members = [
            at for at in cell.words if left <= (words[at].box[0] + words[at].box[2]) / 2 < right
        ]
        reach = max((words[at].box[2] for at in members), default=left)
        while end - first > 1 and reach <= grid.across[end - 1] + 1:
            end -= 1
        yield replace(cell, column=first, column_end=end, words=tuple(members))
