"""Tables without ruling lines, found by white strips between their columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.addresses import address_beside
from ingest.loaders.pdf.tables.centred import folded
from ingest.loaders.pdf.tables.columns import (
    Row,
    Strip,
    rows_of,
    with_names_joined,
    without,
)
from ingest.loaders.pdf.tables.gaps import clear_strips, edges_align
from ingest.loaders.pdf.tables.likely import is_code_or_list, is_table
from ingest.loaders.pdf.tables.narrow import with_groups_parted, with_narrow_columns
from ingest.loaders.pdf.tables.near_names import with_near_names_parted
from ingest.loaders.pdf.tables.nearby import ends_of, names_above, overlaps
from ingest.loaders.pdf.tables.prose import prose_columns, runs_across
from ingest.loaders.pdf.tables.rows import are_blocks, grouped, is_rest, table_from
from ingest.loaders.pdf.tables.runs import Run, runs_of
from ingest.loaders.pdf.tables.spread import with_words_joined
from ingest.loaders.pdf.tables.text import (
    Line,
    cell_text,
    is_fixed,
    is_number,
    lines_of,
)
from ingest.loaders.pdf.tables.value import Table

_DEPTH = 4
_FEWEST_CUT = 4  # lines of a run that is looked at again, each side for itself
_FEWEST_ABOVE = 3  # rows above others with other edges
_LONGEST_CELL = 60  # words
_SIDES_APART = 1.2  # ems between neighbours that are not one table
_LARGER = 1.12  # times the usual size, which a heading has
_EDGE = 2.0  # points by which cells of a column may be out of line


def open_tables(words: Sequence[Word], free: set[int]) -> Iterator[Table]:
    """Yield the tables among the free words of a page."""
    work: list[tuple[list[int], int]] = [(sorted(free), 0)]
    taken: set[int] = set()
    # On a page of other fonts, lines of a typewriter font are a listing, which keeps its spaces.
    typed = is_fixed(words, free)
    while work:
        chosen, depth = work.pop()
        level = [line for line in lines_of(words, chosen) if typed or not line.fixed]
        lines = folded(words, level)
        for run in runs_of(words, lines):
            tables, again = _tables_of(words, run, lines, depth)
            for table in tables:
                if not table.words & taken:
                    taken |= table.words
                    yield table
            work += [(part, depth + 1) for part in again]


def _tables_of(
    words: Sequence[Word], run: Run, lines: Sequence[Line], depth: int
) -> tuple[list[Table], list[list[int]]]:
    """Return the tables of a run, or its parts to check again."""
    rows: Sequence[Row] = _trimmed(words, rows_of(words, run.lines, run.inner)) if run.inner else []
    if len(rows) < 2:  # noqa: PLR2004 - a row alone is a line
        return [], []
    cut = None if are_blocks(words, rows) else _gutter(words, rows, run.inner)
    cut = cut or address_beside(words, rows, run.inner)
    if cut is not None:
        return [], _sides(words, rows, cut) if depth < _DEPTH else []
    heading = _heading(rows) if depth < _DEPTH else None
    if heading is not None:
        return [], [_members(rows[:heading]), _members(rows[heading + 1 :])]
    rows, strips = with_words_joined(words, rows, run.inner)
    rows, strips = clear_strips(words, run, *with_names_joined(rows, strips))
    if not strips:
        return [], []
    end = _other_edges(words, rows) if depth < _DEPTH else None
    items, own = _with_cells(rows[:end], strips)
    if end is not None and own and _is_table(words, run, items, own):
        return _finished(words, items, own, lines), [_members(rows[end:])]
    return _judged(words, run, rows, strips, lines, depth=depth)


def _judged(
    words: Sequence[Word],
    run: Run,
    rows: Sequence[Row],
    strips: Sequence[Strip],
    lines: Sequence[Line],
    *,
    depth: int,
) -> tuple[list[Table], list[list[int]]]:
    """Return the tables of rows in columns, or the parts to check again."""
    if _is_table(words, run, rows, strips):
        found = _finished(words, rows, strips, lines)
        # Nobody sets a paragraph in a cell without a line around it.
        whole = all(len(cell.split()) <= _LONGEST_CELL for t in found for r in t.rows for cell in r)
        return found if whole else [], []
    found = _in_stretches(words, run, rows, strips, lines)
    widest = max(strips, key=lambda strip: strip[1] - strip[0])
    parted = widest[1] - widest[0] >= _SIDES_APART * run.size
    if found or depth >= _DEPTH or len(rows) < _FEWEST_CUT or not parted:
        return found, []
    return [], _sides(words, rows, sum(widest) / 2)


def _heading(rows: Sequence[Row]) -> int | None:
    """Return the line in larger type with other columns below it: there a table ends."""
    sizes = sorted(row.line.size for row in rows)
    large = _LARGER * sizes[len(sizes) // 2]
    for at in range(2, len(rows) - 1):
        if rows[at].filled == [0] and rows[at].line.size >= large:
            above = {column for row in rows[:at] for column in row.filled}
            if above != {column for row in rows[at + 1 :] for column in row.filled}:
                return at
    return None


def _other_edges(words: Sequence[Word], rows: Sequence[Row]) -> int | None:
    """Return the first of rows that end elsewhere on both sides: sums below items."""
    ends = [ends_of(words, row.line.words) for row in rows]
    for at in range(_FEWEST_ABOVE, len(rows) - 1):
        above, below = ends[1:at], ends[at:]
        if all(len(row.filled) > 1 for row in rows[at:]) and all(
            _spread([end[side] for end in above]) <= _EDGE
            and _spread([end[side] for end in below]) <= _EDGE
            and abs(above[0][side] - below[0][side]) > 2 * _EDGE
            for side in (0, 1)
        ):
            return at
    return None


def _with_cells(rows: Sequence[Row], strips: Sequence[Strip]) -> tuple[list[Row], list[Strip]]:
    """Remove the columns in which no row has cells."""
    found, kept = list(rows), list(strips)
    for at in range(len(kept) - 1, -1, -1):
        if not all(any(row.cells[column] for row in found) for column in (at, at + 1)):
            del kept[at]
            found = [without(row, at) for row in found]
    return found, kept


def _spread(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _members(rows: Sequence[Row]) -> list[int]:
    return [at for row in rows for cell in row.cells for at in cell]


def _is_table(
    words: Sequence[Word], run: Run, rows: Sequence[Row], strips: Sequence[Strip]
) -> bool:
    """Return whether rows are those of a table, possibly after splitting narrow columns."""
    if is_table(words, run, rows, strips):
        return True
    fine, narrow = with_narrow_columns(words, rows, strips)
    more = len(narrow) > len(strips) and is_table(words, run, fine, narrow, clear=True)
    return more or (
        are_blocks(words, rows)
        and edges_align(words, rows, len(strips) + 1)
        and not is_code_or_list(words, rows)
    )


def _in_stretches(
    words: Sequence[Word],
    run: Run,
    rows: Sequence[Row],
    strips: Sequence[Strip],
    lines: Sequence[Line],
) -> list[Table]:
    parts = _stretches(rows)
    if len(parts) < 2:  # noqa: PLR2004 - that is the whole, which is none
        return []
    return [
        table
        for part in parts
        if len(part) > 2 and is_table(words, run, part, strips)  # noqa: PLR2004 - rows
        for table in _finished(words, part, strips, lines)
    ]


def _trimmed(words: Sequence[Word], rows: Sequence[Row]) -> list[Row]:
    """Remove lines at both ends without cells side by side."""
    first, end = 0, len(rows)
    while first < end and len(rows[first].filled) < 2 and not rows[first].spans:  # noqa: PLR2004 - cells
        first += 1
    while end > first and len(rows[end - 1].filled) < 2:  # noqa: PLR2004 - cells
        end -= 1
    core = list(rows[first:end])
    # The last row's cells may continue, but not beside the first column, where the next text
    # begins.
    while core and end < len(rows) and not rows[end].cells[0] and rows[end].filled:
        core.append(rows[end])
        end += 1
    while core and end < len(rows) and is_rest(words, core, rows[end]):
        core.append(rows[end])
        end += 1
    return core


def _gutter(words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip]) -> float | None:
    """Return where to cut between columns of prose, None if there is no such place."""
    prose = prose_columns(words, rows, strips)
    if len(prose) > 1:
        between = strips[prose[0] : prose[1]]
        left, right = max(between, key=lambda strip: strip[1] - strip[0])
        return (left + right) / 2
    if len(prose) == 1 and runs_across(words, rows, prose[0]):
        at = prose[0]
        return sum(strips[at] if at < len(strips) else strips[at - 1]) / 2
    return None


def _sides(words: Sequence[Word], rows: Sequence[Row], cut: float) -> list[list[int]]:
    members = _members(rows)
    left = [at for at in members if words[at].box[0] + words[at].box[2] < 2 * cut]
    right = [at for at in members if words[at].box[0] + words[at].box[2] >= 2 * cut]
    return [left, right] if left and right else []


def _stretches(rows: Sequence[Row]) -> list[list[Row]]:
    """Return rows divided where a line has a cell only in the first column, or far between."""
    parts: list[list[Row]] = [[]]
    for row in rows:
        if row.filled == [0] and parts[-1]:
            parts.append([])
        elif len(row.filled) > 1 or parts[-1]:
            parts[-1].append(row)
    return [part for part in parts if part]


def _finished(
    words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip], lines: Sequence[Line]
) -> list[Table]:
    rows, strips = with_narrow_columns(words, rows, strips)
    again = _names_again(words, rows)
    if again is not None:
        # Between the tables stands a line of text.
        both = (_trimmed(words, rows[:again]), rows[again:])
        return [t for one in both if len(one) > 1 for t in _finished(words, one, strips, lines)]
    cut = _side_by_side(words, rows, strips)
    if cut is not None:
        parts = []
        for first, end in ((0, cut + 1), (cut + 1, len(strips) + 1)):
            half = [
                Row(row.line, row.cells[first:end]) for row in rows if any(row.cells[first:end])
            ]
            parts.append(table_from(words, grouped(words, half)))
        return parts
    above = names_above(words, rows[0], strips, lines)
    beside = [group for group in above if overlaps(group[-1].line, rows[0].line)]
    groups = above[: len(above) - len(beside)]
    groups += grouped(words, [*(row for group in beside for row in group), *rows])
    groups = with_near_names_parted(words, with_groups_parted(words, groups, strips))
    return [table_from(words, groups)]


def _names_again(words: Sequence[Word], rows: Sequence[Row]) -> int | None:
    """Return the row that repeats the names of the columns: there another table begins."""
    names = _names(words, rows[0].cells)
    told = [name for name in names if name]
    if len(told) < 2 or any(map(is_number, told)):  # noqa: PLR2004 - names
        return None
    for at in range(2, len(rows)):
        if len(rows[at].filled) == len(told) and _names(words, rows[at].cells) == names:
            return at
    return None


def _side_by_side(
    words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip]
) -> int | None:
    """Return the strip between two tables side by side, None for one table."""
    for number in range(1, len(strips) - 1):
        left = _names(words, rows[0].cells[: number + 1])
        right = _names(words, rows[0].cells[number + 1 :])
        if left == right and all(left):
            return number
    wide = [b - a for a, b in strips]
    most = max(range(len(wide)), key=wide.__getitem__)
    others = [gap for number, gap in enumerate(wide) if number != most]
    if not (1 <= most <= len(strips) - 2 and wide[most] > 1.6 * max(others)):
        return None
    kinds = [_numeric(words, rows, column) for column in range(len(strips) + 1)]
    return most if kinds[: most + 1] == kinds[most + 1 :] and any(kinds) else None


def _names(words: Sequence[Word], cells: Sequence[Sequence[int]]) -> list[str]:
    return [cell_text(words, cell) for cell in cells]


def _numeric(words: Sequence[Word], rows: Sequence[Row], column: int) -> bool:
    told = [cell_text(words, row.cells[column]) for row in rows[1:] if row.cells[column]]
    return bool(told) and 2 * sum(map(is_number, told)) > len(told)
