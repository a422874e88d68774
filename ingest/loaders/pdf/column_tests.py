"""Tells columns of text from the cells of a table, by what stands on the two sides of a gap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.printed_lines import is_cjk

LEAST_LINES = 3
"""Lines that both sides of a gutter have; two lines side by side are read as rows."""

NARROW = 1.4
"""Gutter in heights of the font below which chance is excluded by more lines."""

_NARROW_LINES = 5
_WORDS = 2.5  # a line, on average: newspaper columns have three or four
_CJK_LETTERS = 6.0
_LEADING_ON = 0.15
_FULL = 0.6  # of the column's width
_ALIGNED = 0.5
_ALIGNED_OF_MANY = 0.2  # lists in a column begin at several places
_MANY_LINES = 8
_INDEX_LINES = 8
_NEAR = 0.4  # of the font's height, between edges that are about the same
_SAME_LINE = 0.5
_SAME_HEIGHT = 0.25  # of the font's height, between base lines of one row
_LEADERS = re.compile(r"(?:[.·…‧．]\s?){3,}$|…$")
_NUMBER = re.compile(r"[\W\d]*\d[\W\d]*")


@dataclass(frozen=True, slots=True)
class Side:
    """What stands on one side of a gap, as lines.

    ``words`` and ``letters`` (Chinese or Japanese) are means per line; ``full``, ``starts``,
    ``ends``, ``numbers``, ``numbered`` and ``labels`` are shares: of lines that fill the width,
    that begin and end where most do, of words that are numbers, of lines that end with a number,
    with a colon, or with dots that lead to a number.
    """

    count: int
    words: float
    letters: float
    full: float
    starts: float
    ends: float
    numbers: float
    numbered: float
    labels: float
    leaders: float
    lines: tuple[float, ...]
    size: float

    @classmethod
    def of(cls, items: Sequence[tuple[Box, Word]], size: float) -> Side:
        """Measure one side; it has at least one word."""
        lines: list[list[tuple[Box, Word]]] = []
        low = float("-inf")
        for item in sorted(items, key=lambda i: i[0][1] + i[0][3]):
            middle = (item[0][1] + item[0][3]) / 2
            if middle - low > _SAME_LINE * size:
                lines.append([])
                low = middle
            lines[-1].append(item)
        lefts = [min(box[0] for box, _ in line) for line in lines]
        rights = [max(box[2] for box, _ in line) for line in lines]
        width = max(max(rights) - min(lefts), 1.0)
        count = len(lines)
        last = [max(line, key=lambda i: i[0][2])[1].text for line in lines]
        texts = [word.text for _, word in items]
        return cls(
            count=count,
            words=len(items) / count,
            letters=sum(is_cjk(c) for text in texts for c in text) / count,
            full=sum(r - x >= _FULL * width for x, r in zip(lefts, rights, strict=True)) / count,
            starts=_common(lefts, size) / count,
            ends=_common(rights, size) / count,
            numbers=sum(_NUMBER.fullmatch(text) is not None for text in texts) / len(texts),
            numbered=sum(text[-1:].isdigit() for text in last) / count,
            labels=sum(text.endswith((":", "：")) for text in last) / count,
            leaders=sum(_LEADERS.search(text) is not None for text in last) / count,
            lines=tuple(sum((b[1] + b[3]) / 2 for b, _ in line) / len(line) for line in lines),
            size=size,
        )

    @property
    def is_prose(self) -> bool:
        """Whether its lines are those of running text."""
        long = self.words >= _WORDS or self.letters >= _CJK_LETTERS
        return self.count >= LEAST_LINES and long and self.full >= 0.5 and self.numbers < 0.5  # noqa: PLR2004


def are_columns(left: Side, right: Side, wide: float, *, backwards: bool) -> bool:
    """Whether two sides of a gap, ``wide`` heights of the font, are read one after the other."""
    fewest = min(left.count, right.count)
    inner = left.ends if backwards else right.starts
    if fewest < 2 or inner < (_ALIGNED if fewest < _MANY_LINES else _ALIGNED_OF_MANY):  # noqa: PLR2004 - one line has nothing to be aligned with
        return False
    if (right if backwards else left).leaders > _LEADING_ON:
        return False
    if wide < NARROW and fewest < _NARROW_LINES:
        return False
    if left.is_prose and right.is_prose:
        return True
    alike = _rows_in_common(left, right)
    worded = min(left.words, right.words) >= 1.5 or min(left.letters, right.letters) > 2  # noqa: PLR2004
    if alike < 0.5 and worded and wide >= 1 and max(left.count, right.count) >= LEAST_LINES:  # noqa: PLR2004
        return max(left.numbers, right.numbers) < 0.5  # noqa: PLR2004
    return (
        fewest >= _INDEX_LINES
        and min(left.numbered, right.numbered) > 0.5  # noqa: PLR2004
        and max(left.numbers, right.numbers) < 0.7  # noqa: PLR2004
        and worded
    )


def _rows_in_common(left: Side, right: Side) -> float:
    """Return the share of the lines of the shorter side that have a line beside them."""
    few, many = sorted((left.lines, right.lines), key=len)
    near = _SAME_HEIGHT * left.size
    return sum(any(abs(a - b) <= near for b in many) for a in few) / len(few)


def _common(places: Sequence[float], size: float) -> int:
    """Return how many places are about the most usual one."""
    ordered = sorted(places)
    most = first = 0
    for last, place in enumerate(ordered):
        while place - ordered[first] > _NEAR * size:
            first += 1
        most = max(most, last - first + 1)
    return most
