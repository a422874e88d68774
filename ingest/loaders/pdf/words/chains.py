"""Words of a page from its characters: letters of one line and size without a gap.

A chain consists of letters that the file draws on one line without going back; its gaps show where
words end (:mod:`ingest.loaders.pdf.words.spacing`). Chains that touch on one line belong together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.words.backwards import apart, in_reading_order, is_as_drawn
from ingest.loaders.pdf.words.fixed_fonts import fixed_fonts
from ingest.loaders.pdf.words.frames import Frame, Sign, frames_of, line_box
from ingest.loaders.pdf.words.glyphs import Glyphs
from ingest.loaders.pdf.words.gridded import Grid, grids
from ingest.loaders.pdf.words.letters import (
    beside,
    composed,
    is_accent,
    is_over,
    letter_of,
    symbols_of,
)
from ingest.loaders.pdf.words.scripts import is_mark
from ingest.loaders.pdf.words.spacing import Gap, word_ends
from ingest.loaders.pdf.words.twice import once

_SAME_BASE = 0.28  # heights of the font: the E of TeX hangs lower by less, a capital's accent too
_SAME_SIZE = 0.85
_BACK = 0.6
_BACK_IN_COLUMN = 6.0  # fonts without heights for it draw one letter over the other
_AHEAD = 2.5
_NARROW_SPACE = 0.15
_TOUCHING = 0.09
_TOUCHING_BASE = 0.1
_CELL = 8.0  # points: places of chains' ends are looked up in cells of this size


@dataclass(slots=True)
class _Chain:
    """Letters of a line in the order drawn.

    ``spaces`` has the beginning of a space before each letter, ``likely`` whether PDFium sees one.
    """

    number: int
    letters: list[Sign] = field(default_factory=list)
    spaces: list[float | None] = field(default_factory=list)
    likely: list[bool] = field(default_factory=list)
    space_after: bool = False

    def takes(self, sign: Sign) -> bool:
        """Whether a letter continues the chain."""
        if not self.letters:
            return True
        last = self.letters[-1]
        size = max(min(last.size, sign.size), 0.1)
        if abs(last.base - sign.base) > _SAME_BASE * size:
            return False
        if size < _SAME_SIZE * max(last.size, sign.size):
            return False
        back = _BACK_IN_COLUMN if last.down or sign.down else _BACK
        return -back <= self.gap(last, sign) <= _AHEAD

    def gap(self, one: Sign, other: Sign) -> float:
        """Return the white between two neighbours in heights of the font."""
        size = max(one.size, other.size, 0.1)
        if one.drawn == other.drawn and one.left == other.left and one.right == other.right:
            return 0.0  # letters of one ligature
        if is_mark(other.text):
            return 0.0
        return (other.left + other.hang - one.right) / size

    def white(self, at: int) -> Gap:
        """Return the white between a letter and the next one.

        PDFium widens the room of a letter that extends over the space after it.
        """
        one, other = self.letters[at], self.letters[at + 1]
        space = self.spaces[at + 1]
        gap = self.gap(one, other)
        if space is not None and (one.left + one.right) / 2 < space < other.left:
            gap = max(gap, (other.left - space) / max(one.size, other.size, 0.1))
        return Gap(gap, space is not None, self.likely[at + 1])

    def add(self, sign: Sign, space: float | None, *, likely: bool) -> None:
        """Append a letter."""
        self.likely.append(likely)
        self.letters.append(sign)
        self.spaces.append(space)


@dataclass(slots=True)
class _Run:
    """The letters of one word; if ``open_left`` or ``open_right``, it may touch another chain's."""

    letters: list[Sign]
    number: int
    open_left: bool
    open_right: bool
    grid: Grid | None = None


def words_of(page: Glyphs) -> list[Word]:
    """Return the words of a page's upright characters, in points of the page."""
    return [
        word
        for frame in frames_of(page)
        if not frame.turn.angle
        for word in words_in_frame(frame, page)
    ]


def words_in_frame(frame: Frame, page: Glyphs) -> list[Word]:
    """Return the words of a frame, in its own points, in the file's drawing order."""
    fixed = fixed_fonts(page)
    onward, backward = apart(_readable(once(frame.signs), page))
    chains = _chains(onward)
    on_grid = grids([chain.letters for chain in chains])
    runs = [run for chain, grid in zip(chains, on_grid, strict=True) for run in _runs(chain, grid)]
    for line in backward:
        for chain in _chains(line):
            chain.number += len(onward)
            runs += [_turned_round(run, mirrored=is_as_drawn(line)) for run in _runs(chain)]
    words = (_word(letters, number, fixed, grid) for letters, number, grid in _joined(runs))
    return [word for word in words if word.text]


