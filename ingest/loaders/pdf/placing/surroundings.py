"""The positions of a page's words and form fields, and their neighbours."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from heapq import nlargest

from ingest.loaders.pdf.page import Box, Inset, Rule, Word

FARTHEST = 30.0
"""Heights of the font between a label and its field."""

ROUND = 2.0
"""Points by which drawn boxes miss each other."""

_BAND = 16.0  # points: words and fields are found by their bands of the page
_MOST_BANDS = 200
_OFF = 0.6  # heights of the font between the middles of what is on one line
_MOST_OFF = 20.0  # points
_TALL = 2.2  # heights of the font: a taller field has room for several lines
_CAPTION = 3.0  # heights of the font between a box and its caption
_LEAST_CAPTION = 15.0  # points
_MOST_BESIDE = 100  # words before a field that may end its label
_WORDS = 1.0  # heights of the font between the words of one caption
_LETTER = re.compile(r"[^\W_]")


class Surroundings:
    """The words of a page, its fields and its ruling lines.

    Words and fields are identified by their indexes in the given lists. ``free`` are the words that
    may belong to a field.
    """

    def __init__(
        self, words: Sequence[Word], fields: Sequence[Inset], rules: Sequence[Rule]
    ) -> None:
        self.words = words
        self.boxes = [field.box for field in fields]
        self.ticks = [field.ticked is not None for field in fields]
        self._words_in: dict[int, list[int]] = defaultdict(list)
        for at, word in enumerate(words):
            self._words_in[_band(middle_of(word.box))].append(at)
        self._fields_in: dict[int, list[int]] = defaultdict(list)
        for at, box in enumerate(self.boxes):
            for band in _bands(box[1], box[3]):
                self._fields_in[band].append(at)
        self.upright = [rule.box for rule in rules if not rule.level]
        self.level = [rule.box for rule in rules if rule.level]

    def pairs(self) -> int:
        """Return how many words are beside fields, counted once for each field."""
        return sum(
            len(self._words_in[band]) for box in self.boxes for band in _bands(box[1], box[3])
        )

    def inside(self, box: Box) -> list[int]:
        """Return the words with their middle in a box."""
        return [
            at
            for at in self.between(box[1], box[3])
            if box[0] - 1 <= (self.words[at].box[0] + self.words[at].box[2]) / 2 <= box[2] + 1
        ]

    def before(self, box: Box, free: set[int]) -> int | None:
        """Return the nearest word before a field on its line, unless a field is between."""
        found = [
            at
            for at in self.on_line(box)
            if at in free
            and self.words[at].box[2] <= box[0] + ROUND + _overlap(self.words[at])
            and self.gap(at, box) <= FARTHEST
        ]
        if not found:
            return None
        found = nlargest(_MOST_BESIDE, found, key=lambda at: self.words[at].box[2])
        nearest = found[0]
        edge = self.words[nearest].box[2] - self.words[nearest].size
        # The lowest line of a label beside a tall field ends it.
        ends = [
            at for at in found if self.words[at].box[2] >= edge or self._ends_line(at, found, box)
        ]
        last = max(ends, key=lambda at: (round(self.words[at].box[3]), self.words[at].box[2]))
        if self.gap(last, box) > self.gap(nearest, box) + FARTHEST / 3:
            last = nearest
        return None if self.fields_between(self.words[last].box, box) else last

    def _ends_line(self, at: int, found: Sequence[int], box: Box) -> bool:
        word = self.words[at]
        return not any(
            other != at
            and abs(middle_of(self.words[other].box) - middle_of(word.box)) < word.size / 2
            and word.box[2] <= self.words[other].box[0] <= box[0]
            for other in found
        )

    def behind(self, box: Box, free: set[int]) -> int | None:
        """Return the nearest word after a field on its line, unless a field is between."""
        found = [
            at
            for at in self.on_line(box)
            if at in free
            and box[2] - ROUND <= self.words[at].box[0] + ROUND
            and self.words[at].box[0] - box[2]
            <= max(_CAPTION * self.words[at].size, _LEAST_CAPTION)
        ]
        if not found:
            return None
        nearest = min(found, key=lambda at: self.words[at].box[0])
        return None if self.fields_between(box, self.words[nearest].box) else nearest

    def line_from(self, first: int, free: set[int]) -> list[int]:
        """Return a word and those after it on its line without a gap or a field."""
        start = self.words[first]
        row = [
            at
            for at in self.on_line(start.box)
            if at in free and self.words[at].box[0] >= start.box[0]
        ]
        row.sort(key=lambda at: self.words[at].box[0])
        found: list[int] = []
        for at in row:
            word = self.words[at]
            if found:
                last = self.words[found[-1]]
                if word.box[0] - last.box[2] > _WORDS * last.size:
                    break
                if self.fields_between(last.box, word.box):
                    break
            found.append(at)
        return found or [first]

    def on_line(self, box: Box) -> list[int]:
        """Return the words beside a box: of the nearest line, or of all beside a tall one."""
        near = [
            at
            for at in self.between(box[1] - _MOST_OFF, box[3] + _MOST_OFF)
            if _off(self.words[at].box, box) <= max(_OFF * self.words[at].size, ROUND)
        ]
        if not near:
            return near
        middle = middle_of(box)
        nearest = min(near, key=lambda at: abs(middle_of(self.words[at].box) - middle))
        word = self.words[nearest]
        if height_of(box) > _TALL * word.size:
            return [at for at in near if _off(self.words[at].box, box) <= ROUND]
        line = middle_of(word.box)
        return [at for at in near if abs(middle_of(self.words[at].box) - line) <= _OFF * word.size]

    def between(self, top: float, bottom: float) -> list[int]:
        """Return the words with their middle between two heights."""
        return [
            at
            for band in _bands(top, bottom)
            for at in self._words_in[band]
            if top <= middle_of(self.words[at].box) <= bottom
        ]

    def fields_between(self, one: Box, other: Box) -> bool:
        """Whether a field stands between two places of a line."""
        low, high = min(one[2], other[2]), max(one[0], other[0])
        middle = middle_of(one if height_of(one) <= height_of(other) else other)
        return any(
            box not in (one, other)
            and low - ROUND <= box[0]
            and box[2] <= high + ROUND
            and box[1] <= middle <= box[3]
            for box in (self.boxes[at] for at in self._fields_in[_band(middle)])
        )

    def in_column(self, box: Box, top: float, bottom: float) -> set[int]:
        """Return the fields as wide as a box and aligned with it, between two heights."""
        return {
            at
            for band in _bands(top, bottom)
            for at in self._fields_in[band]
            if abs(self.boxes[at][0] - box[0]) <= 2 * ROUND
            and abs(self.boxes[at][2] - box[2]) <= 2 * ROUND
        }

    def gap(self, at: int, box: Box) -> float:
        """Return the distance from a word to a field after it, in heights of its font."""
        return (box[0] - self.words[at].box[2]) / max(self.words[at].size, 1.0)

    def fields_at(self, height: float) -> list[int]:
        """Return the fields that a horizontal line at this height may cross."""
        return self._fields_in[_band(height)]


def middle_of(box: Box) -> float:
    """Return the middle height of a box."""
    return (box[1] + box[3]) / 2


def height_of(box: Box) -> float:
    """Return how high a box is."""
    return box[3] - box[1]


def _overlap(word: Word) -> float:
    """Return how far a label's end may extend into its field, as dots and lines to write on do."""
    return 0.0 if _LETTER.search(word.text[-1:]) else 4.0


def _off(word: Box, box: Box) -> float:
    """Return how far the middle of a word is above or below a box."""
    return max(box[1] - middle_of(word), middle_of(word) - box[3], 0.0)


def _band(place: float) -> int:
    return int(place // _BAND)


def _bands(top: float, bottom: float) -> range:
    first = _band(top)
    return range(first, min(_band(bottom), first + _MOST_BANDS) + 1)
