"""Finds what a page prints beside its form fields: labels, and captions of boxes to be ticked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ingest.loaders.pdf.page import Box, Inset, Rule, Word

FARTHEST = 30.0
"""Heights of the font between a label and its field."""

_BAND = 16.0  # points: words and fields are looked up by the bands of the page that they are in
_MOST_BANDS = 200
_OFF = 0.6  # heights of the font between the middles of what is on one line
_MOST_OFF = 20.0  # points
_TALL = 2.2  # heights of the font: a taller field has room for several lines
_ROUND = 2.0  # points by which drawn boxes miss each other
_SMALL = 30.0  # points: a wider field is no box to be ticked
_CAPTION = 3.0  # heights of the font between a box and its caption
_BESIDE = 3.0  # a label so near is a field's own, whatever stands above
_ABOVE = 1.3  # heights of the font between a field and the label above it or below it
_WORDS = 1.0  # heights of the font between the words of one caption
_LINES = 0.9  # heights of the font between the lines of one caption
_MOST_LINES = 6
_SENTENCE = 4  # words, from which a line that ends with a full stop is no label
_ASKS = re.compile("[:：?？]$")
_LETTER = re.compile(r"[^\W_]")

Side = Literal["before", "above", "below"]


@dataclass(frozen=True, slots=True)
class Label:
    """The last word of a label, on which side of its field it is, and whether a rule parts them.

    ``heads`` says that it stands above several fields, as a column's name does.
    """

    at: int
    side: Side
    ruled: bool = False
    heads: bool = False


@dataclass(frozen=True, slots=True)
class Caption:
    """The words behind a box, from the first to the last, on one line or on several."""

    words: tuple[int, ...]


class Surroundings:
    """The words of a page, its fields and its ruling lines, by where they stand."""

    def __init__(
        self, words: Sequence[Word], fields: Sequence[Inset], rules: Iterable[Rule]
    ) -> None:
        self.words = words
        self._boxes = [field.box for field in fields]
        self._ticks = [_to_tick(field) for field in fields]
        self._words_in: dict[int, list[int]] = defaultdict(list)
        for at, word in enumerate(words):
            self._words_in[_band(_middle(word.box))].append(at)
        self._fields_in: dict[int, list[int]] = defaultdict(list)
        for at, box in enumerate(self._boxes):
            for band in _bands(box[1], box[3]):
                self._fields_in[band].append(at)
        self._upright = [rule.box for rule in rules if not rule.level]
        self._level = [rule.box for rule in rules if rule.level]

    def inside(self, box: Box) -> list[int]:
        """Return the words whose middle is in a box."""
        return [
            at
            for at in self._between(box[1], box[3])
            if box[0] - 1 <= (self.words[at].box[0] + self.words[at].box[2]) / 2 <= box[2] + 1
        ]

    def label(self, field: int, free: set[int]) -> Label | None:
        """Return the label of a field; ``free`` are the words that may be one."""
        box = self._boxes[field]
        before = self._before(box, free)
        if before is not None and self._gap(before, box) <= _BESIDE:
            return Label(before, "before", self._parted(before, box))
        above = self._across(box, free, above=True)
        if above is not None:
            return Label(
                above,
                "above",
                self._ruled_off(self.words[above].box, box) and not self._asks(above),
                heads=self._another_below(field),
            )
        if before is not None:
            return Label(before, "before", self._parted(before, box))
        below = self._across(box, free, above=False)
        return Label(below, "below") if below is not None else None

    def _asks(self, at: int) -> bool:
        return _ASKS.search(self.words[at].text) is not None

    def is_below_another(self, field: int) -> bool:
        """Whether another field stands right above in the same column."""
        box = self._boxes[field]
        return any(
            other != field and 0 <= box[1] - self._boxes[other][3] + _ROUND <= _height(box)
            for other in self._in_column(box, box[1] - _height(box), box[1])
        )

    def caption(self, field: int, free: set[int]) -> Caption | None:
        """Return the words behind a box to be ticked, None where its caption is before it."""
        box = self._boxes[field]
        behind = self._behind(box, free)
        if behind is None:
            return None
        before = self._before(box, free)
        if before is not None and not self._caption_behind(field, before, behind, free):
            return None
        return Caption(self._whole_caption(box, behind, free))

    def _caption_behind(self, field: int, before: int, behind: int, free: set[int]) -> bool:
        """Tell which of two words beside a box is its caption's: by the row, else by the gap."""
        if self._asks(before):
            return True
        row = sorted(self._row_of_ticks(field), key=lambda at: self._boxes[at][0])
        first = self._before(self._boxes[row[0]], free)
        last = self._behind(self._boxes[row[-1]], free)
        if (first is None) != (last is None):
            return first is None
        box = self._boxes[field]
        gaps = box[0] - self.words[before].box[2], self.words[behind].box[0] - box[2]
        return gaps[1] <= gaps[0] + 1

    def _row_of_ticks(self, field: int) -> list[int]:
        middle = _middle(self._boxes[field])
        return [
            at
            for at in {*self._fields_in[_band(middle)], field}
            if self._ticks[at] and self._boxes[at][1] <= middle <= self._boxes[at][3]
        ]

    def _whole_caption(self, box: Box, first: int, free: set[int]) -> tuple[int, ...]:
        line = self._line_from(first, free)
        found = list(line)
        for _ in range(_MOST_LINES):
            above = self.words[found[-1]]
            nexts = [
                at
                for at in self._between(above.box[3] - 1, above.box[3] + 2 * above.size)
                if at in free
                and at not in found
                and abs(self.words[at].box[0] - self.words[first].box[0]) <= _ROUND
                and -_ROUND <= self.words[at].box[1] - above.box[3] <= _LINES * above.size
                and abs(self.words[at].size - above.size) <= 1
            ]
            if not nexts or self._fields_left_of(self.words[nexts[0]].box, box):
                break
            found += self._line_from(nexts[0], free)
        return tuple(found)

    def _fields_left_of(self, word: Box, box: Box) -> bool:
        """Whether a line has a field of its own before it: then it is another's caption."""
        middle = _middle(word)
        return any(
            self._boxes[at] != box
            and self._boxes[at][0] < word[2]
            and self._boxes[at][1] - _ROUND <= middle <= self._boxes[at][3] + _ROUND
            for at in self._fields_in[_band(middle)]
        )

    def _line_from(self, first: int, free: set[int]) -> list[int]:
        """Return a word and those that follow it on its line without a gap or a field."""
        start = self.words[first]
        row = [
            at
            for at in self._on_line(start.box)
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
                if self._fields_between(last.box, word.box):
                    break
            found.append(at)
        return found or [first]

    def _before(self, box: Box, free: set[int]) -> int | None:
        """Return the nearest word before a field on its line, unless a field is between."""
        found = [
            at
            for at in self._on_line(box)
            if at in free
            and self.words[at].box[2] <= box[0] + _ROUND + _overlap(self.words[at])
            and self._gap(at, box) <= FARTHEST
        ]
        if not found:
            return None
        nearest = max(found, key=lambda at: self.words[at].box[2])
        edge = self.words[nearest].box[2] - self.words[nearest].size
        # Of the lines of a label beside a tall field, the lowest ends it.
        ends = [
            at for at in found if self.words[at].box[2] >= edge or self._ends_line(at, found, box)
        ]
        last = max(ends, key=lambda at: (round(self.words[at].box[3]), self.words[at].box[2]))
        if self._gap(last, box) > self._gap(nearest, box) + FARTHEST / 3:
            last = nearest
        return None if self._fields_between(self.words[last].box, box) else last

    def _ends_line(self, at: int, found: Sequence[int], box: Box) -> bool:
        word = self.words[at]
        return not any(
            other != at
            and abs(_middle(self.words[other].box) - _middle(word.box)) < word.size / 2
            and word.box[2] <= self.words[other].box[0] <= box[0]
            for other in found
        )

    def _behind(self, box: Box, free: set[int]) -> int | None:
        found = [
            at
            for at in self._on_line(box)
            if at in free
            and box[2] - _ROUND <= self.words[at].box[0] + _ROUND
            and self.words[at].box[0] - box[2] <= max(_CAPTION * self.words[at].size, 15.0)
        ]
        if not found:
            return None
        nearest = min(found, key=lambda at: self.words[at].box[0])
        return None if self._fields_between(box, self.words[nearest].box) else nearest

    def _across(self, box: Box, free: set[int], *, above: bool) -> int | None:
        """Return the last word of the line of text right above or below a field."""
        reach = 2 * max(_height(box), 12.0)
        span = (box[1] - reach, box[1] + 4) if above else (box[3] - 4, box[3] + reach)
        found = []
        for at in self._between(*span):
            word = self.words[at]
            gap = box[1] - word.box[3] if above else word.box[1] - box[3]
            if (
                at in free
                and word.box[0] < box[2]
                and word.box[2] > box[0] - _ROUND
                and -0.4 * word.size <= gap <= _ABOVE * word.size
                and _LETTER.search(word.text)
            ):
                found.append((gap, at))
        if not found:
            return None
        least = min(found)[0]
        line = [at for gap, at in found if gap - least < _ROUND]
        first = min(line, key=lambda at: self.words[at].box[0])
        if self._fields_over(self.words[first].box, box, above=above):
            return None
        label = self._line_from(first, free)
        sentence = len(label) >= _SENTENCE and self.words[label[-1]].text.endswith((".", "。"))
        return None if sentence else label[-1]

    def _fields_over(self, word: Box, box: Box, *, above: bool) -> bool:
        """Whether a label above has a field of its own beside it, or another field is nearer."""
        middle = _middle(word)
        return any(
            self._boxes[at] != box
            and (self._boxes[at][0] >= word[2] - _ROUND if above else self._boxes[at][0] < word[2])
            and self._boxes[at][0] - word[2] <= FARTHEST
            and self._boxes[at][1] - _ROUND <= middle <= self._boxes[at][3] + _ROUND
            for at in self._fields_in[_band(middle)]
        )

    def _another_below(self, field: int) -> bool:
        box = self._boxes[field]
        below = self._in_column(box, box[3], box[3] + _height(box))
        return any(
            other != field and -_ROUND <= self._boxes[other][1] - box[3] <= _height(box) / 2
            for other in below
        )

    def _in_column(self, box: Box, top: float, bottom: float) -> set[int]:
        return {
            at
            for band in _bands(top, bottom)
            for at in self._fields_in[band]
            if abs(self._boxes[at][0] - box[0]) <= 2 * _ROUND
            and abs(self._boxes[at][2] - box[2]) <= 2 * _ROUND
        }

    def _gap(self, at: int, box: Box) -> float:
        return (box[0] - self.words[at].box[2]) / max(self.words[at].size, 1.0)

    def _on_line(self, box: Box) -> list[int]:
        """Return the words beside a box: of the nearest line, or of all beside a tall one."""
        near = [
            at
            for at in self._between(box[1] - _MOST_OFF, box[3] + _MOST_OFF)
            if _off(self.words[at].box, box) <= max(_OFF * self.words[at].size, _ROUND)
        ]
        if not near:
            return near
        middle = _middle(box)
        nearest = min(near, key=lambda at: abs(_middle(self.words[at].box) - middle))
        word = self.words[nearest]
        if _height(box) > _TALL * word.size:
            return [at for at in near if _off(self.words[at].box, box) <= _ROUND]
        line = _middle(word.box)
        return [at for at in near if abs(_middle(self.words[at].box) - line) <= _OFF * word.size]

    def _between(self, top: float, bottom: float) -> list[int]:
        return [
            at
            for band in _bands(top, bottom)
            for at in self._words_in[band]
            if top <= _middle(self.words[at].box) <= bottom
        ]

    def _fields_between(self, one: Box, other: Box) -> bool:
        """Whether a field stands between two places of a line."""
        low, high = min(one[2], other[2]), max(one[0], other[0])
        middle = _middle(one if _height(one) <= _height(other) else other)
        return any(
            box not in (one, other)
            and low - _ROUND <= box[0]
            and box[2] <= high + _ROUND
            and box[1] <= middle <= box[3]
            for box in (self._boxes[at] for at in self._fields_in[_band(middle)])
        )

    def _parted(self, label: int, box: Box) -> bool:
        """Whether label and field stand in cells of a ruled table."""
        word = self.words[label].box
        middle = _middle(word)
        crossing = [rule for rule in self._upright if rule[1] <= middle <= rule[3]]
        return any(word[2] - 1 <= rule[0] <= box[0] + _ROUND for rule in crossing) and any(
            rule[2] <= word[0] for rule in crossing
        )

    def _ruled_off(self, word: Box, box: Box) -> bool:
        """Whether a line of a table runs between a label above and its field."""
        middle = (max(word[0], box[0]) + min(word[2], box[2])) / 2
        crossing = [rule for rule in self._level if rule[0] <= middle <= rule[2]]
        return any(word[3] - 1 <= rule[1] <= box[1] + _ROUND for rule in crossing) and any(
            rule[3] <= word[1] + 1 for rule in crossing
        )


def is_small(box: Box) -> bool:
    """Whether a field has the size of a box to be ticked."""
    return box[2] - box[0] <= _SMALL and _height(box) <= _SMALL


def _to_tick(field: Inset) -> bool:
    return field.ticked is not None


def _overlap(word: Word) -> float:
    """Return how far a label's end may reach into its field: dots and lines to write on do."""
    return 0.0 if _LETTER.search(word.text[-1:]) else 4.0


def _off(word: Box, box: Box) -> float:
    """Return how far the middle of a word is above or below a box."""
    return max(box[1] - _middle(word), _middle(word) - box[3], 0.0)


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


def _height(box: Box) -> float:
    return box[3] - box[1]


def _band(place: float) -> int:
    return int(place // _BAND)


def _bands(top: float, bottom: float) -> range:
    first = _band(top)
    return range(first, min(_band(bottom), first + _MOST_BANDS) + 1)
