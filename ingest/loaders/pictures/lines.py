"""Lines read in a picture: their text in reading order, and text printed over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from ingest.loaders.pictures.reading_order import Box, Point
from ingest.loaders.pictures.rules import Bounds
from ingest.loaders.pictures.tables import tables_in
from ingest.loaders.pictures.text import PictureText, text_of
from ingest.loaders.printed_lines import bare_letters

_SAME_PLACE = 0.5  # of the smaller of two boxes
_ALIKE = 0.7
_CERTAIN = 1.0
_LEVEL = 5.0  # degrees that a level line may rise


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLine:
    """A line that a page prints over its pictures.

    ``box`` is in fractions of the picture, ``angle`` its direction in degrees, clockwise.
    """

    text: str
    box: tuple[float, float, float, float]
    angle: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLines:
    """The lines read in a picture of ``width`` by ``height`` pixels.

    ``turns`` are the counter-clockwise quarter turns that set it upright. The boxes refer to the
    upright picture, and so do ``rules``, the lines drawn on it. ``known`` are lines that were added
    instead of read. ``aside`` are those of them in another direction than the read lines.
    """

    boxes: tuple[Box, ...]
    width: int
    height: int
    turns: int = 0
    rules: tuple[Bounds, ...] = ()
    known: tuple[Box, ...] = ()
    aside: tuple[Box, ...] = ()

    @property
    def confidence(self) -> float:
        """Mean over the read characters, in [0, 1]."""
        return confidence_of(self.boxes)

    @property
    def letters(self) -> int:
        """Number of read letters and digits."""
        return sum(char.isalnum() for box in self.boxes for char in box.text)

    def over(self, lines: Iterable[KnownLine], *, add: bool) -> PictureLines:
        """Return the lines without those that the page prints at the same place.

        Args:
            lines: the printed lines of the page.
            add: whether to add the printed lines to the read ones.
        """
        known: list[Box] = []
        aside: list[Box] = []
        for line in lines:
            lies = (line.angle - 90 * self.turns + 180) % 360 - 180
            (aside if abs(lies) > _LEVEL else known).append(self._known(line))
        kept = tuple(box for box in self.boxes if not any(_is_same(box, line) for line in known))
        if not add:
            return replace(self, boxes=kept)
        return replace(self, boxes=kept, known=tuple(known), aside=tuple(aside))

    def text(self) -> PictureText:
        """Join the lines into text, with the position of each."""
        boxes = [*self.boxes, *self.known]
        tables = tables_in(boxes, self.rules, *self._upright)
        return text_of(boxes, self.aside, tables, self._fractions, self.confidence)

    def _known(self, line: KnownLine) -> Box:
        left, top, right, bottom = line.box
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        one, two, three, four = (self._turned(*corner) for corner in corners)
        return Box(corners=(one, two, three, four), text=line.text, score=_CERTAIN)

    def _turned(self, x: float, y: float) -> Point:
        """Return the position of a point in the upright picture, in its pixels."""
        if self.turns == 1:  # np.rot90 turns counter-clockwise
            x, y = y, 1 - x
        elif self.turns == 2:  # noqa: PLR2004 - two quarter turns
            x, y = 1 - x, 1 - y
        elif self.turns == 3:  # noqa: PLR2004 - three
            x, y = 1 - y, x
        across, down = self._upright
        return x * across, y * down

    @property
    def _upright(self) -> tuple[int, int]:
        return (self.width, self.height) if self.turns % 2 == 0 else (self.height, self.width)

    def _fractions(self, box: Bounds) -> Bounds:
        """Return a box's left, top, right and bottom on the page before turning."""
        across, down = self._upright
        left, top, right, bottom = box
        points = [(left / across, top / down), (right / across, bottom / down)]
        if self.turns == 1:  # np.rot90 turns counter-clockwise
            points = [(1 - y, x) for x, y in points]
        elif self.turns == 2:  # noqa: PLR2004 - two quarter turns
            points = [(1 - x, 1 - y) for x, y in points]
        elif self.turns == 3:  # noqa: PLR2004 - three
            points = [(y, 1 - x) for x, y in points]
        xs = [min(max(x, 0.0), 1.0) for x, _ in points]
        ys = [min(max(y, 0.0), 1.0) for _, y in points]
        return (round(min(xs), 4), round(min(ys), 4), round(max(xs), 4), round(max(ys), 4))


def confidence_of(boxes: Sequence[Box]) -> float:
    """Return the mean confidence over the characters of boxes, 0 where there are none."""
    letters = sum(len(box.text) for box in boxes)
    return sum(box.score * len(box.text) for box in boxes) / letters if letters else 0.0


def _is_same(read: Box, known: Box) -> bool:
    """Whether a read line is a known one: same place, nearly the same text."""
    one, other = read.bounds, known.bounds
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return False
    least = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    if wide * high < _SAME_PLACE * least:
        return False
    first, second = bare_letters(read.text), bare_letters(known.text)
    if first and first in second:
        return True
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE
