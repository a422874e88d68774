"""Tables with ruling lines: boxed cells, or lines across between rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ingest.loaders.pdf.page import Box, Rule, Word
from ingest.loaders.pdf.table_columns import (
    Row,
    Run,
    Strip,
    rows_of,
    strips_in,
    with_names_joined,
)
from ingest.loaders.pdf.table_contents import ends_in_leaders
from ingest.loaders.pdf.table_grid import Cell, Grid, components, grid_of
from ingest.loaders.pdf.table_open import beside_rows, names_above
from ingest.loaders.pdf.table_rows import grouped, table_from
from ingest.loaders.pdf.table_tests import (
    clear_strips,
    edges_align,
    is_code_or_list,
    is_table,
    prose_columns,
    runs_across,
)
from ingest.loaders.pdf.table_text import Line, around, cell_text, is_number, lines_of
from ingest.loaders.pdf.table_value import Table, names_columns, repeated

_LAYOUT_WORDS = 90  # words of one cell from which a grid of few cells only arranges a page
_LAYOUT_CELLS = 6
_SAME_ENDS = 8.0  # points by which lines across of one table may differ at their ends
_PIECES = 14.0  # points between pieces of one line across, each under a column
_SAME_PLACE = 1.2
_MOST_HEADER_ROWS = 3
_FEW_BANDS = 3
_MANY_BANDS = 4  # with cells side by side in each, that no remarks between lines have
_CLEAR = 0.7  # ems between columns of a table between lines
_FILLED = 0.2  # share of a grid's places
_SHARED = 0.5  # share of rows that have several cells
_BAND_LINES = 3


def ruled_tables(words: Sequence[Word], rules: Sequence[Rule], free: set[int]) -> Iterator[Table]:
    """Yield the tables among the free words of a page that lines are drawn for."""
    left = set(free)
    open_lines: list[Box] = []
    parts = sorted(components(rules), key=_area, reverse=True)
    done: list[Box] = []
    for lines in parts:
        if any(_holds(box, lines) for box in done):
            continue
        grid = grid_of(lines, words, left)
        table = _boxed(words, grid) if grid is not None else None
        if table is not None and grid is not None:
            done.append(grid.box)
            left -= table.words
            yield table
        else:
            open_lines += [box for box in lines if box[2] - box[0] >= box[3] - box[1]]
    for table in _between_lines(words, open_lines, left):
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
    """Return the table in a grid of boxes, None where the grid is a frame or a page's layout."""
    told = [cell for cell in grid.cells if cell.words]
    rows = {cell.row for cell in told}
    columns = {cell.column for cell in told}
    members = [at for cell in told for at in cell.words]
    if len(columns) < 2 or len(told) < 3 or (len(rows) < 2 and len(columns) < 3):  # noqa: PLR2004 - a table has that many
        return None
    most = max(len(cell.words) for cell in told)
    if len(told) <= _LAYOUT_CELLS and most > _LAYOUT_WORDS:
        return None
    shared = [row for row in rows if sum(cell.row <= row < cell.row_end for cell in told) > 1]
    if len(shared) < _SHARED * len(rows) or len(told) < _FILLED * len(rows) * len(columns):
        return None  # boxes of a form, a chart
    lines = _band_rows(words, grid, told)
    if lines is not None:
        return table_from(words, lines)
    header = _header_rows(words, grid, told)
    texts = [[""] * (len(grid.across) - 1) for _ in range(len(grid.down) - 1)]
    for cell in told:
        _write(texts, cell, cell_text(words, cell.words), header)
    kept = [row for row in range(len(texts)) if any(c.row == row for c in told)]
    # A merged cell may be the only thing in a band between two lines: it has no row of its own.
    used = [at for at in range(len(grid.across) - 1) if any(texts[row][at] for row in kept)]
    shown = tuple(tuple(texts[row][at] for at in used) for row in kept)
    heads = sum(row < header for row in kept)
    if heads == 1 and not names_columns(shown):
        heads = 0
    whole = around(words, members)
    boxes = tuple((whole[0], grid.down[row], whole[2], grid.down[row + 1]) for row in kept)
    return Table(whole, shown, boxes, frozenset(members), heads)


def _write(texts: list[list[str]], cell: Cell, text: str, header: int) -> None:
    """Say a merged cell in every row that it covers, and in a header for each column, too."""
    for row in range(cell.row, cell.row_end):
        below = row > cell.row
        again = repeated(text) if below else text
        texts[row][cell.column] = texts[row][cell.column] or again
        if cell.row < header:
            for column in range(cell.column + 1, cell.column_end):
                texts[row][column] = texts[row][column] or repeated(text)


def _header_rows(words: Sequence[Word], grid: Grid, told: Sequence[Cell]) -> int:
    """Count rows at the top that name columns: merged cells of names reach over several."""
    first = [cell for cell in told if cell.row == told[0].row]
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
    """Return rows where lines between them are missing, None where all are drawn."""
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
    """Say whether lines in one box of each column are rows: all are full, one column counts."""
    filled = rows[0].filled
    return all(row.filled == filled for row in rows) and any(
        all(is_number(cell_text(words, row.cells[column])) for row in rows) for column in filled
    )


def _between_lines(words: Sequence[Word], lines: Sequence[Box], free: set[int]) -> Iterator[Table]:
    """Yield tables whose rows are parted by lines across only, or that lie between a few."""
    left = set(free)
    page_lines = lines_of(words, left)
    for places, (start, end) in _stacks(lines):
        bands: list[list[Line]] = []
        for top, bottom in pairwise(places):
            inside = [at for at in left if _inside(words[at].box, (start, top, end, bottom))]
            band = lines_of(words, inside)
            if band and _tabular(words, band):
                bands.append(band)
                continue
            if band:
                yield from _flush(words, bands, left, page_lines)
                bands = []
        yield from _flush(words, bands, left, page_lines)


