"""One side of a gap between words: its lines, and their properties."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ingest.loaders.pdf.layout.side_by_side import is_address
from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.printed_lines import is_cjk

LEAST_LINES = 3
"""Least lines on both sides of a gutter; two lines side by side are read as rows."""

MANY_LINES = 8
"""Least lines that exclude chance."""

WORDS, CJK_LETTERS = 2.5, 6.0
"""Average words, or Chinese letters, of a line: newspaper columns have three or four words."""

HALF = 0.5
"""Share that counts as most."""

_FULL = 0.6  # of the column's width
_FULL_OF_MIXED, _FULL_LINES = 0.25, 6
_NEAR = 0.4  # of the font's height, between edges that are about the same
_SAME_LINE = 0.5
_BROKEN = 0.2
_MARKS = 0.2  # German begins every other word with a capital
_MARK = re.compile(r"[^\W\d_]{2}[,;.:!?]$|[，。；、！？]")
_LARGER = 1.1
_OPENERS = "\"'“‘«„([（「『《"
_LEADERS = re.compile(r"(?:[.·…‧．]\s?){3,}$|…$")
_NUMBER = re.compile(r"[\W\d]*\d[\W\d]*")


@dataclass(frozen=True)
class Side:
    """The lines on one side of a gap; properties are measured on access.

    ``rows`` are its lines from the top, the words of each in arbitrary order.
    """

    items: Sequence[tuple[Box, Word]]
    size: float
    rows: Sequence[Sequence[tuple[Box, Word]]]

    @classmethod
    def of(cls, items: Sequence[tuple[Box, Word]], size: float) -> Side:
        """Split one side into lines; it has at least one word."""
        rows: list[list[tuple[Box, Word]]] = []
        low = float("-inf")
        for item in sorted(items, key=lambda i: i[0][1] + i[0][3]):
            middle = (item[0][1] + item[0][3]) / 2
            if middle - low > _SAME_LINE * size:
                rows.append([])
                low = middle
            rows[-1].append(item)
        return cls(items, size, rows)

    @property
    def count(self) -> int:
        """Number of its lines."""
        return len(self.rows)

    @property
    def words(self) -> float:
        """Average words of a line."""
        return len(self.items) / self.count

    @cached_property
    def letters(self) -> float:
        """Average Chinese or Japanese letters of a line."""
        texts = (word.text for _, word in self.items if not word.text.isascii())
        return sum(is_cjk(c) for text in texts for c in text) / self.count

    @cached_property
    def full(self) -> float:
        """Share of the lines that fill the width."""
        width = max(max(self._rights) - min(self._lefts), 1.0)
        return (
            sum(r - x >= _FULL * width for x, r in zip(self._lefts, self._rights, strict=True))
            / self.count
        )

    @cached_property
    def starts(self) -> float:
        """Share of the lines that begin at the most usual place."""
        return _common(self._lefts, self.size) / self.count

    @cached_property
    def ends(self) -> float:
        """Share of the lines that end at the most usual place."""
        return _common(self._rights, self.size) / self.count

    @cached_property
    def numbers(self) -> float:
        """Share of the words that are numbers."""
        numbers = (_NUMBER.fullmatch(word.text) is not None for _, word in self.items)
        return sum(numbers) / len(self.items)

    @cached_property
    def numbered(self) -> float:
        """Share of the lines that end with a number."""
        return sum(line[-1][1].text[-1:].isdigit() for line in self._ordered) / self.count

    @cached_property
    def leaders(self) -> float:
        """Share of the lines that end with dots, which lead to a number."""
        last = (line[-1][1].text for line in self._ordered)
        return sum(_LEADERS.search(text) is not None for text in last) / self.count

    @cached_property
    def broken(self) -> float:
        """Share of the lines, but for the first, that begin inside a sentence."""
        first = (line[0][1].text for line in self._ordered[1:])
        return sum(map(_inside_sentence, first)) / max(self.count - 1, 1)

    @cached_property
    def marks(self) -> float:
        """Share of the lines that have a stop or a comma inside."""
        lines = (any(_MARK.search(w.text) for _, w in line[:-1]) for line in self._ordered)
        return sum(lines) / self.count

    @cached_property
    def entries(self) -> float:
        """Share of the lines that begin with a letter."""
        return sum(line[0][1].text[:1].isalpha() for line in self._ordered) / self.count

    @cached_property
    def address(self) -> bool:
        """Whether it looks like a postal address."""
        return is_address([" ".join(w.text for _, w in line) for line in self._ordered])

    @cached_property
    def type(self) -> float:
        """The usual size of its letters."""
        return sorted(word.size for _, word in self.items)[len(self.items) // 2]

    @property
    def opens(self) -> bool:
        """Whether its first line begins inside a sentence."""
        return _inside_sentence(self._ordered[0][0][1].text)

    @cached_property
    def heads(self) -> int:
        """Its lines of larger type."""
        return sum(min(w.size for _, w in line) > _LARGER * self.type for line in self.rows)

    @cached_property
    def lines(self) -> tuple[float, ...]:
        """How far down the middle of each line is."""
        return tuple(sum((b[1] + b[3]) / 2 for b, _ in line) / len(line) for line in self.rows)

    @cached_property
    def _lefts(self) -> list[float]:
        return [min(box[0] for box, _ in line) for line in self.rows]

    @cached_property
    def _rights(self) -> list[float]:
        return [max(box[2] for box, _ in line) for line in self.rows]

    @cached_property
    def _ordered(self) -> list[list[tuple[Box, Word]]]:
        """Its lines, the words of each from the left."""
        return [sorted(line, key=lambda i: i[0][0]) for line in self.rows]

    @property
    def is_prose(self) -> bool:
        """Whether its lines are those of running text."""
        long = self.words >= WORDS or self.letters >= CJK_LETTERS
        sentences = self.broken >= _BROKEN or self.marks >= _MARKS
        long = long and self.numbers < HALF
        full = self.full >= HALF or (
            # Headings, lists, formulas and listings may be in a column, too.
            self.full >= _FULL_OF_MIXED and self.full * self.count >= _FULL_LINES
        )
        return sentences and long and self.count >= LEAST_LINES and full

    @property
    def is_certain(self) -> bool:
        """Whether it has enough lines of running text that they cannot be cells."""
        return self.is_prose and self.count >= MANY_LINES and self.full >= HALF


def _common(places: Sequence[float], size: float) -> int:
    """Return how many places are near the most usual one."""
    ordered = sorted(places)
    most = first = 0
    for last, place in enumerate(ordered):
        while place - ordered[first] > _NEAR * size:
            first += 1
        most = max(most, last - first + 1)
    return most


def _inside_sentence(start: str) -> bool:
    """Whether a line that begins with this word continues an earlier one."""
    letter = start.lstrip(_OPENERS)[:1]
    return letter.islower() or (letter.isalpha() and not (letter.isupper() or letter.istitle()))
