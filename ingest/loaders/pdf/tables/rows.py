"""Rows of a table from printed lines: the lines that continue the row above."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.loaders.merged_cells import repeated
from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import Row
from ingest.loaders.pdf.tables.middles import around_middles, by_halves, nearer_than, torn
from ingest.loaders.pdf.tables.text import around, cell_text, distance, is_number
from ingest.loaders.pdf.tables.value import Table, names_columns
from ingest.loaders.printed_lines import is_cjk

_OVERLAP = 0.72  # ems between lines that stand partly beside each other
_LOOSER = 1.22  # distance between rows, as a multiple of that between lines of a cell
_MOST_HEADER_ROWS = 3
_NEAR = 1.3  # times the distance of a table's lines, or of its font, to the rest of its last cell
_FEWEST_BLOCKS = 3
_LITTLE_LOOSER = 1.06  # the same, where each line is what had no room above
_MOST_JUMPS = 3
_FEWEST_CHINESE = 4.5  # ems of a line that breaks within its cell
_TORN = re.compile(r"\d[-–/]$")
_AMOUNT = re.compile(r"[\d.,'’ ]*[.,]\d\d[-–]")  # its minus stands behind
_UNFINISHED = re.compile(r"\w\s?[-–—‐,;/(（，、；~～]$|[(（][^()（）]*$")


def grouped(words: Sequence[Word], rows: Sequence[Row]) -> list[list[Row]]:
    """Return lines as rows of a table: a cell may have several lines."""
    if not rows:
        return []
    known = _by_distance(words, rows) or around_middles(rows)
    if known:
        return known
    wrapped = _by_wrapping(words, rows)
    middles = by_halves(rows)
    if middles and _faults(words, middles) < _faults(words, wrapped):
        return middles
    return wrapped


def _faults(words: Sequence[Word], groups: Sequence[Sequence[Row]]) -> int:
    """Count signs that lines are not rows, including breaks although a word had room."""
    rows = [row for group in groups for row in group]
    edges = _edges(words, rows)
    count = torn(words, groups)
    for group in groups:
        for at in range(1, len(group)):
            above, row = group[:at], group[at]
            count += sum(
                any(one.cells[column] for one in above)
                and not _had_no_room(words, above, row, column, edges[column])
                for column in row.filled
            )
    return count


def _by_distance(words: Sequence[Word], rows: Sequence[Row]) -> list[list[Row]] | None:
    """Group lines if those of a cell are closer together than rows."""
    gaps = [distance(row.line, below.line) for row, below in pairwise(rows)]
    if len(gaps) < 2 or len(rows[0].cells) < 2:  # noqa: PLR2004 - nothing to compare
        return None
    ordered = sorted(gaps)
    jumps = sorted(
        ((high / max(low, 0.1), low, high) for low, high in pairwise(ordered)), reverse=True
    )
    edges = _edges(words, rows)
    for jump, low, high in jumps[:_MOST_JUMPS]:
        if jump < _LITTLE_LOOSER:
            break
        groups = nearer_than((low + high) / 2, rows, gaps)
        several = [group for group in groups if len(group) > 1]
        if not several or len(groups) < 2:  # noqa: PLR2004 - rows
            continue
        far = jump >= _LOOSER
        if all(
            _is_one_row(words, group) and (far or _is_broken(words, group, edges))
            for group in several
        ):
            return groups
    return None


def _is_broken(words: Sequence[Word], group: Sequence[Row], edges: Sequence[float]) -> bool:
    """Return whether each line of a group is overflow from the lines above it."""
    return all(
        set(row.filled) <= {column for one in group[:at] for column in one.filled}
        and all(
            _had_no_room(words, group[:at], row, column, edges[column]) for column in row.filled
        )
        for at, row in enumerate(group)
        if at
    )


def are_blocks(words: Sequence[Word], rows: Sequence[Row]) -> bool:
    """Return whether white divides lines into rows that begin in all columns, unlike paragraphs."""
    groups = _by_distance(words, rows) or []
    return (
        len(groups) >= _FEWEST_BLOCKS
        and any(len(group) > 1 for group in groups)
        and all(len(group[0].filled) == len(group[0].cells) for group in groups)
    )


def _is_one_row(words: Sequence[Word], group: Sequence[Row]) -> bool:
    columns = len(group[0].cells)
    numbers = [0] * columns
    for at, row in enumerate(group):
        for column in row.filled:
            anew = not _is_torn(words, group[:at], column)
            numbers[column] += anew and is_number(cell_text(words, row.cells[column]))
    full = sum(len(row.filled) == columns for row in group)
    rest = (
        columns > 2  # noqa: PLR2004 - the other columns hold keys and values
        and all(
            2 * len(row.filled) <= columns and set(row.filled) < set(group[0].filled)
            for row in group[1:]
        )
    )
    return (max(numbers) <= 1 or (rest and bool(group[0].cells[0]))) and full <= 1


def _by_wrapping(words: Sequence[Word], rows: Sequence[Row]) -> list[list[Row]]:
    edges = _edges(words, rows)
    numeric = [_counts(words, rows, column) for column in range(len(rows[0].cells))]
    groups: list[list[Row]] = []
    for row in rows:
        if groups and _continues(words, groups[-1], row, edges, numeric):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def is_rest(words: Sequence[Word], rows: Sequence[Row], line: Row) -> bool:
    """Return whether a line below a table is the rest of the first cell of its last row."""
    if line.filled != [0] or len(rows) < 2:  # noqa: PLR2004 - distances
        return False
    nearest = min(distance(row.line, below.line) for row, below in pairwise(rows))
    if not 0 < distance(rows[-1].line, line.line) <= _NEAR * max(nearest, line.line.size):
        return False
    edge = _edges(words, rows)[0]
    return _wraps(words, rows, line, 0, edge) and _goes_on(words, rows, line, 0)


def _counts(words: Sequence[Word], rows: Sequence[Row], column: int) -> bool:
    """Return whether most cells of a column are numbers."""
    told = [cell_text(words, row.cells[column]) for row in rows if row.cells[column]]
    return 2 * sum(map(is_number, told)) > len(told)


def _continues(
    words: Sequence[Word],
    group: Sequence[Row],
    row: Row,
    edges: Sequence[float],
    numeric: Sequence[bool],
) -> bool:
    last = group[-1]
    if row.spans or last.spans:
        return False
    filled = row.filled
    before = {column for one in group for column in one.filled}
    if distance(last.line, row.line) < _OVERLAP * row.line.size:
        return not set(filled) & set(last.filled)
    full = len(filled) == len(row.cells)
    if not set(filled) <= before or (full and not _all_go_on(words, group, row, edges)):
        return False
    if any(
        numeric[column]
        and is_number(cell_text(words, row.cells[column]))
        and not _is_unfinished(words, group, column)
        for column in filled
    ):
        return False
    if not row.cells[0] and len(filled) <= max(1, len(row.cells) // 2):
        return True
    fits = [_wraps(words, group, row, column, edges[column]) for column in filled]
    low = [_goes_on(words, group, row, column) for column in filled]
    torn_apart = any(_is_torn(words, group, column) for column in filled)
    return all(fits) and (torn_apart or (low[0] if row.cells[0] else any(low)))


def _above(words: Sequence[Word], group: Sequence[Row], column: int) -> str:
    """Return the last line of a cell so far, empty without one."""
    cell = next((one.cells[column] for one in reversed(group) if one.cells[column]), None)
    return cell_text(words, cell) if cell else ""


def _is_unfinished(words: Sequence[Word], group: Sequence[Row], column: int) -> bool:
    """Return whether a cell's text so far must continue, as the first half of a range."""
    return _UNFINISHED.search(_above(words, group, column)) is not None


