"""Tables with horizontal lines only, between their rows or around a few of them."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.pdf.tables.centred import folded
from ingest.loaders.pdf.tables.columns import Row, Strip, rows_of, strips_in, with_names_joined
from ingest.loaders.pdf.tables.contents import ends_in_leaders
from ingest.loaders.pdf.tables.gaps import are_clear, clear_strips, edges_align
from ingest.loaders.pdf.tables.likely import is_code_or_list, is_table
from ingest.loaders.pdf.tables.names import are_named
from ingest.loaders.pdf.tables.narrow import with_groups_parted, with_narrow_columns
from ingest.loaders.pdf.tables.nearby import beside_rows, names_above
from ingest.loaders.pdf.tables.prose import prose_columns, runs_across
from ingest.loaders.pdf.tables.rows import grouped, table_from
from ingest.loaders.pdf.tables.runs import Run
from ingest.loaders.pdf.tables.spread import with_words_joined
from ingest.loaders.pdf.tables.text import Line, cell_text, is_number, lines_of, phrases
from ingest.loaders.pdf.tables.value import Table

_SAME_ENDS = 8.0  # points by which lines across of one table may differ at their ends
_PIECES = 14.0  # points between pieces of one line across, each under a column
_SAME_PLACE = 1.2
_MANY_BANDS = 4  # with cells side by side in each, that no remarks between lines have
_CLEAR = 0.7  # ems between columns of a table between lines
_LINES_BESIDE = 8
_STICKS_OUT = 0.6  # ems by which a phrase reaches over the ends of the lines
_FEW_BANDS = 3
_BAND_LINES = 3
_FEW_ROWS = 3
_CLOSER = 0.92  # times the distance of rows, that lines of one row have


def between_lines(words: Sequence[Word], lines: Sequence[Box], free: set[int]) -> Iterator[Table]:
    """Yield tables with horizontal lines only, between their rows or around a few of them."""
    left = set(free)
    page_lines = folded(words, lines_of(words, left))
    down = sorted(left, key=lambda at: _middle(words[at].box))
    middles = [_middle(words[at].box) for at in down]
    for places, (start, end) in _stacks(lines):
        bands: list[list[Line]] = []
        cuts: list[float] = []
        for top, bottom in pairwise(places):
            first, last = bisect_left(middles, top), bisect_right(middles, bottom)
            inside = [
                at
                for at in down[first:last]
                if at in left and start - 2 <= _across(words[at].box) <= end + 2
            ]
            band = folded(words, lines_of(words, inside))
            captions = _captions(words, band, page_lines, (start, end))
            band = [line for line in band if line not in captions]
            if band and (_tabular(words, band) or are_named(words, bands[:1], band)):
                bands.append(band)
                cuts += [line.centre for line in captions]
                continue
            if band:
                yield from _flush(words, bands, cuts, left, page_lines)
                bands, cuts = [], []
        yield from _flush(words, bands, cuts, left, page_lines)


def _captions(
    words: Sequence[Word],
    band: Sequence[Line],
    page_lines: Sequence[Line],
    ends: tuple[float, float],
) -> list[Line]:
    """Return the lines between two ruling lines that are wider than these: captions."""
    start, end = ends
    found: list[Line] = []
    for line in band:
        at = bisect_left(page_lines, line.centre - line.size, key=lambda one: one.centre)
        near = page_lines[at : at + _LINES_BESIDE]
        own = next((one for one in near if not set(line.words).isdisjoint(one.words)), line)
        if any(
            phrase.left < start - _STICKS_OUT * line.size
            or phrase.right > end + _STICKS_OUT * line.size
            for phrase in phrases(words, own, line.apart)
            if not set(line.words).isdisjoint(phrase.words)
        ):
            found.append(line)
    return found


def _flush(
    words: Sequence[Word],
    bands: list[list[Line]],
    cuts: Sequence[float],
    left: set[int],
    page_lines: Sequence[Line],
) -> Iterator[Table]:
    groups = _banded(words, bands, page_lines)
    for part in _parted(groups, cuts):
        table = table_from(words, part)
        if table.words <= left:
            left -= table.words
            yield table


def _parted(groups: Sequence[list[Row]], cuts: Sequence[float]) -> Iterator[list[list[Row]]]:
    """Yield the rows of each table; captions between them separate tables."""
    ends = [*cuts, math.inf]
    for above, below in pairwise([-math.inf, *ends]):
        part = [group for group in groups if above < group[0].line.centre < below]
        if len(part) > 1:
            yield part


def _stacks(lines: Sequence[Box]) -> Iterator[tuple[list[float], tuple[float, float]]]:
    """Yield places of horizontal lines with the same ends, from the top, and these ends."""
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


def _across(box: Box) -> float:
    return (box[0] + box[2]) / 2


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


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
) -> list[list[Row]]:
    """Return the rows of a table between ruling lines, None if it is not a table."""
    lines = [line for band in bands for line in band]
    strips = strips_in(words, lines)
    if len(lines) < 2 or not strips or _are_dotted(words, lines):  # noqa: PLR2004 - rows
        return []
    found = _banded_rows(words, bands, lines, strips)
    if found is None:
        return []
    rows, strips = with_narrow_columns(words, *found)
    groups: list[list[Row]] = []
    for own in _by_band(rows, bands):
        groups += _band_groups(words, own, len(bands))
    if len(groups) < 2:  # noqa: PLR2004 - rows
        return []
    close = _close(groups)
    inside = {at for row in rows for at in row.line.words}
    page_lines = [line for line in page_lines if inside.isdisjoint(line.words)]
    first, last = beside_rows(words, rows, strips, page_lines, close)
    groups = _by_closeness(first, close) + groups + _by_closeness(last, close)
    above = names_above(words, groups[0][0], strips, page_lines)
    return with_groups_parted(words, [*above, *groups], strips)


def _close(groups: Sequence[Sequence[Row]]) -> float:
    """Return the distance of lines in one row, 0 if rows are as near to one another."""
    inside = [b.line.centre - a.line.centre for group in groups for a, b in pairwise(group)]
    between = [b[0].line.centre - a[-1].line.centre for a, b in pairwise(groups)]
    if not inside or max(inside) > _CLOSER * min(between):
        return 0.0
    return (max(inside) + min(between)) / 2


def _by_closeness(rows: Sequence[Row], close: float) -> list[list[Row]]:
    groups: list[list[Row]] = []
    for row in rows:
        if groups and row.line.centre - groups[-1][-1].line.centre <= close:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


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
    clear = len(rows) <= _FEW_ROWS and all(are_clear(words, run, rows, strips, _CLEAR))
    if len(bands) == 1 and not is_table(words, run, rows, strips, clear=clear):
        return None  # two lines also enclose a remark
    rows, left = with_names_joined(*with_words_joined(words, rows, strips))
    shared = [any(len(row.filled) > 1 for row in own) for own in _by_band(rows, bands)]
    if len(bands) >= _MANY_BANDS and all(shared):
        return rows, left
    rows, left = clear_strips(words, run, rows, left, ems=_CLEAR)
    side_by_side = sum(len(row.filled) > 1 for row in rows)
    aligned = edges_align(words, rows, len(left) + 1)
    return (rows, left) if left and 2 * side_by_side >= len(rows) and aligned else None


def _are_dotted(words: Sequence[Word], lines: Sequence[Line]) -> bool:
    """Return whether lines are those of a table of contents, which is read column by column."""
    dotted = sum(any(ends_in_leaders(words[at].text) for at in line.words[-2:]) for line in lines)
    return 2 * dotted > len(lines)


def _by_band(rows: Sequence[Row], bands: Sequence[Sequence[Line]]) -> Iterator[list[Row]]:
    at = 0
    for band in bands:
        yield list(rows[at : at + len(band)])
        at += len(band)


def _band_groups(words: Sequence[Word], rows: list[Row], bands: int) -> list[list[Row]]:
    """Return one row for a band, or several if it contains rows without lines between."""
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
