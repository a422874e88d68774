"""Code with letters on a grid in a proportional font, as in LaTeX's listings.

A word of n letters takes n columns, and its letters are spread evenly over them. So gaps say
nothing: the "i" of "flow[i]" has more white beside it than many a space. But the columns show the
spaces.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ingest.loaders.pdf.words.frames import Sign
from ingest.loaders.pdf.words.scripts import CODE_SIGNS, is_leftward, is_wide

_TOUCHING = 0.03  # heights of the font: letters set one after the other have less white between
_BLANK = 0.45  # and white from which they may be two words
_LOOSE = 0.35  # of the pairs of a line have white between them
_LEAST_LINE = 6  # letters
_NARROWEST, _BROADEST, _STEP = 0.4, 0.8, 0.002  # of a column, in heights of the font
_MOST_LETTERS, _MOST_BLOCKS = 20_000, 50  # of a page to check
_LINE_ON_GRID = 0.15
_LINE_ON_KNOWN_GRID = 0.05  # words of many narrow letters fit columns badly
_LONG_LINE = 25  # letters from which a line of prose among code is recognised
_NEXT_TO = 0.5  # of the letters of a line have no empty column after them
_ON_GRID = 0.33  # how well letters fit columns: 0 is chance, 1 exact; 0.46 is usual
_SIGNS_OF_CODE = 0.03
_FEW = 10.0  # letters fit columns by chance
_NEARLY = 0.97
_NEXT_LINE = 4  # heights of the font within which a line follows another of its block
_BESIDE = 1.6  # and within which an undecided line belongs to the block
_BEFORE = 30  # heights that a line may begin before the others
_WORD_ENDS = 1.5  # columns between the middles of two letters


class Grid(NamedTuple):
    """The columns of one line: their width in points, and the beginning of one of them."""

    unit: float
    left: float

    def ends(self, one: Sign, other: Sign) -> bool:
        """Whether a column is empty between two neighbours."""
        return _middle(other) - _middle(one) >= _WORD_ENDS * self.unit

    def bounds(self, letters: Sequence[Sign]) -> tuple[float, float]:
        """Return the beginning and end of a word's columns."""
        first = math.floor((_middle(letters[0]) - self.left) / self.unit)
        last = math.floor((_middle(letters[-1]) - self.left) / self.unit)
        return self.left + first * self.unit, self.left + (last + 1) * self.unit


def grids(lines: Sequence[Sequence[Sign]]) -> list[Grid | None]:
    """Return the grid of each line of letters, None for ordinary lines."""
    found: list[Grid | None] = [None] * len(lines)
    left = _MOST_LETTERS
    for members in _blocks(lines)[:_MOST_BLOCKS]:
        left -= sum(len(lines[at]) for at in members)
        if left < 0:
            break
        size = _size(lines[members[0]])
        others = _others(lines, members)
        unit = _unit(size, [lines[at] for at in members])
        long = sum(len(lines[at]) >= _LEAST_LINE for at in others)
        if not unit or long > len(members):
            continue
        for at in members:
            found[at] = _grid(unit, lines[at], _LONG_LINE)
        for at in others:
            found[at] = _grid(unit, lines[at], _LEAST_LINE)
    return found


def _blocks(lines: Sequence[Sequence[Sign]]) -> list[list[int]]:
    """Return lines with white between their letters, by number, grouped by vertical neighbours."""
    blocks: list[list[int]] = []
    last: dict[float, list[int]] = {}
    for at, letters in enumerate(lines):
        if len(letters) < 2 or not _is_loose(letters):  # noqa: PLR2004 - a pair
            continue
        size = _size(letters)
        block = last.get(size)
        if block is None or abs(lines[block[-1]][0].base - letters[0].base) > _NEXT_LINE * size:
            block = last[size] = []
            blocks.append(block)
        block.append(at)
    return blocks


