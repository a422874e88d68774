"""Tells columns of text from the cells of a table, by what stands on the two sides of a gap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pdf.layout.side_by_side import counts_on, go_on_alone, is_address
from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.printed_lines import is_cjk

LEAST_LINES = 3
"""Lines that both sides of a gutter have; two lines side by side are read as rows."""

NARROW = 1.4
"""Gutter in heights of the font below which chance is excluded by more lines."""

LEAST_BESIDE = 2
"""Lines that the shorter side has: one line has nothing to be aligned with."""

_NARROW_LINES = 5
_NARROW_OF_MANY = 0.8
_HALF = 0.5
_WORDED = 1.5
_LETTERED = 2.0
_INDEX_NUMBERS = 0.7
_WORDS = 2.5  # a line, on average: newspaper columns have three or four
_CJK_LETTERS = 6.0
_LEADING_ON = 0.15
_FULL = 0.6  # of the column's width
_FULL_OF_MIXED, _FULL_LINES = 0.25, 6
_ALIGNED = 0.5
_ALIGNED_OF_MANY = 0.2  # lists in a column begin at several places
_MANY_LINES = 8
_INDEX_LINES = 8
_NEAR = 0.4  # of the font's height, between edges that are about the same
_SAME_LINE = 0.5
_SAME_HEIGHT = 0.25  # of the font's height, between base lines of one row
_BROKEN = 0.2
_NARROWEST_BOX = 0.7  # heights of the font, between a text and a box beside it
_BOX_ALIGNED = 0.7  # share of a box's lines that begin at one place
_CLOSE = 1.9  # heights of the font between two lines of a box
_MARKS = 0.2  # German begins every other word with a capital
_MARK = re.compile(r"[^\W\d_]{2}[,;.:!?]$|[，。；、！？]")
_OF_ONE_SIZE = 0.1
_LARGER = 1.1
_WIDE = 1.5  # heights of the font between a bar and the text
_HEADS = 2
_MOST_ROWS = 0.8
_OPENERS = "\"'“‘«„([（「『《"
_CAPTION = re.compile(
    r"(?:figure|fig|table|tab|abbildung|abb|tabelle|图|圖|表)\.?\s*(?:\d|[A-Z]\b|[一二三四五六七八九十])",
    re.IGNORECASE,
)
_LEADERS = re.compile(r"(?:[.·…‧．]\s?){3,}$|…$")
_NUMBER = re.compile(r"[\W\d]*\d[\W\d]*")


@dataclass(frozen=True, slots=True)
class Side:
    """What stands on one side of a gap, as lines.

    ``words`` and ``letters`` (Chinese or Japanese) are means per line; ``full``, ``starts``,
    ``ends``, ``numbers``, ``numbered``, ``leaders`` and ``broken`` are shares: of lines that fill
    the width, that begin and end where most do, of words that are numbers, of lines that end with
    a number or with dots that lead to one, of lines that begin inside a sentence, have a stop or a
    comma inside, begin with a letter.
    ``type`` is the usual size of its letters, ``address`` says that it looks like a postal address,
    ``opens`` that its first line begins inside a sentence; ``heads`` counts lines of larger type.
    """

    count: int
    words: float
    letters: float
    full: float
    starts: float
    ends: float
    numbers: float
    numbered: float
    leaders: float
    broken: float
    marks: float
    entries: float
    address: bool
    type: float
    opens: bool
    heads: int
    lines: tuple[float, ...]
    items: Sequence[tuple[Box, Word]]
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
        ordered = [sorted(line, key=lambda i: i[0][0]) for line in lines]
        first = [line[0][1].text for line in ordered]
        last = [line[-1][1].text for line in ordered]
        texts = [word.text for _, word in items]
        usual = sorted(word.size for _, word in items)[len(items) // 2]
        return cls(
            count=count,
            words=len(items) / count,
            letters=sum(is_cjk(c) for text in texts for c in text) / count,
            full=sum(r - x >= _FULL * width for x, r in zip(lefts, rights, strict=True)) / count,
            starts=_common(lefts, size) / count,
            ends=_common(rights, size) / count,
            numbers=sum(_NUMBER.fullmatch(text) is not None for text in texts) / len(texts),
            numbered=sum(text[-1:].isdigit() for text in last) / count,
            leaders=sum(_LEADERS.search(text) is not None for text in last) / count,
            broken=sum(map(_inside_sentence, first[1:])) / max(count - 1, 1),
            marks=sum(any(_MARK.search(w.text) for _, w in line[:-1]) for line in ordered) / count,
            entries=sum(text[:1].isalpha() for text in first) / count,
            address=is_address([" ".join(w.text for _, w in line) for line in ordered]),
            type=usual,
            opens=_inside_sentence(first[0]),
            heads=sum(min(w.size for _, w in line) > _LARGER * usual for line in lines),
            items=items,
            lines=tuple(sum((b[1] + b[3]) / 2 for b, _ in line) / len(line) for line in lines),
            size=size,
        )

    @property
    def is_prose(self) -> bool:
        """Whether its lines are those of running text."""
        long = self.words >= _WORDS or self.letters >= _CJK_LETTERS
        sentences = self.broken >= _BROKEN or self.marks >= _MARKS
        long = long and self.numbers < _HALF
        full = self.full >= _HALF or (
            # Headings, lists, formulas and listings stand in a column, too.
            self.full >= _FULL_OF_MIXED and self.full * self.count >= _FULL_LINES
        )
        return sentences and long and self.count >= LEAST_LINES and full

    @property
    def is_certain(self) -> bool:
        """Whether it has so many lines of running text that nobody takes them for cells."""
        return self.is_prose and self.count >= _MANY_LINES and self.full >= _HALF


def are_columns(left: Side, right: Side, wide: float, *, backwards: bool) -> bool:
    """Whether two sides of a gap, ``wide`` heights of the font, are read one after the other."""
    fewest = min(left.count, right.count)
    first, last = (right, left) if backwards else (left, right)
    inner = left.ends if backwards else right.starts
    aligned = inner >= (_ALIGNED if fewest < _MANY_LINES else _ALIGNED_OF_MANY)
    sure = fewest >= (_NARROW_LINES if wide < NARROW else LEAST_BESIDE)
    if not aligned or first.leaders > _LEADING_ON:
        return False
    if wide >= _NARROWEST_BOX and (_is_box(left, right) or _is_box(right, left)):
        return True
    if not sure:
        return wide >= 1 and fewest == 1 and _is_last_line(first, last)
    return (
        (left.is_prose and right.is_prose)
        or (left.address and right.address)
        or (wide >= 1 and (_is_note(first, last) or _is_rest(first, last)))
        or _are_lists(left, right, wide)
        or _are_blocks(left, right, wide)
        or _are_sections(left, right, wide)
        or (wide >= 1 and counts_on(first.items, last.items, left.size))
    )


def _is_note(one: Side, other: Side) -> bool:
    """Whether one side is a note in the other's margin: cells of a row are of one size."""
    small, large = sorted((one.type, other.type))
    return (one.is_prose or other.is_prose) and large - small > _OF_ONE_SIZE * large