def _is_torn(words: Sequence[Word], group: Sequence[Row], column: int) -> bool:
    """Return whether a cell's text so far ends in the middle of a number, such as a telephone's."""
    text = _above(words, group, column)
    return _TORN.search(text) is not None and _AMOUNT.fullmatch(text) is None


def _goes_on(words: Sequence[Word], group: Sequence[Row], row: Row, column: int) -> bool:
    """Return whether a cell's line reads like the rest of the one above."""
    first = words[row.cells[column][0]].text[:1]
    start = next(one.cells[column] for one in group if one.cells[column])
    small = first.islower() and not words[start[0]].text[:1].islower()
    low = small or is_cjk(first or " ") or first in "(（"
    return low or _is_unfinished(words, group, column)


def _all_go_on(
    words: Sequence[Word], group: Sequence[Row], row: Row, edges: Sequence[float]
) -> bool:
    """Return whether every cell of a full line continues the line above."""
    above = group[-1]
    if len(above.filled) < len(row.cells):
        return False
    return all(
        _wraps(words, group, row, column, edges[column])
        and len(above.cells[column]) > 1
        and words[row.cells[column][0]].text[:1].islower()
        and not words[group[0].cells[column][0]].text[:1].islower()
        for column in row.filled
    )


def _wraps(words: Sequence[Word], group: Sequence[Row], row: Row, column: int, edge: float) -> bool:
    """Return whether a cell's line would not have fitted after the one above it."""
    above = next((one.cells[column] for one in reversed(group) if one.cells[column]), None)
    if not above:
        return False
    first = words[row.cells[column][0]]
    long = words[above[-1]].box[2] - words[above[0]].box[0] >= _FEWEST_CHINESE * first.size
    # Short Chinese cells each fill their column.
    return (long or not is_cjk(first.text[:1] or " ")) and _had_no_room(
        words, group, row, column, edge
    )


