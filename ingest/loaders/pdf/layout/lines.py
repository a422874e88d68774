"""Printed lines of a page: the words of each, their order, and the white between them.

Columns are separated before (:mod:`ingest.loaders.pdf.layout.columns`): here all words of one
height belong to one line.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.printed_lines import is_cjk, width

SAME_LINE = 0.5
"""Common share of the lower word's height for two words of one line."""

COLUMN_GAP = 1.5
"""Widths of the font's height above which a gap is a column's, unless the line is prose."""

_EVEN = 1.3
_BEHIND_STOP = 3.0  # times as far does TeX stretch a blank there (The TeXbook, chapter 12)
_CLOSING = "\"'”’»)]"
_MANY = 0.2  # of a line's letters
_RECENT = 6  # lines that a word may still belong to: words come ordered by their height
_CJK_GAP = 0.35  # of the font's height: justified Chinese is set wider by less
_MIXED_GAP = 0.12
_SMALLER = 0.85  # an exponent's or a footnote mark's size, as a share of the line's
_MARKED = 3  # letters or figures after which a raised number is a note's mark, not an exponent
_MARKER = re.compile(
    r"[•‣◦▪■□●○◆◇–—*·※►▶✓✔➢-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|(?:\d{1,2}\.){2,4}\d{0,2}|"
    r"[(（]?[一二三四五六七八九十]{1,3}[)）、.]|[①-⓿]"
)
_NOTES = re.compile(r"[\[(（［]?[\d*†‡,，、;~–—-]+[\])）］]?")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_STRONG = _RIGHT_TO_LEFT | {"AN"}
_STOP = re.compile(r"[.,:;!?]+(?=\w)")
_OF_ONE_RUN = 0.9  # sizes of the font between words that are read in one direction


@dataclass(frozen=True)
class Row:
    """The words of one printed line in reading order."""

    words: tuple[Word, ...]
    backwards: bool = False
    """Whether it is read from right to left."""

    @cached_property
    def box(self) -> Box:
        """The box around all its words."""
        return around(word.box for word in self.words)

    @cached_property
    def size(self) -> float:
        """The size of most of its letters, without raised numbers of notes and of works."""
        letters: Counter[float] = Counter()
        largest = max(self.words, key=lambda word: word.size)
        for word in self.words:
            if not _is_raised(word, largest):
                letters[word.size] += width(word.text)
        return max(letters, key=lambda size: (letters[size], size))

    @cached_property
    def sizes(self) -> tuple[float, ...]:
        """The sizes of many of its letters: small capitals have another."""
        letters: Counter[float] = Counter()
        for word in self.words:
            letters[word.size] += len(word.text)
        least = _MANY * letters.total()
        return tuple(size for size, count in letters.items() if count >= least)

    @cached_property
    def fixed(self) -> bool:
        """Whether nearly all of its letters have one width; a line's number does not count."""
        words = self.words[1:] if self.words[0].text.isdigit() else ()
        words = words or self.words
        letters = sum(len(word.text) for word in words)
        return sum(len(w.text) for w in words if w.fixed) >= 0.8 * letters

    @cached_property
    def widest_gap(self) -> float:
        """The widest gap between two of its words, in heights of its font."""
        first = 1 if self.marked else 0
        gaps = (self._white(a, b) for a, b in pairwise(self.words[first:]))
        return max(gaps, default=0.0) / self.height

    @cached_property
    def marked(self) -> bool:
        """Whether its first word is the mark or the number of an item in a list."""
        first = self.words[0].text
        return len(self.words) > 1 and _MARKER.fullmatch(first) is not None

    @cached_property
    def even(self) -> bool:
        """Whether its gaps have one width, as those of a justified line do.

        After the end of a sentence TeX stretches a blank three times as much.
        """
        gaps = [(_gap(a, b), a.text.rstrip(_CLOSING)[-1:]) for a, b in pairwise(self.words)]
        least = min((gap for gap, _ in gaps), default=0.0)
        return len(gaps) > 1 and all(
            gap <= _EVEN * least * (_BEHIND_STOP if last and last in ".?!:" else 1)
            for gap, last in gaps
        )

    @property
    def height(self) -> float:
        """The height of its font, never 0."""
        return max(self.size, 0.1)

    def text(self, columns: float = 0.0) -> str:
        """Return its text; gaps of at least this many heights become tabs, 0 for none."""
        parts: list[str] = []
        for at, word in enumerate(self.words):
            if at:
                gap = 0.0 if at == 1 and self.marked else columns
                parts.append(self._between(self.words[at - 1], word, gap))
            parts.append(word.text)
        return "".join(parts)

    def _white(self, one: Word, other: Word) -> float:
        """Return the white between two words that follow each other, whichever is on the left."""
        gap = _gap(one, other)
        if self.backwards and gap > self.height:
            # Latin words inside run from left to right: the space there is not white.
            low, high = sorted((one.box, other.box))
            between = sorted(w.box for w in self.words if low[2] <= w.box[0] < high[0])
            gap = max(b[0] - a[2] for a, b in pairwise([low, *between, high]))
        return gap

    def _between(self, one: Word, other: Word, columns: float) -> str:
        gap = self._white(one, other)
        height = max(min(one.size, other.size), 0.1)
        if columns and gap > columns * self.height:
            return "\t"
        first, second = one.text[-1:], other.text[:1]
        wide = is_cjk(first) + is_cjk(second)
        if wide:
            limit = _CJK_GAP if wide == 2 else _MIXED_GAP  # noqa: PLR2004 - both of them
            return " " if gap > limit * height else ""
        if min(one.size, other.size) < _SMALLER * max(one.size, other.size):
            if gap > _MIXED_GAP * max(one.size, other.size):
                return " "
            begins = one is self.words[0] and _is_mark(other, one)
            return " " if begins or _is_mark(one, other) else ""
        return " "


