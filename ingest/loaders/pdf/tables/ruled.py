"""Tables in boxes of ruling lines, and tables between horizontal lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ingest.loaders.merged_cells import repeated
from ingest.loaders.pdf.page import Box, Rule, Word
from ingest.loaders.pdf.tables.bands import between_lines
from ingest.loaders.pdf.tables.columns import Row
from ingest.loaders.pdf.tables.grid import Cell, Grid, components, grid_of
from ingest.loaders.pdf.tables.headed import with_rows_below
from ingest.loaders.pdf.tables.inner_rows import inner_rows
from ingest.loaders.pdf.tables.rows import grouped, table_from
from ingest.loaders.pdf.tables.stripes import with_bands_joined
from ingest.loaders.pdf.tables.text import around, cell_text, is_number, lines_of
from ingest.loaders.pdf.tables.value import Table, names_columns
from ingest.loaders.pdf.tables.walls import parted

_LAYOUT_WORDS = 90  # words of one cell from which a grid of few cells only arranges a page
_LAYOUT_CELLS = 6
_MOST_HEADER_ROWS = 3
_FEW_BANDS = 3
_FILLED = 0.2  # share of a grid's places
_SHARED = 0.5  # share of rows that have several cells
_BAND_LINES = 3
_FACT = re.compile(r"\w[:：]\s*\S.*\w[:：]\s*\S")  # "Name: … Number: …" names no column


def ruled_tables(words: Sequence[Word], rules: Sequence[Rule], free: set[int]) -> Iterator[Table]:
    """Yield the ruled tables among the free words of a page."""
    left = set(free)
    open_lines: list[Box] = []
    parts = sorted(with_bands_joined(list(components(rules)), words, left), key=_area, reverse=True)
    done: list[Box] = []
    page = lines_of(words, left)
    for lines in parts:
        if any(_holds(box, lines) for box in done):
            continue
        grid = grid_of(lines, words, left)
        table = _boxed(words, parted(words, grid)) if grid is not None else None
        if table is not None and grid is not None:
            done.append(grid.box)
            left -= table.words
            table = with_rows_below(words, parted(words, grid), table, page, left)
            left -= table.words
            yield table
        else:
            open_lines += [box for box in lines if box[2] - box[0] >= box[3] - box[1]]
    for table in between_lines(words, open_lines, left):
        left -= table.words
        yield table


def _area(lines: Sequence[Box]) -> float:
    across = max(box[2] for box in lines) - min(box[0] for box in lines)
    return across * (max(box[3] for box in lines) - min(box[1] for box in lines))


def _holds(box: Box, lines: Sequence[Box]) -> bool:
    left, top, right, bottom = box
    return all(
        a >= left - 1 and b >= top - 1 and c <= right + 1 and d <= bottom + 1
        for a, b, c, d in lines
    )


def _boxed(words: Sequence[Word], grid: Grid) -> Table | None:
    """Return the table in a grid of boxes, None if the grid is a frame or a page's layout."""
    told = [cell for cell in grid.cells if cell.words]
    rows = {cell.row for cell in told}
    columns = {cell.column for cell in told}
    members = [at for cell in told for at in cell.words]
    if len(columns) < 2 or len(told) < 3 or (len(rows) < 2 and len(columns) < 3):  # noqa: PLR2004 - a table has that many
        return None
    most = max(len(cell.words) for cell in told)
    if len(told) <= _LAYOUT_CELLS and most > _LAYOUT_WORDS:
        return None
    covered = len({at for cell in told for at in range(cell.column, cell.column_end)})
    shared = [row for row in rows if sum(cell.row <= row < cell.row_end for cell in told) > 1]
    if len(shared) < _SHARED * len(rows) or len(told) < _FILLED * len(rows) * covered:
        return None  # boxes of a form, a chart
    lines = _band_rows(words, grid, told)
    if lines is not None:
        return table_from(words, lines)
    header = _header_rows(words, grid, told)
    texts = [[""] * (len(grid.across) - 1) for _ in range(len(grid.down) - 1)]
    for cell in told:
        _write(texts, cell, cell_text(words, cell.words), header)
    kept = [row for row in range(len(texts)) if any(c.row == row for c in told)]
    # A merged cell may be alone in a band between two lines: the band is then no separate row.
    used = [at for at in range(len(grid.across) - 1) if any(texts[row][at] for row in kept)]
    whole = around(words, members)
    shown: list[tuple[str, ...]] = []
    boxes: list[Box] = []
    for row in kept:
        beside = [cell for cell in told if cell.row <= row < cell.row_end]
        parts = (inner_rows(words, grid, beside) if row >= header else None) or [texts[row]]
        high = (grid.down[row + 1] - grid.down[row]) / len(parts)
        for number, part in enumerate(parts):
            shown.append(tuple(part[at] for at in used))
            top = grid.down[row] + number * high
            boxes.append((whole[0], top, whole[2], top + high))
    heads = sum(row < header for row in kept)
    if heads == 1 and not names_columns(shown):
        heads = 0
    return Table(whole, tuple(shown), tuple(boxes), frozenset(members), heads)


