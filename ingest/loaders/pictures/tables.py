"""Tables among the lines read in a picture, found as on the pages of a PDF."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.loaders.pdf.page import Rule, Word
from ingest.loaders.pdf.tables.by_chance import without_chance
from ingest.loaders.pdf.tables.finding import find_tables
from ingest.loaders.pdf.tables.value import Table
from ingest.loaders.pictures.reading_order import Box, skew
from ingest.loaders.pictures.rules import Bounds
from ingest.loaders.printed_lines import width

_SIZE = 10.0
"""Points of a letter of the usual height: tables are found in points."""

_LETTER = 0.75  # of a box, which has some white around its letters
_ALIKE = 0.3
_THIN = 0.5
_MOST_SKEW = math.radians(3)


@dataclass(frozen=True, slots=True)
class PictureTable:
    """A table of a picture: a line per row with cells separated by tabs, and each row's place.

    ``taken`` are the indexes of its boxes in the searched list.
    """

    lines: tuple[str, ...]
    row_boxes: tuple[Bounds, ...]
    box: Bounds
    taken: frozenset[int]
    header_rows: int


def tables_in(
    boxes: Sequence[Box], rules: Sequence[Bounds], across: float, down: float
) -> list[PictureTable]:
    """Return the tables of a picture with a width and height in pixels."""
    angle = skew(boxes)
    if len(boxes) < 4 or abs(angle) > _MOST_SKEW:  # noqa: PLR2004 - two rows of two cells
        return []
    flat = _Flat.of(boxes, angle)
    words: list[Word] = []
    owners: list[int] = []
    for at, box in enumerate(boxes):
        for word in flat.words(box, at):
            words.append(word)
            owners.append(at)
    lines = [Rule(flat.rule(rule)) for rule in rules]
    far = max(across, down) * flat.scale * 2
    found = without_chance(find_tables(words, lines, far, far), words, lines)
    return [table for one in found if (table := _whole(one, owners, flat)) is not None]


@dataclass(frozen=True, slots=True)
class _Flat:
    """The picture with its lines horizontal, in points."""

    cos: float
    sin: float
    scale: float

    @classmethod
    def of(cls, boxes: Sequence[Box], angle: float) -> _Flat:
        heights = sorted(_height(box) for box in boxes)
        usual = max(heights[len(heights) // 2] * _LETTER, 1.0)
        return cls(math.cos(angle), math.sin(angle), _SIZE / usual)

    def point(self, x: float, y: float) -> tuple[float, float]:
        return (
            (x * self.cos + y * self.sin) * self.scale,
            (y * self.cos - x * self.sin) * self.scale,
        )

    def rule(self, bounds: Bounds) -> Bounds:
        """Return a possibly leaning line of the picture as a thin box of the level picture."""
        left, top, right, bottom = bounds
        middle = self.point((left + right) / 2, (top + bottom) / 2)
        wide, high = (right - left) * self.scale / 2, (bottom - top) * self.scale / 2
        wide, high = (wide, _THIN) if wide > high else (_THIN, high)
        return middle[0] - wide, middle[1] - high, middle[0] + wide, middle[1] + high

    def back(self, bounds: Bounds) -> Bounds:
        """Return a box of the level picture as a box of the picture."""
        left, top, right, bottom = (value / self.scale for value in bounds)
        corners = [(x, y) for x in (left, right) for y in (top, bottom)]
        across = [x * self.cos - y * self.sin for x, y in corners]
        down = [x * self.sin + y * self.cos for x, y in corners]
        return min(across), min(down), max(across), max(down)

    def words(self, box: Box, number: int) -> Iterator[Word]:
        points = [self.point(x, y) for x, y in box.corners]
        left, right = min(x for x, _ in points), max(x for x, _ in points)
        middle = sum(y for _, y in points) / len(points)
        size = _height(box) * _LETTER * self.scale
        if abs(size / _SIZE - 1) < _ALIKE:
            size = _SIZE
        for text, start, end in box.words or _by_width(box.text):
            yield Word(
                text=text,
                box=(
                    left + start * (right - left),
                    middle - size / 2,
                    left + end * (right - left),
                    middle + size / 2,
                ),
                size=size,
                line=number,
            )


def _by_width(text: str) -> Iterator[tuple[str, float, float]]:
    """Yield the words of a line, and their positions if all letters had one width."""
    total = max(width(text), 1)
    start = 0
    for word in text.split(" "):
        if word:
            yield word, start / total, (start + width(word)) / total
        start += width(word) + 1


def _whole(table: Table, owners: Sequence[int], flat: _Flat) -> PictureTable | None:
    """Return a table in the picture; None if it would split a line that was read as one."""
    taken = frozenset(owners[at] for at in table.words)
    if sum(owner in taken for owner in owners) != len(table.words):
        return None
    return PictureTable(
        lines=table.lines,
        row_boxes=tuple(map(flat.back, table.row_boxes)),
        box=flat.back(table.box),
        taken=taken,
        header_rows=table.header_rows,
    )


def _height(box: Box) -> float:
    (x0, y0), _, _, (x3, y3) = box.corners
    return math.dist((x0, y0), (x3, y3))
