"""Columns of a table without ruling lines: white strips that go down through several lines.

The em of a gap is the height of the line's font.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.table_text import Line, Phrase, phrases

Strip = tuple[float, float]

CLEAR = 0.8
"""Ems of a gap that parts two columns on its own; spaces of justified prose seldom get so wide."""

_SPACE = 0.18  # ems of a gap that may be part of a strip that other lines show
_NARROWEST = 0.3  # ems of a strip that goes through all lines
_MOST_STRIPS = 64
_APART = 0.55  # ems between names of columns
_SHOWN = 5  # lines that show a strip
_FEWEST_KNOWN = 8  # rows without names that show what is usual
_FEW = 0.12  # share of rows
_CELLS_APART = 0.5  # ems of a strip in a region that lines mark as a table
_PITCH = 2.2  # a distance between lines so many times the usual one ends a table
_FAR = 3.2  # ems between the tops of two rows while the usual distance is not known
_EVEN = 0.13  # ems by which gaps of a justified line may differ
_WIDEST_SPACE = 1.25  # ems
_FEWEST_EVEN = 4
_WIDER = 1.4  # times the gap between words, from which one may be that of columns
_BOTH_ENDS = 2  # strips that every line has, left and right of its words
_HEADS = 2  # lines of names over several columns


@dataclass(slots=True)
class Run:
    """Lines one below the other with strips in common; ``odd`` are lines that cross some."""

    lines: list[Line]
    strips: list[Strip]
    odd: set[int] = field(default_factory=set)

    @property
    def inner(self) -> list[Strip]:
        """The strips that have words on both sides."""
        return inner(self.strips)

    @property
    def size(self) -> float:
        """The middle one of its lines' heights."""
        sizes = sorted(line.size for line in self.lines)
        return sizes[len(sizes) // 2]


def inner(strips: Sequence[Strip]) -> list[Strip]:
    """Return the strips that do not reach to the edge of the page."""
    return [(a, b) for a, b in strips if a > -math.inf and b < math.inf]


def runs_of(words: Sequence[Word], lines: Sequence[Line]) -> list[Run]:
    """Return runs of lines that have white strips in common."""
    found: list[Run] = []
    clear = [len(_gaps(words, line, CLEAR)) > _BOTH_ENDS for line in lines]
    at = 0
    while at < len(lines):
        if not clear[at]:
            at += 1
            continue
        run, at = _run_from(words, lines, at, clear)
        if len(run.lines) > 1:
            found.append(run)
    return found


def _run_from(
    words: Sequence[Word], lines: Sequence[Line], at: int, clear: Sequence[bool]
) -> tuple[Run, int]:
    first = at
    # Names of columns may stand closer together than what is below them.
    run = Run([lines[at]], _gaps(words, lines[at], _APART))
    pitches: list[float] = []
    at += 1
    while at < len(lines):
        line = lines[at]
        pitch = line.centre - run.lines[-1].centre
        usual = sorted(pitches)[len(pitches) // 2] if pitches else 0.0
        far = max(_PITCH * usual, 2 * line.size) if len(pitches) > 1 else _FAR * line.size
        if pitch > max(far, usual + line.size):
            break
        left = _common(run.strips, _gaps(words, line, _SPACE), _NARROWEST * line.size)
        if len(run.lines) <= _HEADS and _is_finer(words, line, run, left):
            break
        lost = _lost(run.inner, left)
        if lost and not _goes_on(words, lines, at, run, left):
            break
        known = len(run.lines) > 2 or not clear[at]  # noqa: PLR2004 - before, nothing is usual
        if lost and ((known and _is_odd(words, lines, at, run)) or _is_wide(run, lost, clear[at])):
            run.odd.add(len(run.lines))
        else:
            run.strips = left
        run.lines.append(line)
        pitches.append(pitch)
        at += 1
    while len(run.lines) > 1 and len(run.lines) - 1 in run.odd and not clear[at - 1]:
        run.odd.discard(len(run.lines) - 1)
        run.lines.pop()
        at -= 1
    return run, max(at, first + 1)


def _is_finer(words: Sequence[Word], line: Line, run: Run, left: Sequence[Strip]) -> bool:
    """Say whether a line has columns that the names above it stand over."""
    fresh = inner(_gaps(words, line, CLEAR))
    finest = max(len(inner(_gaps(words, one, CLEAR))) for one in run.lines)
    return len(fresh) > finest and _lost(fresh, left) > 0


def _goes_on(
    words: Sequence[Word], lines: Sequence[Line], at: int, run: Run, left: Sequence[Strip]
) -> bool:
    """Say whether a line that crosses strips of a run still belongs to it."""
    clear = len(_gaps(words, lines[at], CLEAR)) > _BOTH_ENDS
    kept, lost = len(inner(left)), _lost(run.inner, left)
    if len(run.lines) <= _HEADS:
        return clear and kept > 0 and kept >= lost
    return _is_odd(words, lines, at, run) or (clear and kept > lost)


def _is_odd(words: Sequence[Word], lines: Sequence[Line], at: int, run: Run) -> bool:
    """Say whether a line crosses strips that the line before and the next one keep."""
    if at + 1 >= len(lines) or len(run.lines) - 1 in run.odd:
        return False
    below = lines[at + 1]
    if below.centre - lines[at].centre > _FAR * below.size:
        return False
    after = _common(run.strips, _gaps(words, below, _SPACE), _NARROWEST * below.size)
    shown = len(phrases(words, below, CLEAR * below.size))
    return shown > 1 and not _lost(run.inner, after)


def _is_wide(run: Run, lost: int, clear: bool) -> bool:  # noqa: FBT001 - one line's
    """Say whether one wide cell crosses a strip that enough lines have shown."""
    return clear and lost == 1 and len(run.lines) >= _SHOWN and 4 * len(run.odd) < len(run.lines)


def _lost(strips: Sequence[Strip], left: Sequence[Strip]) -> int:
    return sum(not any(a <= y and x <= b for x, y in left) for a, b in strips)


def _gaps(words: Sequence[Word], line: Line, ems: float) -> list[Strip]:
    """Return where a line is white: between its words where that is wide, and at both ends."""
    strips: list[Strip] = []
    reached = -math.inf
    if ems >= CLEAR and _is_justified(words, line):
        return [(-math.inf, words[line.words[0]].box[0]), (words[line.words[-1]].box[2], math.inf)]
    least = max(ems * line.size, line.apart) if line.fixed else ems * line.size
    if ems < CLEAR:
        least = max(least, min(_WIDER * _space(words, line), CLEAR * line.size))
    for at in line.words:
        left, _, right, _ = words[at].box
        if left - reached >= least:
            strips.append((reached, left))
        reached = max(reached, right)
    strips.append((reached, math.inf))
    if len(strips) > _MOST_STRIPS:
        strips = sorted(sorted(strips, key=lambda strip: strip[0] - strip[1])[:_MOST_STRIPS])
    return strips


def _space(words: Sequence[Word], line: Line) -> float:
    """Return about the gap between words of a line, 0 where there are few."""
    gaps = sorted(
        words[after].box[0] - words[at].box[2]
        for at, after in zip(line.words, line.words[1:], strict=False)
    )
    return gaps[(len(gaps) - 1) // 4] if len(gaps) >= _FEWEST_EVEN else 0.0


def _is_justified(words: Sequence[Word], line: Line) -> bool:
    """Say whether all gaps of a line are alike, as where a short line was spread."""
    gaps = [
        words[after].box[0] - words[at].box[2]
        for at, after in zip(line.words, line.words[1:], strict=False)
    ]
    if len(gaps) < _FEWEST_EVEN or max(gaps) > _WIDEST_SPACE * line.size:
        return False
    return max(gaps) - min(gaps) <= _EVEN * line.size


def _common(some: Sequence[Strip], others: Sequence[Strip], least: float) -> list[Strip]:
    found: list[Strip] = []
    one = other = 0
    while one < len(some) and other < len(others):
        left = max(some[one][0], others[other][0])
        right = min(some[one][1], others[other][1])
        if right - left >= least:
            found.append((left, right))
        if some[one][1] < others[other][1]:
            one += 1
        else:
            other += 1
    return found[:_MOST_STRIPS]


def strips_in(words: Sequence[Word], lines: Sequence[Line], share: float = 0.12) -> list[Strip]:
    """Return white strips of a region known to be a table; a few lines may cross each."""
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
    return [(a, b) for a, b in strips if a > first and b < last][:_MOST_STRIPS]


def _whitest(pieces: Sequence[tuple[int, Strip]], least: float) -> list[Strip]:
    """Return the parts of a strip that the fewest lines cross, if any of them is wide enough."""
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
        """The columns that hold words."""
        return [column for column, cell in enumerate(self.cells) if cell]


def rows_of(words: Sequence[Word], lines: Sequence[Line], strips: Sequence[Strip]) -> list[Row]:
    """Put the words of each line into the columns between strips."""
    return [row_of(words, line, strips) for line in lines]


def with_names_joined(
    rows: Sequence[Row], strips: Sequence[Strip]
) -> tuple[list[Row], list[Strip]]:
    """Join a column of few cells to the one beside it, if no row has cells in both.

    The name of a column may stand left of all its numbers, or reach into the next one's place.
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
        if 0 in one or 0 in other or len(rows) >= _FEWEST_KNOWN:
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
    """Put the words of a line into columns; a phrase over a whole strip covers both sides."""
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
    """Return the white of a line that parts two columns; an empty one where words cross them.

    Names may reach into a strip, and stand in it: then they are of the column that has none yet.
    """
    start, end = strips[number]
    whites = _whites(words, line, strips[number])
    widest = max(whites, key=lambda white: white[1] - white[0], default=(start, start))
    if widest[1] - widest[0] < min(0.5 * (end - start), line.apart):
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
