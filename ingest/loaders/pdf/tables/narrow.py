"""Columns close together: right-aligned numbers beside left-aligned text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import MOST_STRIPS, Row, Strip
from ingest.loaders.pdf.tables.text import cell_text, is_number

_NARROWEST = 0.36  # ems of white between two columns
_WIDER = 1.3  # times the space between words
_SPACE = 0.28  # ems of a space where no cell shows one
_WIDEST_SPACE = 0.45  # ems
_EDGE = 1.2  # points by which edges of a column's cells may differ
_ALIGNED = 0.85  # share of a column's cells
_LEAST = 0.2  # ems of white between an amount and a text
_EXACT = 0.4  # points
_LONGEST_UNIT = 7  # letters
_FEWEST = 3  # rows that have words on both sides
_BOTH = 0.5  # share of rows
_ODD = 0.1  # share of rows that may cross


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words of one row of a column, with their edges."""

    row: int
    words: tuple[int, ...]
    left: float
    right: float


def with_narrow_columns(
    words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip]
) -> tuple[list[Row], list[Strip]]:
    """Split the columns of a table whose cells have aligned white wider than spaces in all rows."""
    found, kept = list(rows), list(strips)
    space = _space(words, rows)
    column = 0
    while column <= len(kept) and len(kept) < MOST_STRIPS:
        strip = _strip_in(words, found, column, space)
        if strip is None:
            column += 1
            continue
        kept.insert(column, strip)
        found = [_parted(words, row, column, sum(strip) / 2) for row in found]
    return found, kept


def with_groups_parted(
    words: Sequence[Word], groups: Sequence[Sequence[Row]], strips: Sequence[Strip]
) -> list[list[Row]]:
    """Split the columns of a table with grouped lines, including its names of columns."""
    found, _ = with_narrow_columns(words, [row for group in groups for row in group], strips)
    parted = iter(found)
    return [[next(parted) for _ in group] for group in groups]


