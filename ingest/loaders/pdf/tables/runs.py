"""Runs of lines with common white strips, as rows of a table without ruling lines have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import CLEAR, MOST_STRIPS, Strip
from ingest.loaders.pdf.tables.text import Line, distance, phrases

_SPACE = 0.18  # ems of a gap that may belong to a strip shown by other lines
_NARROWEST = 0.3  # ems of a strip through all lines
_APART = 0.55  # ems between names of columns
_SHOWN = 5  # lines that show a strip
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
    """Consecutive lines with common strips; ``odd`` are lines that cross some."""

    lines: list[Line]
    strips: list[Strip]
    odd: set[int] = field(default_factory=set)

    @property
    def inner(self) -> list[Strip]:
        """The strips with words on both sides."""
        return inner(self.strips)

    @property
    def size(self) -> float:
        """The middle one of its lines' heights."""
        sizes = sorted(line.size for line in self.lines)
        return sizes[len(sizes) // 2]


def inner(strips: Sequence[Strip]) -> list[Strip]:
    """Return the strips that do not extend to the edge of the page."""
    return [(a, b) for a, b in strips if a > -math.inf and b < math.inf]


def runs_of(words: Sequence[Word], lines: Sequence[Line]) -> list[Run]:
    """Return runs of lines with common white strips."""
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
    # Names of columns may be closer together than the cells below them.
    run = Run([lines[at]], _gaps(words, lines[at], _APART))
    pitches: list[float] = []
    at += 1
    while at < len(lines):
        line = lines[at]
        pitch = distance(run.lines[-1], line)
        usual = sorted(pitches)[len(pitches) // 2] if pitches else 0.0
        far = max(_PITCH * usual, 2 * line.size) if len(pitches) > 1 else _FAR * line.size
        if pitch > max(far, usual + line.size):
            break
        left = _common(run.strips, _gaps(words, line, _SPACE), _NARROWEST * line.size)
        if len(run.lines) <= _HEADS and _is_finer(words, line, run, left):
            break
        lost = _lost(_shown(run), left)
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
    """Return whether a line has finer columns than the names above it."""
    fresh = inner(_gaps(words, line, CLEAR))
    finest = max(len(inner(_gaps(words, one, CLEAR))) for one in run.lines)
    return len(fresh) > finest and _lost(fresh, left) > 0


def _goes_on(
    words: Sequence[Word], lines: Sequence[Line], at: int, run: Run, left: Sequence[Strip]
) -> bool:
    """Return whether a line that crosses strips of a run still belongs to it."""
    clear = len(_gaps(words, lines[at], CLEAR)) > _BOTH_ENDS
    kept, lost = len(inner(left)), _lost(_shown(run), left)
    if len(run.lines) <= _HEADS:
        return clear and kept > 0 and kept >= lost
    return _is_odd(words, lines, at, run) or (clear and kept > lost)


def _is_odd(words: Sequence[Word], lines: Sequence[Line], at: int, run: Run) -> bool:
    """Return whether a line crosses strips of the lines before and after it."""
    if at + 1 >= len(lines) or len(run.lines) - 1 in run.odd:
        return False
    below = lines[at + 1]
    if distance(lines[at], below) > _FAR * below.size:
        return False
    after = _common(run.strips, _gaps(words, below, _SPACE), _NARROWEST * below.size)
    shown = len(phrases(words, below, CLEAR * below.size))
    return shown > 1 and not _lost(_shown(run), after)


def _is_wide(run: Run, lost: int, clear: bool) -> bool:  # noqa: FBT001 - one line's
    """Return whether one wide cell crosses a strip that enough lines have shown."""
    return clear and lost == 1 and len(run.lines) >= _SHOWN and 4 * len(run.odd) < len(run.lines)


def _shown(run: Run) -> list[Strip]:
    """Return the strips that are wider than spaces; all of them if none is.

    The white between the words of the first lines belongs to no column.
    """
    wide = [(a, b) for a, b in run.inner if b - a >= CLEAR * run.size]
    return wide or run.inner


def _lost(strips: Sequence[Strip], left: Sequence[Strip]) -> int:
    return sum(not any(a <= y and x <= b for x, y in left) for a, b in strips)


def _gaps(words: Sequence[Word], line: Line, ems: float) -> list[Strip]:
    """Return the white of a line: wide gaps between its words, and both ends."""
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
    if len(strips) > MOST_STRIPS:
        strips = sorted(sorted(strips, key=lambda strip: strip[0] - strip[1])[:MOST_STRIPS])
    return strips


def _space(words: Sequence[Word], line: Line) -> float:
    """Return the approximate gap between words of a line, 0 for few words."""
    gaps = sorted(
        words[after].box[0] - words[at].box[2]
        for at, after in zip(line.words, line.words[1:], strict=False)
    )
    return gaps[(len(gaps) - 1) // 4] if len(gaps) >= _FEWEST_EVEN else 0.0


def _is_justified(words: Sequence[Word], line: Line) -> bool:
    """Return whether all gaps of a line are alike, as in a short line that was spread."""
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
    return found[:MOST_STRIPS]
