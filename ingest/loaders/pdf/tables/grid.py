"""Grids of ruling lines: the lines that belong together, and the cells between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.loaders.pdf.page import Box, Rule, Word

MOST_COLUMNS = 64
MOST_ROWS = 400

_TOUCH = 3.0  # points by which lines that meet may miss each other
_ONE_EDGE = 2.5  # points between lines that draw one edge of a grid
_PROTRUDES = 9.0  # points by which a line reaches beyond the outermost edge to make another
_COVERED = 0.6  # share of a cell's side that a line takes to be its wall


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a grid, including merged ones: its rows and columns, ends not included."""

    row: int
    column: int
    row_end: int
    column_end: int
    words: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Edges of columns and rows in points, and the cells with words, from the top left."""

    across: tuple[float, ...]
    down: tuple[float, ...]
    cells: tuple[Cell, ...]

    @property
    def box(self) -> Box:
        """The box around the grid."""
        return (self.across[0], self.down[0], self.across[-1], self.down[-1])


def components(rules: Sequence[Rule]) -> Iterator[list[Box]]:
    """Yield lines that touch one another, directly or through others."""
    if not rules:
        return
    boxes = np.array([rule.box for rule in rules], dtype=np.float64)
    left, top, right, bottom = (boxes[:, side] for side in range(4))
    seen = np.zeros(len(rules), dtype=bool)
    for first in range(len(rules)):
        if seen[first]:
            continue
        seen[first] = True
        members, at = [first], 0
        while at < len(members):
            one = members[at]
            at += 1
            near = (
                (left <= right[one] + _TOUCH)
                & (right >= left[one] - _TOUCH)
                & (top <= bottom[one] + _TOUCH)
                & (bottom >= top[one] - _TOUCH)
                & ~seen
            )
            for other in np.flatnonzero(near).tolist():
                seen[other] = True
                members.append(other)
        yield [rules[at].box for at in members]


def grid_of(lines: Sequence[Box], words: Sequence[Word], free: Iterable[int]) -> Grid | None:
    """Return the grid of lines with the free words in it; None if it is not a grid."""
    level = [box for box in lines if box[2] - box[0] >= box[3] - box[1]]
    upright = [box for box in lines if box[2] - box[0] < box[3] - box[1]]
    if len(level) < 2:  # noqa: PLR2004 - a row has two edges
        return None
    across = _edges(
        [(box[0] + box[2]) / 2 for box in upright],
        min(box[0] for box in level),
        max(box[2] for box in level),
    )
    down = _edges(
        [(box[1] + box[3]) / 2 for box in level],
        min([box[1] for box in upright], default=level[0][1]),
        max([box[3] for box in upright], default=level[0][1]),
    )
    columns, rows = len(across) - 1, len(down) - 1
    if not (1 <= columns <= MOST_COLUMNS and 1 <= rows <= MOST_ROWS):
        return None
    owners = _merged(
        rows,
        columns,
        _walls(((box[0] + box[2]) / 2, box[1], box[3]) for box in upright)(across, down),
        _walls(((box[1] + box[3]) / 2, box[0], box[2]) for box in level)(down, across),
    )
    spans: dict[int, list[int]] = {}
    for place, owner in enumerate(owners):
        row, column = divmod(place, columns)
        span = spans.setdefault(owner, [row, column, row + 1, column + 1])
        span[1] = min(span[1], column)
        span[2], span[3] = max(span[2], row + 1), max(span[3], column + 1)
    inside: dict[int, list[int]] = {}
    for at in free:
        left, top, right, bottom = words[at].box
        column = bisect_right(across, (left + right) / 2) - 1
        row = bisect_right(down, (top + bottom) / 2) - 1
        if 0 <= column < columns and 0 <= row < rows:
            inside.setdefault(owners[row * columns + column], []).append(at)
    cells = [
        Cell(row, column, row_end, column_end, tuple(inside.get(owner, ())))
        for owner, (row, column, row_end, column_end) in spans.items()
    ]
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Grid(tuple(across), tuple(down), tuple(cells))


def _edges(places: list[float], first: float, last: float) -> list[float]:
    """Return the edges of a grid: nearby lines form one edge, protruding ends another."""
    edges: list[float] = []
    sums: list[list[float]] = []
    for place in sorted(places):
        if sums and place - sums[-1][-1] <= _ONE_EDGE:
            sums[-1].append(place)
        else:
            sums.append([place])
    edges = [sum(group) / len(group) for group in sums]
    if not edges or edges[0] - first > _PROTRUDES:
        edges.insert(0, first)
    if last - edges[-1] > _PROTRUDES:
        edges.append(last)
    return edges


class _walls:  # noqa: N801 - used as a function with two steps
    """Tells which sides of cells are drawn."""

    def __init__(self, lines: Iterable[tuple[float, float, float]]) -> None:
        self._lines = list(lines)

    def __call__(self, edges: Sequence[float], along: Sequence[float]) -> np.ndarray:
        """Return a bool for each edge and each stretch of it between two of ``along``."""
        covered = np.zeros((len(edges), len(along) - 1))
        starts, ends = np.array(along[:-1]), np.array(along[1:])
        places = np.array(edges)
        for place, start, end in self._lines:
            edge = int(np.abs(places - place).argmin())
            shares = np.clip(np.minimum(ends, end) - np.maximum(starts, start), 0, None)
            covered[edge] += shares
        walls: np.ndarray = covered >= _COVERED * np.maximum(ends - starts, 0.1)
        return walls


def _merged(rows: int, columns: int, upright: np.ndarray, level: np.ndarray) -> list[int]:
    """Return for each place of a grid the first place of its cell."""
    owner = list(range(rows * columns))

    def find(place: int) -> int:
        while owner[place] != place:
            owner[place] = owner[owner[place]]
            place = owner[place]
        return place

    for row in range(rows):
        for column in range(columns):
            place = row * columns + column
            if column + 1 < columns and not upright[column + 1][row]:
                one, other = find(place), find(place + 1)
                owner[max(one, other)] = min(one, other)
            if row + 1 < rows and not level[row + 1][column]:
                one, other = find(place), find(place + columns)
                owner[max(one, other)] = min(one, other)
    return [find(place) for place in range(rows * columns)]
