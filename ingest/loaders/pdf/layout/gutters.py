"""White strips between the words of a page, such as those between its columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ingest.loaders.pdf.layout.lines import around
from ingest.loaders.pdf.layout.paragraphs import HANGING
from ingest.loaders.pdf.page import Box, Word

if TYPE_CHECKING:
    import numpy.typing as npt

NARROWEST = 0.6
"""Width of a gutter in heights of the font: LaTeX sets ten points between columns."""

SHORTEST = 2.4
"""Height of a gutter in heights of the font, which three lines take."""

_GRID = 1000  # cells across and down a page at most
_CANDIDATES = 24
_SHRINK = 0.15  # of a box's height, above and below: fonts claim more room than they draw
_OPENING = frozenset("（「『【《〈〔［")
_SPREAD_GAPS, _EVEN = 3, 1.08
_LARGE = 1.2  # times the usual size of letters: a heading
_LARGE_SPACE = 0.6  # heights of a heading's font, between two of its words


class Item(NamedTuple):
    """A word, or an element that must not be cut (a table, a picture), where ``word`` is None."""

    box: Box
    word: Word | None


Sides = tuple[list[tuple[Box, Word]], list[tuple[Box, Word]]]


@dataclass(frozen=True, slots=True)
class Gutter:
    """A white strip; every item between ``top`` and ``bottom`` is on one of its sides."""

    left: float
    top: float
    right: float
    bottom: float

    def between(self, top: float, bottom: float) -> Gutter:
        """Return a part of it."""
        return replace(self, top=top, bottom=bottom)

    def sides(self, items: Sequence[Item]) -> Sides:
        """Return the words at its left and at its right."""
        left, top, bottom = self.left, self.top, self.bottom
        inside = [
            (box, word)
            for box, word in items
            if word is not None and top <= (box[1] + box[3]) / 2 <= bottom
        ]
        return [i for i in inside if i[0][0] < left], [i for i in inside if i[0][0] >= left]


def usual_size(items: Sequence[Item]) -> float:
    """Return the height of the font of the middle one of all words."""
    sizes = sorted(item.word.size for item in items if item.word is not None)
    return max(sizes[len(sizes) // 2], 1.0) if sizes else 10.0


def gutters_of(items: Sequence[Item], size: float) -> list[Gutter]:
    """Return white strips that are wide and high enough, the highest first."""
    bounds = around(item.box for item in items)
    left, top, right, bottom = bounds
    cell = max(1.0, (right - left) / _GRID)
    step = max(1.0, (bottom - top) / _GRID)
    across, down = math.ceil((right - left) / cell) + 1, math.ceil((bottom - top) / step) + 1
    ink = np.zeros((down, across + 1), np.int16)
    boxes = [*map(inked, items), *_inside_headings(items, size), *_inside_spread(items, size)]
    x1, y1, x2, y2 = np.array(boxes).T
    inset = _SHRINK * (y2 - y1)
    low = ((y1 + inset - top) / step).astype(int)
    high = np.maximum(np.ceil((y2 - inset - top) / step).astype(int), low + 1)
    first = ((x1 - left) / cell).astype(int) + 1
    last = np.ceil((x2 - left) / cell).astype(int) + 1
    for a, b, c, d in zip(low.tolist(), high.tolist(), first.tolist(), last.tolist(), strict=True):
        ink[a:b, c:d] = 1
    wide = max(3, int(NARROWEST * size / cell))
    if across <= 2 * wide:
        return []
    total = ink.cumsum(axis=1, dtype=np.int16)
    free = total[:, wide:] == total[:, :-wide]
    gutters = [
        Gutter(left + begin * cell, top + y1 * step, left + (end + wide) * cell, top + y2 * step)
        for begin, end, y1, y2 in _strips(free, SHORTEST * size / step)
    ]
    gutters.sort(key=lambda g: (g.top - g.bottom, g.left - g.right))
    return gutters[:_CANDIDATES]


def inked(item: Item) -> Box:
    """Return an item's box without the white half of Chinese marks at its ends."""
    left, top, right, bottom = item.box
    if item.word is not None and not item.word.text.isascii():
        half = min(item.word.size, right - left) / 2
        left += half * (item.word.text[0] in _OPENING)
        right -= half * (item.word.text[-1] in HANGING)
    return (left, top, right, bottom)


def _inside_headings(items: Sequence[Item], size: float) -> list[Box]:
    """Return the spaces between words of large letters: they are as wide as a gutter."""
    large = [item.word for item in items if item.word and item.word.size >= _LARGE * size]
    large.sort(key=lambda word: (round(word.box[1] + word.box[3]), word.box[0]))
    return [
        (one.box[2], one.box[1], other.box[0], one.box[3])
        for one, other in pairwise(large)
        if abs(one.box[3] - other.box[3]) <= 1
        and 0 < other.box[0] - one.box[2] <= _LARGE_SPACE * min(one.size, other.size)
    ]


def _inside_spread(items: Sequence[Item], size: float) -> list[Box]:
    """Return the spaces of short lines that were spread over the width: all of them are wide."""
    words = sorted(
        (item.word for item in items if item.word),
        key=lambda word: (round(word.box[1] + word.box[3]), word.box[0]),
    )
    lines: list[list[Word]] = []
    for word in words:
        if lines and abs(word.box[3] - lines[-1][-1].box[3]) <= 1:
            lines[-1].append(word)
        else:
            lines.append([word])
    found: list[Box] = []
    for line in lines:
        gaps = [b.box[0] - a.box[2] for a, b in pairwise(line)]
        if len(gaps) >= _SPREAD_GAPS and NARROWEST * size <= max(gaps) <= _EVEN * min(gaps):
            found += [(a.box[2], a.box[1], b.box[0], a.box[3]) for a, b in pairwise(line)]
    return found


def _strips(free: npt.NDArray[np.bool_], least: float) -> list[tuple[int, int, int, int]]:
    """Return vertical runs of free places, with equal neighbours joined: x, x, y, y."""
    around_it = np.zeros((free.shape[0] + 2, free.shape[1]), np.bool_)
    around_it[1:-1] = free
    changed = np.flatnonzero((around_it[1:] != around_it[:-1]).ravel())
    changes, columns = np.divmod(changed, free.shape[1])
    # Column by column, each change to free is followed by the one back.
    order = np.argsort(columns, kind="stable")
    begins, ends, columns = changes[order][::2], changes[order][1::2], columns[order][::2]
    long = ends - begins >= least
    begins, ends, columns = begins[long], ends[long], columns[long]
    ended: dict[tuple[int, int], list[int]] = {}
    for at in np.lexsort((columns, ends)).tolist():
        ended.setdefault((int(begins[at]), int(ends[at])), []).append(int(columns[at]))
    strips = []
    edge = free.shape[1] - 1
    for (y1, y2), places in ended.items():
        firsts = [at for at, x in enumerate(places) if not at or x > places[at - 1] + 1]
        for at, end in zip(firsts, [*firsts[1:], len(places)], strict=True):
            first, last = places[at], places[end - 1]
            if first > 0 and last < edge:  # the white beside the margin is not a gutter
                strips.append((first, last, y1, y2))
    return strips