def _write(texts: list[list[str]], cell: Cell, text: str, header: int) -> None:
    """Repeat a merged cell in every row that it covers, and in a header for each column, too."""
    for row in range(cell.row, cell.row_end):
        below = row > cell.row
        again = repeated(text) if below else text
        texts[row][cell.column] = texts[row][cell.column] or again
        if cell.row < header:
            for column in range(cell.column + 1, cell.column_end):
                texts[row][column] = texts[row][column] or repeated(text)


def _header_rows(words: Sequence[Word], grid: Grid, told: Sequence[Cell]) -> int:
    """Count rows at the top that name columns: merged cells of names extend over several."""
    first = [cell for cell in told if cell.row == told[0].row]
    if any(_FACT.search(cell_text(words, cell.words)) for cell in first):
        return 0
    end = min(max(cell.row_end for cell in first), _MOST_HEADER_ROWS)
    spans = [cell for cell in first if cell.column_end - cell.column > 1]
    columns = len(grid.across) - 1
    if len(first) == 1 and spans and spans[0].column_end - spans[0].column >= columns:
        end = told[0].row_end  # a title over the whole table
        below = [cell for cell in told if cell.row == end]
        if len(below) > 1 and not any(is_number(cell_text(words, c.words)) for c in below):
            end += 1
    elif spans and end < _MOST_HEADER_ROWS and end == told[0].row + 1:
        below = [cell for cell in told if cell.row == end]
        if below and not any(is_number(cell_text(words, c.words)) for c in below):
            end += 1
    return end if end < len(grid.down) - 1 else 0


def _band_rows(words: Sequence[Word], grid: Grid, told: Sequence[Cell]) -> list[list[Row]] | None:
    """Return rows if lines between them are missing, None if all are drawn."""
    columns = len(grid.across) - 1
    bands = sorted({cell.row for cell in told})
    if any(cell.row_end - cell.row > 1 for cell in told):
        return None
    groups: list[list[Row]] = []
    divided = False
    for band in bands:
        cells = [cell for cell in told if cell.row == band]
        rows = []
        for line in lines_of(words, [at for cell in cells for at in cell.words]):
            row = Row(line, [[] for _ in range(columns)])
            for at in line.words:
                middle = (words[at].box[0] + words[at].box[2]) / 2
                row.cells[min(max(bisect_right(grid.across, middle) - 1, 0), columns - 1)].append(
                    at
                )
            rows.append(row)
        for cell in cells:
            if cell.column_end - cell.column > 1 and rows:
                rows[0].spans.append((cell.column, cell.column_end, list(cell.words)))
        parts = grouped(words, rows)
        whole = sum(len(row.filled) > 1 for row in rows)
        several = len(rows) >= _BAND_LINES and len(parts) >= _BAND_LINES
        enough = several and whole >= 0.7 * len(parts) and len(bands) <= _FEW_BANDS
        if enough or (len(rows) > 1 and len(parts) == len(rows) and _are_rows(words, rows)):
            divided = True
            groups += parts
        else:
            groups.append(rows)
    return groups if divided else None


def _are_rows(words: Sequence[Word], rows: Sequence[Row]) -> bool:
    """Return whether lines in one box of each column are rows: all are full, one column counts."""
    filled = rows[0].filled
    return all(row.filled == filled for row in rows) and any(
        all(is_number(cell_text(words, row.cells[column])) for row in rows) for column in filled
    )