def _flush(
    words: Sequence[Word], bands: list[list[Line]], left: set[int], page_lines: Sequence[Line]
) -> Iterator[Table]:
    table = _banded(words, bands, page_lines)
    if table is not None and table.words <= left:
        left -= table.words
        yield table


def _stacks(lines: Sequence[Box]) -> Iterator[tuple[list[float], tuple[float, float]]]:
    """Yield places of lines across that have the same ends, from the top, and these ends."""
    whole: list[list[float]] = []
    for left, top, right, bottom in sorted(lines, key=lambda box: (round(box[1] + box[3]), box[0])):
        place = (top + bottom) / 2
        last = whole[-1] if whole else None
        if last and abs(last[0] - place) <= _SAME_PLACE and -1 <= left - last[2] <= _PIECES:
            last[2] = max(last[2], right)
        else:
            whole.append([place, left, right])
    stacks: list[tuple[list[float], list[float]]] = []
    for place, left, right in whole:
        for places, ends in stacks:
            if abs(ends[0] - left) <= _SAME_ENDS and abs(ends[1] - right) <= _SAME_ENDS:
                places.append(place)
                break
        else:
            stacks.append(([place], [left, right]))
        if len(stacks) > 200:  # noqa: PLR2004 - a drawing
            return
    for places, ends in stacks:
        if len(places) > 1:
            yield sorted(places), (ends[0], ends[1])


def _inside(box: Box, region: Box) -> bool:
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return region[0] - 2 <= across <= region[2] + 2 and region[1] <= down <= region[3]


def _tabular(words: Sequence[Word], band: Sequence[Line]) -> bool:
    strips = strips_in(words, band)
    if not strips:
        return False
    rows = rows_of(words, band, strips)
    prose = prose_columns(words, rows, strips)
    if len(prose) > 1 and len(band) > 5:  # noqa: PLR2004 - lines of text
        return False
    return not (prose and runs_across(words, rows, prose[0]) and len(band) > 5)  # noqa: PLR2004


def _banded(
    words: Sequence[Word], bands: Sequence[Sequence[Line]], page_lines: Sequence[Line]
) -> Table | None:
    lines = [line for band in bands for line in band]
    strips = strips_in(words, lines)
    if len(lines) < 2 or not strips or _are_dotted(words, lines):  # noqa: PLR2004 - rows
        return None
    found = _banded_rows(words, bands, lines, strips)
    if found is None:
        return None
    rows, strips = found
    groups: list[list[Row]] = []
    for own in _by_band(rows, bands):
        groups += _band_groups(words, own, len(bands))
    if len(groups) < 2:  # noqa: PLR2004 - rows
        return None
    first, last = beside_rows(words, rows, strips, page_lines)
    groups = [[row] for row in first] + groups + [[row] for row in last]
    above = names_above(words, groups[0][0], strips, page_lines)
    return table_from(words, [[row] for row in above] + groups)


def _banded_rows(
    words: Sequence[Word],
    bands: Sequence[Sequence[Line]],
    lines: list[Line],
    strips: Sequence[Strip],
) -> tuple[list[Row], list[Strip]] | None:
    """Return lines between ruling lines as rows, and the strips between their columns."""
    rows = rows_of(words, lines, strips)
    run = Run(lines, list(strips))
    if sum(len(row.filled) > 1 for row in rows) < 2 or is_code_or_list(words, rows):  # noqa: PLR2004
        return None
    if len(bands) == 1 and not is_table(words, run, rows, strips):
        return None  # two lines enclose a remark as well
    rows, left = with_names_joined(rows, strips)
    shared = [any(len(row.filled) > 1 for row in own) for own in _by_band(rows, bands)]
    if len(bands) >= _MANY_BANDS and all(shared):
        return rows, left
    rows, left = clear_strips(words, run, rows, left, ems=_CLEAR)
    side_by_side = sum(len(row.filled) > 1 for row in rows)
    aligned = edges_align(words, rows, len(left) + 1)
    return (rows, left) if left and 2 * side_by_side >= len(rows) and aligned else None


def _are_dotted(words: Sequence[Word], lines: Sequence[Line]) -> bool:
    """Say whether lines are those of a table of contents, which is read column by column."""
    dotted = sum(any(ends_in_leaders(words[at].text) for at in line.words[-2:]) for line in lines)
    return 2 * dotted > len(lines)


def _by_band(rows: Sequence[Row], bands: Sequence[Sequence[Line]]) -> Iterator[list[Row]]:
    at = 0
    for band in bands:
        yield list(rows[at : at + len(band)])
        at += len(band)


def _band_groups(words: Sequence[Word], rows: list[Row], bands: int) -> list[list[Row]]:
    """Return one row for a band, or several where it holds rows without lines between."""
    if len(rows) < 2:  # noqa: PLR2004 - one line
        return [rows]
    groups = grouped(words, rows)
    whole = [group for group in groups if sum(bool(cell) for cell in _filled(group)) > 1]
    if bands > _FEW_BANDS and len(rows) < 2 * len(whole) and len(rows) <= _BAND_LINES:
        numbers = sum(
            any(is_number(cell_text(words, cell)) for cell in row.cells if cell) for row in rows
        )
        return groups if numbers > 1 else [rows]
    return groups if len(whole) > 1 else [rows]


def _filled(group: Sequence[Row]) -> list[list[int]]:
    return [[at for row in group for at in row.cells[n]] for n in range(len(group[0].cells))]