def _others(lines: Sequence[Sequence[Sign]], members: Sequence[int]) -> list[int]:
    """Return undecided lines of a block: of broad letters, or a single bracket."""
    taken = set(members)
    block = [lines[at] for at in members]
    fonts = {sign.font for line in block for sign in line}
    size = _size(block[0])
    bases = [line[0].base for line in block]
    top, bottom = min(bases) - _BESIDE * size, max(bases) + _BESIDE * size
    left, right = min(line[0].left for line in block), max(line[-1].right for line in block)
    return [
        at
        for at, letters in enumerate(lines)
        if at not in taken
        and _size(letters) == size
        and top < letters[0].base < bottom
        and left - _BEFORE * size < letters[0].left < right
        and fonts.issuperset(sign.font for sign in letters)
        and (len(letters) >= _LEAST_LINE or not _are_words(letters))
    ]


def _is_loose(letters: Sequence[Sign]) -> bool:
    """Whether many letters have white between them without a blank."""
    near = loose = 0
    for one, other in pairwise(letters):
        if is_wide(one.text) or is_leftward(one.text) or one.down:
            return False
        gap = (other.left - one.right) / max(one.size, 0.1)
        if gap < _BLANK:
            near += 1
            loose += abs(gap) > _TOUCHING
    return near > 0 and loose >= _LOOSE * near


def _are_words(letters: Sequence[Sign]) -> bool:
    """Whether few letters are words of prose, such as the last ones of a paragraph."""
    gaps = [(b.left - a.right) / max(a.size, 0.1) for a, b in pairwise(letters)]
    signs = any(sign.text in CODE_SIGNS for sign in letters)
    return not signs and any(gap > _TOUCHING for gap in gaps)


def _size(letters: Sequence[Sign]) -> float:
    return round(letters[0].size * 4) / 4


def _unit(size: float, lines: Sequence[Sequence[Sign]]) -> float:
    """Return the width of the columns of lines, 0.0 if most letters fit none."""
    text = "".join(sign.text for line in lines for sign in line)
    if sum(letter in CODE_SIGNS for letter in text) < _SIGNS_OF_CODE * len(text):
        return 0.0
    # Repeated text, as in a table, counts only once.
    long = list({_places(line): line for line in lines if len(line) >= _LEAST_LINE}.values())
    middles = [[_middle(sign) for sign in line] for line in long]
    steps = round((_BROADEST - _NARROWEST) / _STEP)
    units = [(_BROADEST - step * _STEP) * size for step in range(steps + 1)]
    scores = [_score(unit, middles) for unit in units]
    best = max(scores)
    if not best:
        return 0.0
    return next(unit for unit, score in zip(units, scores, strict=True) if score >= _NEARLY * best)


def _places(line: Sequence[Sign]) -> tuple[tuple[str, int], ...]:
    left = line[0].left
    return tuple((sign.text, round(sign.left - left)) for sign in line)


def _score(unit: float, lines: Sequence[Sequence[float]]) -> float:
    """Return how many letters fit columns beyond chance.

    A line of prose may be among those of code: less than half of the letters may fit none.
    """
    found = counted = 0.0
    for middles in lines:
        kept = _kept(unit, middles)
        near = sum(b - a < _WORD_ENDS * unit for a, b in pairwise(middles))
        if kept >= _LINE_ON_GRID and near >= _NEXT_TO * len(middles):
            found += kept * len(middles)
            counted += len(middles)
    total = sum(map(len, lines))
    enough = counted > total / 2 and found >= max(_ON_GRID * counted, _FEW)
    return found if enough else 0.0


def _kept(unit: float, middles: Sequence[float]) -> float:
    """Return how well letters fit columns: 1 is exact, 0 is chance."""
    count = len(middles)
    turn = 2j * math.pi / unit
    together = abs(sum(cmath.exp(turn * middle) for middle in middles))
    return (together * together / count - 1) / (count - 1)


def _grid(unit: float, letters: Sequence[Sign], judged: int) -> Grid | None:
    """Return a line's grid; from ``judged`` letters on it must fit the columns."""
    middles = [_middle(sign) for sign in letters]
    if len(letters) >= judged and _kept(unit, middles) < _LINE_ON_KNOWN_GRID:
        return None
    turn = 2j * math.pi / unit
    together = sum(cmath.exp(turn * place) for place in middles)
    middle = cmath.phase(together) / (2 * math.pi) * unit
    return Grid(unit, middle - unit / 2)


def _middle(sign: Sign) -> float:
    return (sign.left + sign.right) / 2
