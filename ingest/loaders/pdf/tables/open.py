"""Tables without ruling lines, found by white strips between their columns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.centred import folded
from ingest.loaders.pdf.tables.columns import Row, Strip, row_of, rows_of, with_names_joined
from ingest.loaders.pdf.tables.gaps import clear_strips, edges_align
from ingest.loaders.pdf.tables.likely import is_code_or_list, is_table
from ingest.loaders.pdf.tables.narrow import with_groups_parted, with_narrow_columns
from ingest.loaders.pdf.tables.prose import prose_columns, runs_across
from ingest.loaders.pdf.tables.rows import are_blocks, grouped, is_rest, table_from
from ingest.loaders.pdf.tables.runs import Run, runs_of
from ingest.loaders.pdf.tables.spread import with_words_joined
from ingest.loaders.pdf.tables.text import (
    Line,
    cell_text,
    distance,
    is_fixed,
    is_number,
    lines_of,
    phrases,
)
from ingest.loaders.pdf.tables.value import Table
from ingest.loaders.printed_lines import width

_DEPTH = 4
_FEWEST_CUT = 4  # lines of a run that is looked at again, each side for itself
_HEADER_LINES = 2
_HEADER_AWAY = 2.4  # ems between the middle of a line of names and that of the row below
_NAME_AWAY = 1.4  # ems between lines of one name
_LONGEST_NAME = 44
_LONGEST_CELL = 60  # words
_ROW_AWAY = 1.3  # times the farthest distance of lines of a table to another row of it
_SIDES_APART = 1.2  # ems between what stands side by side without being one table
_OVERLAP = 0.8  # ems between lines that stand partly beside each other
_BESIDE = 1.2  # ems between a table and what stands beside it
_STICKS_OUT = 4.0  # ems by which a name may be wider than the cells below it
_EDGE = 2.0  # points by which cells of a column may be out of line


def open_tables(words: Sequence[Word], free: set[int]) -> Iterator[Table]:
    """Yield the tables among the free words of a page."""
    work: list[tuple[list[int], int]] = [(sorted(free), 0)]
    taken: set[int] = set()
    # On a page of other fonts a typewriter's lines are a listing, which keeps its spaces.
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
    """Return the tables of a run, or the parts of it that are to be looked at again."""
    rows: Sequence[Row] = _trimmed(words, rows_of(words, run.lines, run.inner)) if run.inner else []
    if len(rows) < 2:  # noqa: PLR2004 - a row alone is a line
        return [], []
    cut = None if are_blocks(words, rows) else _gutter(words, rows, run.inner)
    if cut is not None:
        return [], _sides(words, rows, cut) if depth < _DEPTH else []
    rows, strips = with_words_joined(words, rows, run.inner)
    rows, strips = clear_strips(words, run, *with_names_joined(rows, strips))
    if not strips:
        return [], []
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


def _is_table(
    words: Sequence[Word], run: Run, rows: Sequence[Row], strips: Sequence[Strip]
) -> bool:
    """Say whether rows are those of a table, or are when columns that stand close are parted."""
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


def _trimmed(words: Sequence[Word], rows: list[Row]) -> list[Row]:
    """Leave out lines at both ends that have no cells side by side."""
    first, end = 0, len(rows)
    while first < end and len(rows[first].filled) < 2 and not rows[first].spans:  # noqa: PLR2004 - cells
        first += 1
    while end > first and len(rows[end - 1].filled) < 2:  # noqa: PLR2004 - cells
        end -= 1
    core = rows[first:end]
    # The last row's cells may go on, not beside the first column: there the next text begins.
    while core and end < len(rows) and not rows[end].cells[0] and rows[end].filled:
        core.append(rows[end])
        end += 1
    while core and end < len(rows) and is_rest(words, core, rows[end]):
        core.append(rows[end])
        end += 1
    return core


def _gutter(words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip]) -> float | None:
    """Return where to cut between columns of prose, None where there is no such place."""
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
    members = [at for row in rows for cell in row.cells for at in cell]
    left = [at for at in members if words[at].box[0] + words[at].box[2] < 2 * cut]
    right = [at for at in members if words[at].box[0] + words[at].box[2] >= 2 * cut]
    return [left, right] if left and right else []


def _stretches(rows: Sequence[Row]) -> list[list[Row]]:
    """Return rows parted where a line has a cell in the first column alone, or far between."""
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
    beside = [group for group in above if _overlaps(group[-1].line, rows[0].line)]
    groups = above[: len(above) - len(beside)]
    groups += grouped(words, [*(row for group in beside for row in group), *rows])
    return [table_from(words, with_groups_parted(words, groups, strips))]


def _side_by_side(
    words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip]
) -> int | None:
    """Return the strip between two tables that stand beside each other, None for one table."""
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


def beside_rows(
    words: Sequence[Word],
    rows: Sequence[Row],
    strips: Sequence[Strip],
    lines: Sequence[Line],
    close: float,
) -> tuple[list[Row], list[Row]]:
    """Return rows above and below those that ruling lines enclose: every other row may be grey.

    ``close`` is the distance within which a line of a single cell goes on with the line above.
    """
    steps = [below.line.centre - row.line.centre for row, below in pairwise(rows)]
    far = _ROW_AWAY * max(steps)
    found: tuple[list[Row], list[Row]] = ([], [])
    span = _ends(words, [at for row in rows for at in row.line.words])
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
            if away > far or row.spans or not _in_line(words, row, rows):
                break
            if len(row.filled) < 2 and not goes_on:  # noqa: PLR2004 - cells
                break
            kept.append(row)
    found[0].reverse()
    return found


def _overlaps(line: Line, below: Line) -> bool:
    """Say whether two lines stand partly beside each other, as cells of several lines do."""
    return below.centre - line.centre < _OVERLAP * max(line.size, below.size)


def _within(words: Sequence[Word], line: Line, span: tuple[float, float]) -> Line | None:
    """Return what of a line stands over a table, None where its text goes on beside it."""
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
    """Say whether a row's cells have an edge or their middle in line with the rows' cells."""
    for column in row.filled:
        left, right = _ends(words, row.cells[column])
        others = [_ends(words, one.cells[column]) for one in rows if one.cells[column]]
        if not any(
            min(abs(a - left), abs(b - right), abs(a + b - left - right) / 2) <= _EDGE
            for a, b in others
        ):
            return False
    return True


def _ends(words: Sequence[Word], cell: Sequence[int]) -> tuple[float, float]:
    return min(words[at].box[0] for at in cell), max(words[at].box[2] for at in cell)


def names_above(
    words: Sequence[Word], first: Row, strips: Sequence[Strip], lines: Sequence[Line]
) -> list[list[Row]]:
    """Return lines above the first row whose phrases stand over one or several columns each.

    The rest of a name that breaks is put to the line that it begins in.
    """
    found: list[list[Row]] = []
    rest: list[Row] = []
    span = _ends(words, first.line.words)
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
        if alone and not _overlaps(line, below):
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


def _is_parted(words: Sequence[Word], row: Row, column: int) -> bool:
    """Say whether a line has two phrases in one column."""
    part = replace(row.line, words=row.cells[column])
    return len(phrases(words, part, row.line.apart)) > 1