def _space(words: Sequence[Word], rows: Sequence[Row]) -> float:
    """Return the usual space between words of the table, in ems."""
    gaps = sorted(
        (words[after].box[0] - words[at].box[2]) / max(row.line.size, 1.0)
        for row in rows
        for cell in row.cells
        for at, after in pairwise(cell)
    )
    spaces = [gap for gap in gaps if 0 < gap <= _WIDEST_SPACE]
    return spaces[len(spaces) // 4] if spaces else _SPACE


def _strip_in(
    words: Sequence[Word], rows: Sequence[Row], column: int, space: float
) -> Strip | None:
    """Return the first strip of white that splits a column into two, None without one."""
    chosen = [
        (number, row)
        for number, row in enumerate(rows)
        if row.cells[column] and not any(a <= column < b for a, b, _ in row.spans)
    ]
    if len(chosen) < _FEWEST or all(len(row.cells[column]) == 1 for _, row in chosen):
        return None
    sizes = sorted(row.line.size for _, row in chosen)
    least = max(_NARROWEST, _WIDER * space) * sizes[len(sizes) // 2]
    most = int(_ODD * len(chosen))
    spans = [(words[at].box[0], words[at].box[2]) for _, row in chosen for at in row.cells[column]]
    least_of_all = _LEAST * sizes[len(sizes) // 2]
    for strip in _whites(spans, most, min(least, least_of_all)):
        sides = [_sides(words, number, row.cells[column], strip) for number, row in chosen]
        wide = strip[1] - strip[0] >= least
        if _parts(sides, len(chosen), most) and (wide or _are_amounts(words, sides)):
            return strip
    return None


def _are_amounts(
    words: Sequence[Word], sides: Sequence[tuple[_Piece | None, _Piece | None] | None]
) -> bool:
    """Return whether numbers end where texts longer than units begin, unlike around a space.

    Programs that leave less white between columns than a space has print such pages.
    """
    both = [(side[0], side[1]) for side in sides[1:] if side and side[0] and side[1]]
    if len(both) < max(_FEWEST, len(sides) - 2):
        return False
    numbers = [cell_text(words, one.words) for one, _ in both]
    texts = [cell_text(words, other.words) for _, other in both]
    ends = [one.right for one, _ in both]
    starts = [other.left for _, other in both]
    return (
        all(map(is_number, numbers))
        and not any(map(is_number, texts))
        and max(map(len, texts)) > _LONGEST_UNIT
        and max(ends) - min(ends) <= _EXACT
        and max(starts) - min(starts) <= _EXACT
        and len({round(one.left) for one, _ in both}) > 1
    )


def _whites(spans: Sequence[Strip], most: int, least: float) -> list[Strip]:
    """Return the stretches that no more than ``most`` words cover."""
    ends = sorted([(left, 1) for left, _ in spans] + [(right, -1) for _, right in spans])
    found: list[Strip] = []
    depth = 0
    start: float | None = None
    for place, step in ends:
        depth += step
        if depth <= most and step < 0 and start is None:
            start = place
        elif depth > most and start is not None:
            if place - start >= least:
                found.append((start, place))
            start = None
    return found


def _sides(
    words: Sequence[Word], number: int, cell: Sequence[int], strip: Strip
) -> tuple[_Piece | None, _Piece | None] | None:
    """Return a cell's words on both sides of a strip, None if the cell crosses the strip."""
    middle = sum(strip) / 2
    if any(words[at].box[0] < middle < words[at].box[2] for at in cell):
        return None
    left = [at for at in cell if words[at].box[2] <= middle]
    right = [at for at in cell if words[at].box[0] >= middle]
    return _piece(words, number, left), _piece(words, number, right)


def _piece(words: Sequence[Word], number: int, chosen: Sequence[int]) -> _Piece | None:
    if not chosen:
        return None
    left = min(words[at].box[0] for at in chosen)
    return _Piece(number, tuple(chosen), left, max(words[at].box[2] for at in chosen))


def _parts(
    sides: Sequence[tuple[_Piece | None, _Piece | None] | None], count: int, most: int
) -> bool:
    """Return whether enough rows have cells on both sides, and each side's cells are aligned."""
    whole = [side for side in sides if side is not None]
    both = sum(left is not None and right is not None for left, right in whole)
    several = all(sum(side[at] is not None for side in whole) > 1 for at in (0, 1))
    named = count == len(whole) > _FEWEST and all(sides[0] or ()) and several
    if count - len(whole) > most or (both < max(_FEWEST, _BOTH * count) and not named):
        return False
    return all(_in_line([side[at] for side in whole]) for at in (0, 1))


def _in_line(pieces: Sequence[_Piece | None]) -> bool:
    told = [piece for piece in pieces if piece is not None]
    edges = (
        sorted(piece.left for piece in told),
        sorted(piece.right for piece in told),
        sorted((piece.left + piece.right) / 2 for piece in told),
    )
    return any(_most_alike(values) >= _ALIGNED * len(told) for values in edges)


def _most_alike(values: Sequence[float]) -> int:
    most = start = 0
    for end, value in enumerate(values):
        while value - values[start] > _EDGE:
            start += 1
        most = max(most, end - start + 1)
    return most


def _parted(words: Sequence[Word], row: Row, column: int, cut: float) -> Row:
    """Return a row with one of its columns split in two."""
    cell = row.cells[column]
    over = any(words[at].box[0] < cut < words[at].box[2] for at in cell)
    left = cell if over else [at for at in cell if words[at].box[2] <= cut]
    right = [] if over else [at for at in cell if words[at].box[0] >= cut]
    spans = [(a + (a > column), b + (b > column), members) for a, b, members in row.spans]
    if over and not any(a <= column < b - 1 for a, b, _ in spans):
        spans.append((column, column + 2, list(cell)))
    return Row(row.line, [*row.cells[:column], left, right, *row.cells[column + 1 :]], spans)
