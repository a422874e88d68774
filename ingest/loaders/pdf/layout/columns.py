"""The order in which the parts of a page are read: columns one after the other.

A gutter is a white strip from top to bottom of some lines, with prose on both sides. What crosses
it above or below (a title, a figure, a table over all columns) is read before or after the columns
that it parts. The gaps of a table, a price list or a form are no gutters: what stands on their two
sides belongs together, so such lines stay rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ingest.loaders.pdf.layout.column_tests import Side, are_columns
from ingest.loaders.pdf.layout.lines import around, runs_backwards
from ingest.loaders.pdf.layout.paragraphs import HANGING
from ingest.loaders.pdf.page import Box, Word

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_CUTS = 60
"""Gutters of a page that are looked for; newspapers have about ten."""

MOST_ITEMS = 20_000
"""Words beyond which a page is read line by line: no page for readers has so many."""

NARROWEST = 0.6
"""Width of a gutter in heights of the font: LaTeX sets ten points between columns."""

SHORTEST = 2.4
"""Height of a gutter in heights of the font, which three lines take."""

_GRID = 1000  # cells across and down a page at most
_CANDIDATES = 24
_AS_LONG = 0.5
_SHRINK = 0.15  # of a box's height, above and below: fonts claim more room than they draw
_OPENING = frozenset("（「『【《〈〔［")
_ASIDE = 0.8  # heights of the font by which one side may begin above the other


class Item(NamedTuple):
    """A word, or something that is not to be cut (a table, a picture): then ``word`` is None."""

    box: Box
    word: Word | None


_Sides = tuple[list[tuple[Box, Word]], list[tuple[Box, Word]]]


@dataclass(frozen=True, slots=True)
class _Gutter:
    left: float
    top: float
    right: float
    bottom: float


def reading_order(items: Sequence[Item], *, certain: bool = False) -> list[list[Item]]:
    """Return the parts of a page, each of one column, in the order in which they are read.

    Args:
        items: of the page, in any order.
        certain: whether only columns of prose with many lines are parted.
    """
    if not items:
        return []
    if len(items) > MOST_ITEMS:
        return [list(items)]
    done: list[list[Item]] = []
    waiting = [list(items)]
    cuts = 0
    while waiting:
        part = waiting.pop()
        gutter = _gutter(part, certain=certain) if cuts < MOST_CUTS and len(part) > 1 else None
        if gutter is None:
            done.append(part)
            continue
        cuts += 1
        pieces = _apart(part, gutter)
        waiting += [piece for piece in reversed(pieces) if piece]
    return done


def _apart(items: list[Item], gutter: _Gutter) -> list[list[Item]]:
    """Cut along a gutter: what is above, the two sides, what is below."""
    above: list[Item] = []
    below: list[Item] = []
    sides: tuple[list[Item], list[Item]] = ([], [])
    for item in items:
        middle = (item.box[1] + item.box[3]) / 2
        if middle < gutter.top:
            above.append(item)
        elif middle > gutter.bottom:
            below.append(item)
        else:
            sides[item.box[0] >= gutter.left].append(item)
    left, right = sides
    if above:
        _give_back(above, left, right)
    if runs_backwards(item.word for item in items if item.word is not None):
        left, right = right, left
    return [above, left, right, below]


def _give_back(above: list[Item], left: list[Item], right: list[Item]) -> None:
    """Move to ``above`` the last line of a paragraph that is too short to reach the gutter."""
    if not left or not right:
        return
    size = _size(left)
    end = max(item.box[3] for item in above)
    begin = min(item.box[1] for item in right)
    first = min(item.box[1] for item in left)
    if first - end < _ASIDE * size and begin - first > _ASIDE * size:
        short = [item for item in left if (item.box[1] + item.box[3]) / 2 < first + size]
        if max(item.box[3] for item in short) <= begin + _ASIDE * size:
            above += short
            left[:] = [item for item in left if item not in short]


def _size(items: Sequence[Item]) -> float:
    sizes = sorted(item.word.size for item in items if item.word is not None)
    return max(sizes[len(sizes) // 2], 1.0) if sizes else 10.0


def _gutter(items: Sequence[Item], *, certain: bool) -> _Gutter | None:
    """Return the best gutter of a part of the page, None where it has one column."""
    size = _size(items)
    best: tuple[float, float] = (0.0, 0.0)
    found: _Gutter | None = None
    backwards = runs_backwards(item.word for item in items if item.word is not None)
    gutters = _white(items, size)
    for gutter in gutters:
        sides = _sides(items, gutter)
        if min(map(len, sides)) < 2:  # noqa: PLR2004 - no column has one word
            continue
        one, other = (Side.of(side, size) for side in sides)
        worth = (float(min(one.count, other.count)), gutter.right - gutter.left)
        wide = (gutter.right - gutter.left) / size
        if worth <= best:
            continue
        if certain and not (one.is_certain and other.is_certain):
            continue
        if not are_columns(one, other, wide, backwards=backwards):
            near = _near(sides, gutter, gutters)
            one, other = (Side.of(side, size) for side in near)
            if near == sides or not are_columns(one, other, wide, backwards=backwards):
                continue
        best, found = worth, gutter
    return found


def _near(sides: _Sides, gutter: _Gutter, gutters: Sequence[_Gutter]) -> _Sides:
    """Return what stands between a gutter and the next ones on its two sides."""
    long = [
        g
        for g in gutters
        if min(g.bottom, gutter.bottom) - max(g.top, gutter.top)
        >= _AS_LONG * (gutter.bottom - gutter.top)
    ]
    first = max((g.left for g in long if g.right <= gutter.left), default=-math.inf)
    last = min((g.left for g in long if g.left >= gutter.right), default=math.inf)
    left = [item for item in sides[0] if item[0][0] >= first]
    right = [item for item in sides[1] if item[0][0] < last]
    return (left, right) if left and right else sides


def _sides(items: Sequence[Item], gutter: _Gutter) -> _Sides:
    sides: _Sides = ([], [])
    for box, word in items:
        if word is not None and gutter.top <= (box[1] + box[3]) / 2 <= gutter.bottom:
            sides[box[0] >= gutter.left].append((box, word))
    return sides


def _white(items: Sequence[Item], size: float) -> list[_Gutter]:
    """Return white strips that are wide and high enough, those with the most words beside first."""
    bounds = around(item.box for item in items)
    left, top, right, bottom = bounds
    cell = max(1.0, (right - left) / _GRID)
    step = max(1.0, (bottom - top) / _GRID)
    across, down = math.ceil((right - left) / cell) + 1, math.ceil((bottom - top) / step) + 1
    ink = np.zeros((down, across + 1), np.int32)
    for x1, y1, x2, y2 in map(_inked, items):
        inset = _SHRINK * (y2 - y1)
        low, high = int((y1 + inset - top) / step), math.ceil((y2 - inset - top) / step)
        ink[
            low : max(high, low + 1),
            int((x1 - left) / cell) + 1 : math.ceil((x2 - left) / cell) + 1,
        ] = 1
    wide = max(3, int(NARROWEST * size / cell))
    if across <= 2 * wide:
        return []
    total = ink.cumsum(axis=1)
    free = total[:, wide:] == total[:, :-wide]
    strips = _strips(free, SHORTEST * size / step)
    gutters = []
    for x1, x2, y1, y2 in strips:
        gutters.append(
            _Gutter(left + x1 * cell, top + y1 * step, left + (x2 + wide) * cell, top + y2 * step)
        )
    gutters.sort(key=lambda g: (g.top - g.bottom, g.left - g.right))
    return gutters[:_CANDIDATES]


def _inked(item: Item) -> Box:
    """Return an item's box without the white half of Chinese marks at its ends."""
    left, top, right, bottom = item.box
    if item.word is not None and not item.word.text.isascii():
        half = min(item.word.size, right - left) / 2
        left += half * (item.word.text[0] in _OPENING)
        right -= half * (item.word.text[-1] in HANGING)
    return (left, top, right, bottom)


def _strips(free: npt.NDArray[np.bool_], least: float) -> list[tuple[int, int, int, int]]:
    """Return runs downwards of free places, neighbours of the same run joined: x, x, y, y."""
    runs = np.zeros(free.shape[1], np.int32)
    ended: dict[tuple[int, int], list[int]] = {}
    down = free.shape[0]
    for y in range(down + 1):
        now = free[y] if y < down else np.zeros_like(free[0])
        for x in np.flatnonzero((runs >= least) & ~now):
            ended.setdefault((y - int(runs[x]), y), []).append(int(x))
        runs = (runs + 1) * now
    strips = []
    edge = free.shape[1] - 1
    for (y1, y2), places in ended.items():
        begins = [at for at, x in enumerate(places) if not at or x > places[at - 1] + 1]
        for at, end in zip(begins, [*begins[1:], len(places)], strict=True):
            first, last = places[at], places[end - 1]
            if first > 0 and last < edge:  # beside the margin is no gutter
                strips.append((first, last, y1, y2))
    return strips
