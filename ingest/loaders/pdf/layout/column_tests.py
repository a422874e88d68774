"""Distinguishes columns of text from the cells of a table, by the text on both sides of a gap."""

from __future__ import annotations

import re
from itertools import pairwise

from ingest.loaders.pdf.layout.side import (
    CJK_LETTERS,
    HALF,
    LEAST_LINES,
    MANY_LINES,
    WORDS,
    Side,
)
from ingest.loaders.pdf.layout.side_by_side import counts_on, go_on_alone

NARROW = 1.4
"""Gutter in heights of the font below which more lines must exclude chance."""

LEAST_BESIDE = 2
"""Least lines of the shorter side: one line cannot be aligned with another."""

_NARROW_LINES = 5
_NARROW_OF_MANY = 0.8
_WORDED = 1.5
_LETTERED = 2.0
_INDEX_NUMBERS = 0.7
_LEADING_ON = 0.15
_ALIGNED = 0.5
_ALIGNED_OF_MANY = 0.2  # lists in a column begin at several places
_INDEX_LINES = 8
_SAME_HEIGHT = 0.25  # of the font's height, between base lines of one row
_NARROWEST_BOX = 0.7  # heights of the font, between a text and a box beside it
_BOX_ALIGNED = 0.7  # share of a box's lines that begin at one place
_CLOSE = 1.9  # heights of the font between two lines of a box
_OF_ONE_SIZE = 0.1
_WIDE = 1.5  # heights of the font between a bar and the text
_HEADS = 2
_MOST_ROWS = 0.8
_CAPTION = re.compile(
    r"(?:figure|fig|table|tab|abbildung|abb|tabelle|图|圖|表)\.?\s*(?:\d|[A-Z]\b|[一二三四五六七八九十])",
    re.IGNORECASE,
)


def are_columns(left: Side, right: Side, wide: float, *, backwards: bool) -> bool:
    """Whether two sides of a gap, ``wide`` heights of the font, are read one after the other."""
    fewest = min(left.count, right.count)
    first, last = (right, left) if backwards else (left, right)
    inner = left.ends if backwards else right.starts
    aligned = inner >= (_ALIGNED if fewest < MANY_LINES else _ALIGNED_OF_MANY)
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
    """Whether the later side is the end of the text: too few lines to decide by themselves."""
    if not first.is_prose or first.count < MANY_LINES or last.broken < HALF:
        return False
    return (last.words >= WORDS or last.letters >= CJK_LETTERS) and last.numbers < HALF


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
        and rows_in_common(text, box) < HALF
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
        and min(left.count, right.count) >= MANY_LINES
        and rows_in_common(left, right) < _MOST_ROWS
    )


def _are_lists(left: Side, right: Side, wide: float) -> bool:
    """Whether two sides are lists, or columns of an index, with independent lines."""
    fewest, most = sorted((left.count, right.count))
    numbers = max(left.numbers, right.numbers)
    if min(left.words, right.words) < _WORDED and min(left.letters, right.letters) <= _LETTERED:
        return False
    apart = wide >= (_NARROW_OF_MANY if fewest >= MANY_LINES else 1)
    if apart and most >= LEAST_LINES and rows_in_common(left, right) < HALF:
        return numbers < HALF
    numbered = min(left.numbered, right.numbered, left.entries, right.entries) > HALF
    return fewest >= _INDEX_LINES and numbered and numbers < _INDEX_NUMBERS


def rows_in_common(left: Side, right: Side) -> float:
    """Return the share of the lines of the shorter side that have a neighbour on the other."""
    few, many = sorted((left.lines, right.lines), key=len)
    near = _SAME_HEIGHT * left.size
    return sum(any(abs(a - b) <= near for b in many) for a in few) / len(few)
