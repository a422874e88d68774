"""Numbers of lines in a margin, as in manuscripts and pleadings: not part of the text.

They rise in steps of one, are apart from all other text, and are beside lines of a paragraph.
Numbers of a table's rows or of a list are beside lines that do not continue.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.loaders.pdf.page import Word

_NUMBER = re.compile(r"\d{1,4}")
_STEPS = (1, 2, 3, 4, 5, 10)
_FEWEST = 5
_MOST_WORDS = 20_000
_IN_LINE = 2.0  # points by which edges of numbers may differ
_APART = 0.3  # ems between a number and its line
_LONG = 5  # words of a line
_MOST_LONG = 0.5  # share of lines, likewise below
_SMALL = 0.3  # that begin with a small letter
_FULL = 0.4  # that reach the right edge
_NEAR_EDGE = 3.0  # ems


def without_line_numbers(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words of a page without the numbers of its lines."""
    numbers = [word for word in words if _NUMBER.fullmatch(word.text)]
    if len(numbers) < _FEWEST or len(words) > _MOST_WORDS:
        return tuple(words)
    for edge in (2, 0):
        for column in _columns(numbers, edge):
            if _number_lines(column, words):
                lost = set(map(id, column))
                return tuple(word for word in words if id(word) not in lost)
    return tuple(words)


def _columns(numbers: Sequence[Word], edge: int) -> list[list[Word]]:
    """Return numbers whose edges on one side are in line, each column from the top."""
    found: list[list[Word]] = []
    for word in sorted(numbers, key=lambda word: word.box[edge]):
        if found and word.box[edge] - found[-1][0].box[edge] <= _IN_LINE:
            found[-1].append(word)
        else:
            found.append([word])
    return [sorted(part, key=lambda word: word.box[1]) for part in found if len(part) >= _FEWEST]


def _number_lines(column: Sequence[Word], words: Sequence[Word]) -> bool:
    counts = [int(word.text) for word in column]
    step = counts[1] - counts[0]
    if step not in _STEPS or any(b - a != step for a, b in pairwise(counts)):
        return False
    own = set(map(id, column))
    first, last = column[0].box[1], column[-1].box[3]
    beside = [w for w in words if id(w) not in own and first <= _middle(w) <= last]
    size = max(word.size for word in column)
    right = max(word.box[2] for word in column)
    if not beside or min(word.box[0] for word in beside) < right + _APART * size:
        return False
    lines = [[w for w in beside if w.box[1] <= _middle(number) <= w.box[3]] for number in column]
    if not all(lines):
        return False
    ends = sorted(max(word.box[2] for word in line) for line in lines)
    edge = ends[int(0.9 * (len(ends) - 1))] - _NEAR_EDGE * size
    starts = [min(line, key=lambda word: word.box[0]).text[:1] for line in lines]
    count = len(lines)
    return (
        sum(len(line) >= _LONG for line in lines) >= _MOST_LONG * count
        and sum(start.islower() for start in starts) >= _SMALL * count
        and sum(end >= edge for end in ends) >= _FULL * count
    )


def _middle(word: Word) -> float:
    return (word.box[1] + word.box[3]) / 2