def rows_of(words: Iterable[Word]) -> list[Row]:
    """Return the lines of words, from the top."""
    words = list(words)
    mostly = runs_backwards(words)
    lines: list[list[Word]] = []
    bands: list[tuple[float, float]] = []
    for word in sorted(words, key=lambda w: (w.box[1] + w.box[3], w.box[0])):
        top, bottom = word.box[1], word.box[3]
        best, most = -1, 0.0
        for at in range(max(0, len(lines) - _RECENT), len(lines)):
            above, below = bands[at]
            common = min(bottom, below) - max(top, above)
            least = min(bottom - top, below - above)
            if common > SAME_LINE * least and common > most:
                best, most = at, common
        if best < 0:
            lines.append([word])
            bands.append((top, bottom))
            continue
        lines[best].append(word)
        if bottom - top > bands[best][1] - bands[best][0]:
            bands[best] = (top, bottom)
    order = sorted(range(len(lines)), key=lambda at: sum(bands[at]))
    return [row_of(lines[at], mostly_backwards=mostly) for at in order]


def row_of(words: Sequence[Word], *, mostly_backwards: bool = False) -> Row:
    """Return words of one line in reading order.

    Args:
        words: in any order.
        mostly_backwards: whether the surrounding text runs from right to left. A line of Latin
            words then does so, too, if it has any letter of the other script.
    """
    some = mostly_backwards and any(map(_has_backward_letters, words))
    backwards = some or runs_backwards(words)
    return Row(_in_order(words, backwards=backwards), backwards)


def around(boxes: Iterable[Box]) -> Box:
    """Return the box around boxes, of which there is at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return (min(lefts), min(tops), max(rights), max(bottoms))


def runs_backwards(words: Iterable[Word]) -> bool:
    """Whether most letters are of a script that is written from right to left."""
    back = forth = 0
    for word in words:
        if word.text.isascii():
            forth += sum(map(str.isalpha, word.text))
            continue
        for character in word.text:
            direction = unicodedata.bidirectional(character)
            back += direction in _RIGHT_TO_LEFT
            forth += direction == "L"
    return back > forth


def _has_backward_letters(word: Word) -> bool:
    return not word.text.isascii() and any(
        unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in word.text
    )


def _in_order(words: Sequence[Word], *, backwards: bool) -> tuple[Word, ...]:
    if not backwards:
        return tuple(sorted(words, key=lambda w: (w.box[0], w.box[2], w.line)))
    out: list[Word] = []
    forward: list[Word] = []  # Latin words inside are read from left to right
    numbers: list[Word] = []  # and so do numbers after them, by Unicode's rule W7
    for word in sorted(words, key=lambda w: (-w.box[2], -w.box[0], w.line)):
        kinds = {unicodedata.bidirectional(c) for c in word.text}
        before = (numbers or forward or [word])[-1]
        if "L" in kinds and _gap(before, word) <= _OF_ONE_RUN * word.size:
            forward += [*numbers, word]
            numbers = []
        elif "L" not in kinds and kinds.isdisjoint(_STRONG) and "EN" in kinds:
            if numbers and _gap(before, word) > _OF_ONE_RUN * word.size:
                out += [*_read_onwards(forward), *numbers]
                forward, numbers = [], []
            numbers += _read_onwards([word])
        else:
            out += [*_read_onwards(forward), *numbers]
            forward, numbers = [], []
            (forward if "L" in kinds else out).append(word)
    return (*out, *_read_onwards(forward), *numbers)


def _read_onwards(words: Sequence[Word]) -> list[Word]:
    """Return words of a line that runs backwards, from its right, in their own reading order.

    A stop that ends them is at their left, where the line continues.
    """
    found = list(reversed(words))
    stop = _STOP.match(found[0].text) if found else None
    if stop is not None:
        found[0] = replace(found[0], text=found[0].text[stop.end() :])
        found[-1] = replace(found[-1], text=found[-1].text + stop.group())
    return found


def _gap(one: Word, other: Word) -> float:
    """Return the white between two words, whichever stands on the left."""
    return max(other.box[0] - one.box[2], one.box[0] - other.box[2])


def _is_raised(word: Word, largest: Word) -> bool:
    """Whether a word consists of small numbers above the line, as "[2-3]" after a sentence."""
    raised = word.box[3] < largest.box[3] and word.size < _SMALLER * largest.size
    return raised and _NOTES.fullmatch(word.text) is not None


def _is_mark(one: Word, other: Word) -> bool:
    """Whether a small raised number beside a word marks a note: it is not part of the word."""
    raised = other.box[1] + other.box[3] < one.box[1] + one.box[3]
    if not (raised and other.size < one.size and other.text.strip("[]()*,").isdigit()):
        return False
    if other.box[0] < one.box[0]:
        return one.text[0].isalnum()
    tail = one.text[-_MARKED:]
    noted = len(tail) == _MARKED and (tail.isalpha() or tail.isdigit())
    return not one.text[-1].isalnum() or noted
