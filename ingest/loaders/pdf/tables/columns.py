"""Columns of a table: the white strips between them, and the cells of a line's words.

The em of a gap is the height of the line's font.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.text import Line, Phrase, phrases

Strip = tuple[float, float]
CLEAR = 0.8
"""Ems of a gap that separates two columns by itself; justified prose seldom has such spaces."""

MOST_STRIPS = 64
_FEWEST_KNOWN = 8  # rows without names that show what is usual
_FEW = 0.12  # share of rows
_NAMES_APART = 0.42  # ems of white between two names of columns
_CELLS_APART = 0.5  # ems of a strip in a region that lines mark as a table


def strips_in(words: Sequence[Word], lines: Sequence[Line], share: float = 0.12) -> list[Strip]:
    """Return white strips of a known table's region; a few lines may cross each."""
    if not lines:
        return []
    sizes = sorted(line.size for line in lines)
    size = sizes[len(sizes) // 2]
    ends: list[tuple[float, int]] = []
    for line in lines:
        for phrase in phrases(words, line, line.apart if line.fixed else _CELLS_APART * size):
            ends += [(phrase.left, 1), (phrase.right, -1)]
    ends.sort()
    most = max(int(share * len(lines)), 1 if len(lines) > 3 else 0)  # noqa: PLR2004 - of few lines none may
    strips: list[Strip] = []
    depth = 0
    pieces: list[tuple[int, Strip]] = []  # of one strip: how many lines cross each
    for (place, step), (after, _) in zip(ends, [*ends[1:], ends[-1]], strict=True):
        depth += step
        if depth <= most:
            pieces.append((depth, (place, after)))
        elif pieces:
            strips += _whitest(pieces, _CELLS_APART * size)
            pieces = []
    first, last = ends[0][0], ends[-1][0]
    return [(a, b) for a, b in strips if a > first and b < last][:MOST_STRIPS]


def _whitest(pieces: Sequence[tuple[int, Strip]], least: float) -> list[Strip]:
    """Return the parts of a strip that the fewest lines cross, if any is wide enough."""
    for most in sorted({depth for depth, _ in pieces}):
        found: list[Strip] = []
        for depth, (a, b) in pieces:
            if depth > most:
                continue
            if found and found[-1][1] == a:
                found[-1] = (found[-1][0], b)
            else:
                found.append((a, b))
        wide = [(a, b) for a, b in found if b - a >= least]
        if wide:
            return wide
    return []


@dataclass(slots=True)
class Row:
    """One line's words by column; ``spans`` are phrases that cover several columns."""

    line: Line
    cells: list[list[int]]
    spans: list[tuple[int, int, list[int]]] = field(default_factory=list)

    @property
    def filled(self) -> list[int]:
        """The columns with words."""
        return [column for column, cell in enumerate(self.cells) if cell]


def rows_of(words: Sequence[Word], lines: Sequence[Line], strips: Sequence[Strip]) -> list[Row]:
    """Put the words of each line into the columns between strips."""
    return [row_of(words, line, strips) for line in lines]


def with_names_joined(
    rows: Sequence[Row], strips: Sequence[Strip]
) -> tuple[list[Row], list[Strip]]:
    """Join a column of few cells to the one beside it, if no row has cells in both.

    A column's name may be left of all its numbers, or extend into the next column.
    """
    joined, kept = list(rows), list(strips)
    few = max(1, int(_FEW * len(rows)))
    for at in range(len(strips) - 1, -1, -1):
        both = {
            number
            for number, row in enumerate(joined)
            if any(first <= at < end - 1 for first, end, _ in row.spans)
        }
        one = {number for number, row in enumerate(joined) if row.cells[at]} - both
        other = {number for number, row in enumerate(joined) if row.cells[at + 1]} - both
        if one & other or min(len(one), len(other)) > few:
            continue
        bare = not one or not other  # names over several columns alone reach into it
        if bare or 0 in one or 0 in other or len(rows) >= _FEWEST_KNOWN:
            del kept[at]
            joined = [without(row, at) for row in joined]
    return joined, kept


def without(row: Row, strip: int) -> Row:
    """Join the columns on both sides of a strip."""
    cells = [
        *row.cells[:strip],
        [*row.cells[strip], *row.cells[strip + 1]],
        *row.cells[strip + 2 :],
    ]
    spans = [
        (first - (first > strip), end - (end > strip + 1), words) for first, end, words in row.spans
    ]
    return Row(row.line, cells, [span for span in spans if span[1] - span[0] > 1])


def row_of(words: Sequence[Word], line: Line, strips: Sequence[Strip]) -> Row:
    """Put the words of a line into columns; a phrase across a strip covers both sides."""
    told = phrases(words, line, line.apart)
    whites = [_white(words, line, told, strips, number) for number in range(len(strips))]
    cuts = [(a + b) / 2 for a, b in whites]
    row = Row(line, [[] for _ in range(len(strips) + 1)])
    for phrase in told:
        over = [
            number
            for number, (a, b) in enumerate(strips)
            if phrase.left < b and phrase.right > a and whites[number][0] >= whites[number][1]
        ]
        if over:
            row.spans.append((over[0], over[-1] + 2, phrase.words))
            row.cells[over[0]] += phrase.words
            continue
        for at in phrase.words:
            left, _, right, _ = words[at].box
            row.cells[bisect_right(cuts, (left + right) / 2)].append(at)
    return row


def _white(
    words: Sequence[Word],
    line: Line,
    told: Sequence[Phrase],
    strips: Sequence[Strip],
    number: int,
) -> Strip:
    """Return the white of a line that separates two columns; an empty one if words cross them.

    A name inside a strip belongs to the column without a name.
    """
    start, end = strips[number]
    whites = _whites(words, line, strips[number])
    widest = max(whites, key=lambda white: white[1] - white[0], default=(start, start))
    least = line.apart if line.fixed else _NAMES_APART * line.size
    if widest[1] - widest[0] < min(0.5 * (end - start), least):
        return start, start
    inside = [phrase for phrase in told if phrase.left >= start and phrase.right <= end]
    if not inside:
        return widest
    before = strips[number - 1][1] if number else -math.inf
    after = strips[number + 1][0] if number + 1 < len(strips) else math.inf
    one = any(phrase.left < start and phrase.right > before for phrase in told)
    other = any(phrase.right > end and phrase.left < after for phrase in told)
    if one and not other:
        return max(start, *(p.right for p in told if p.left < start)), inside[0].left
    if other and not one:
        return inside[-1].right, min(end, *(p.left for p in told if p.right > end))
    return widest


def _whites(words: Sequence[Word], line: Line, strip: Strip) -> list[Strip]:
    start, end = strip
    found: list[Strip] = []
    reached = start
    for at in line.words:
        left, _, right, _ = words[at].box
        if right <= start:
            continue
        if reached < min(left, end):
            found.append((reached, min(left, end)))
        reached = max(reached, right)
        if reached >= end:
            return found
    return [*found, (reached, end)]