def _is_rest(first: Side, last: Side) -> bool:
    """Whether the later side is the end of the text: too few lines to be told by themselves."""
    if not first.is_prose or first.count < _MANY_LINES or last.broken < _HALF:
        return False
    return (last.words >= _WORDS or last.letters >= _CJK_LETTERS) and last.numbers < _HALF


def _is_box(text: Side, box: Side) -> bool:
    """Whether a side is a box or a figure's caption beside prose, on base lines of its own."""
    if not text.is_prose or box.count > text.count or box.starts < _BOX_ALIGNED:
        return False
    if _CAPTION.match(" ".join(word.text for _, word in box.items[:2])):
        return True
    close = all(b - a <= _CLOSE * box.size for a, b in pairwise(box.lines))
    return (
        close
        and box.count >= LEAST_BESIDE
        and (box.words >= _WORDED or box.letters > _LETTERED)
        and rows_in_common(text, box) < _HALF
    )


def _is_last_line(first: Side, last: Side) -> bool:
    """Whether the later side is the last line of a paragraph, alone in its column."""
    return first.is_certain and last.count == 1 and last.opens and last.numbers == 0


def _are_blocks(left: Side, right: Side, wide: float) -> bool:
    """Whether two sides are blocks whose lines stand beside each other by chance."""
    if min(left.words, right.words) < _WORDED and min(left.letters, right.letters) <= _LETTERED:
        return False
    return (
        wide >= 1
        and max(left.numbers, right.numbers) < _INDEX_NUMBERS
        and go_on_alone(left.items, right.items, left.size)
    )


def _are_sections(left: Side, right: Side, wide: float) -> bool:
    """Whether both sides have headings of their own, as a bar beside a text does."""
    return (
        wide >= _WIDE
        and (left.is_prose or right.is_prose)
        and min(left.heads, right.heads) >= _HEADS
        and min(left.count, right.count) >= _MANY_LINES
        and rows_in_common(left, right) < _MOST_ROWS
    )


def _are_lists(left: Side, right: Side, wide: float) -> bool:
    """Whether two sides are lists, or columns of an index, whose lines have nothing in common."""
    fewest, most = sorted((left.count, right.count))
    numbers = max(left.numbers, right.numbers)
    if min(left.words, right.words) < _WORDED and min(left.letters, right.letters) <= _LETTERED:
        return False
    apart = wide >= (_NARROW_OF_MANY if fewest >= _MANY_LINES else 1)
    if apart and most >= LEAST_LINES and rows_in_common(left, right) < _HALF:
        return numbers < _HALF
    numbered = min(left.numbered, right.numbered, left.entries, right.entries) > _HALF
    return fewest >= _INDEX_LINES and numbered and numbers < _INDEX_NUMBERS


def _inside_sentence(start: str) -> bool:
    """Whether a line that begins with this word goes on with one before."""
    letter = start.lstrip(_OPENERS)[:1]
    return letter.islower() or (letter.isalpha() and not (letter.isupper() or letter.istitle()))


def rows_in_common(left: Side, right: Side) -> float:
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