def _had_no_room(
    words: Sequence[Word], group: Sequence[Row], row: Row, column: int, edge: float
) -> bool:
    above = next(one.cells[column] for one in reversed(group) if one.cells[column])
    first = words[row.cells[column][0]]
    end = max(words[at].box[2] for at in above)
    chinese = is_cjk(first.text[:1] or " ")
    need = first.size if chinese else first.box[2] - first.box[0] + 0.25 * first.size
    return end + need > edge + 0.5


def _edges(words: Sequence[Word], rows: Sequence[Row]) -> list[float]:
    """Return the right edge of each column's words."""
    return [
        max((words[at].box[2] for row in rows for at in row.cells[column]), default=0.0)
        for column in range(len(rows[0].cells))
    ]


def table_from(
    words: Sequence[Word], groups: Sequence[Sequence[Row]], *, header_rows: int | None = None
) -> Table:
    """Return a table of grouped lines; ``header_rows`` if known."""
    spans = [any(row.spans for row in group) for group in groups]
    rows = [_cells(words, group) for group in groups]
    if header_rows is None:
        header_rows = 0
        while header_rows < min(_MOST_HEADER_ROWS, len(rows)) and spans[header_rows]:
            header_rows += 1
        if header_rows == len(rows):
            header_rows = 0
        elif names_columns(rows[header_rows:]):
            header_rows += 1
    for number in range(header_rows):
        for row in groups[number]:
            for first, end, members in row.spans:
                text = repeated(cell_text(words, members))
                for column in range(first + 1, end):
                    rows[number][column] = rows[number][column] or text
    taken = frozenset(at for group in groups for row in group for cell in row.cells for at in cell)
    boxes = tuple(
        around(words, [at for row in group for cell in row.cells for at in cell])
        for group in groups
    )
    return Table(around(words, taken), tuple(map(tuple, rows)), boxes, taken, header_rows)


def _cells(words: Sequence[Word], group: Sequence[Row]) -> list[str]:
    return [
        cell_text(words, [at for row in group for at in row.cells[column]])
        for column in range(len(group[0].cells))
    ]