def _readable(signs: Sequence[Sign], page: Glyphs) -> list[Sign]:
    """Return the drawings as their characters."""
    symbols = {number: symbols_of(font.name) for number, font in enumerate(page.fonts)}
    found: list[Sign] = []
    for sign in signs:
        if sign.font < 0 and not sign.hyphen and not sign.text.isspace():
            continue
        text = letter_of(sign, symbols.get(sign.font, ""))
        if is_mark(text) and not (found and is_over(sign, found[-1])):
            text = beside(sign, text)
        if text:
            found.append(sign if text == sign.text else sign._replace(text=text))
    return found


def _chains(signs: Sequence[Sign]) -> list[_Chain]:
    chains: list[_Chain] = []
    chain: _Chain | None = None
    space: float | None = None
    likely = False
    for sign in signs:
        if sign.text.isspace():
            if sign.right > sign.left:
                space = sign.left if space is None else space
            likely = True
            continue
        if chain is None or not chain.takes(sign):
            if chain is not None:
                chain.space_after = space is not None
            chain = _Chain(len(chains))
            chains.append(chain)
        chain.add(sign, space, likely=likely)
        space, likely = None, False
    return chains


def _without_overhang(end: Sign, start: Sign) -> Sign:
    """Return a word's last letter with no more room than leaves a space before the next word."""
    right = start.left - _NARROW_SPACE * end.size
    if not end.left < right < end.right:
        return end
    return end._replace(right=right)


def _turned_round(run: _Run, *, mirrored: bool) -> _Run:
    letters = in_reading_order(run.letters, mirrored=mirrored)
    return replace(run, letters=letters, open_left=False, open_right=False)


def _runs(chain: _Chain, grid: Grid | None = None) -> list[_Run]:
    letters = chain.letters
    if grid is None:
        gaps = [chain.white(at) for at in range(len(letters) - 1)]
        ends = word_ends(letters, gaps)
    else:
        ends = [grid.ends(one, other) for one, other in pairwise(letters)]
    cuts = [at + 1 for at, end in enumerate(ends) if end]
    for at in cuts if grid is None else ():
        letters[at - 1] = _without_overhang(letters[at - 1], letters[at])
    return [
        _Run(
            letters[first:last],
            chain.number,
            open_left=first == 0 and chain.spaces[0] is None,
            open_right=last == len(letters) and not chain.space_after,
            grid=grid,
        )
        for first, last in pairwise([0, *cuts, len(letters)])
    ]


def _joined(runs: Sequence[_Run]) -> list[tuple[list[Sign], int, Grid | None]]:
    """Join words that were drawn in pieces: the next piece begins where one ends."""
    heads: dict[tuple[int, int], list[int]] = defaultdict(list)
    for at, run in enumerate(runs):
        if run.open_left:
            heads[_cell(run.letters[0].left, run.letters[0].base)].append(at)
    following: dict[int, int] = {}
    taken: set[int] = set()
    for at, run in enumerate(runs):
        if not run.open_right:
            continue
        end = run.letters[-1]
        across, down = _cell(end.right, end.base)
        near = (
            other
            for x in (across - 1, across, across + 1)
            for y in (down - 1, down, down + 1)
            for other in heads.get((x, y), ())
        )
        for other in near:
            if other not in taken and other != at and _touch(end, runs[other].letters[0]):
                following[at] = other
                taken.add(other)
                break
    found: list[tuple[list[Sign], int, Grid | None]] = []
    done: set[int] = set()
    starts = [at for at in range(len(runs)) if at not in taken]
    for start in [*starts, *range(len(runs))]:  # the second time: pieces that go round in a circle
        letters: list[Sign] = []
        piece = start
        while piece >= 0 and piece not in done:
            done.add(piece)
            letters += runs[piece].letters
            piece = following.get(piece, -1)
        if letters:
            found.append((letters, runs[start].number, runs[start].grid))
    return found


def _cell(x: float, y: float) -> tuple[int, int]:
    return int(x // _CELL), int(y // _CELL)


def _touch(end: Sign, start: Sign) -> bool:
    size = max(min(end.size, start.size), 0.1)
    return (
        size >= _SAME_SIZE * max(end.size, start.size)
        and abs(end.base - start.base) <= _TOUCHING_BASE * size
        and abs(start.left - end.right) <= _TOUCHING * size
        and start.left > end.left
    )


def _word(letters: Sequence[Sign], number: int, fixed: frozenset[int], grid: Grid | None) -> Word:
    drawn = [sign for sign in letters if not is_accent(sign.text)] or letters
    size = median(sign.size for sign in drawn)
    left, right = min(sign.left for sign in letters), max(sign.right for sign in letters)
    if grid is not None:
        left, right = grid.bounds(letters)
    box = line_box(left, right, median(sign.base for sign in drawn), size)
    return Word(
        text=composed(letters),
        box=box,
        size=size,
        fixed=grid is not None or all(sign.font in fixed for sign in letters),
        line=number,
    )
