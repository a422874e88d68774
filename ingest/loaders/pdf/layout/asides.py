"""Boxes and figures with a paragraph flowing around them: its lines are short beside them.

The text in such a box is not part of the paragraph. It comes after the paragraph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest.loaders.pdf.layout.gutters import Gutter, Item, Sides
from ingest.loaders.pdf.layout.lines import COLUMN_GAP, around
from ingest.loaders.pdf.layout.side import Side
from ingest.loaders.pdf.layout.side_lines import (
    SideLine,
    goes_on,
    is_code,
    is_small,
    lines_of,
    may_go_on,
)
from ingest.loaders.pdf.page import Block

_NARROWEST = 0.7  # heights of the font between text and box
_PITCH = 1.25  # times the distance between the lines beside the box
_ALIGNED = 0.7  # share of the box's lines
_INDENT = 2.0  # heights of the font
_LEAST_LINES = 2
_LAST = 4  # lines above that show the width of the text
_LEAST_WIDTH = 10  # heights of the font
_LEAST_WORDS, _LEAST_LETTERS = 1.5, 2.5  # of a line in a box
_NUMBERS = 0.7
_SPACE, _MOSTLY = 0.7, 0.8  # of the gutter's width, of the gaps between words
_CLOSE = 1.9  # heights of the font between two lines of a box
_LEVEL = 0.5  # heights of the font


@dataclass(frozen=True, slots=True)
class Flow:
    """How text flows around a box: ``enters`` from above, ``leaves`` to the text below it."""

    text_on_left: bool
    enters: bool
    leaves: bool


def flow_of(items: Sequence[Item], gutter: Gutter, size: float) -> Flow | None:
    """Return how text flows around the box on one side of a gutter, None if none does."""
    words = [(item.box, item.word) for item in items if item.word is not None]
    above = [(b, w) for b, w in words if (b[1] + b[3]) / 2 < gutter.top]
    below = [(b, w) for b, w in words if (b[1] + b[3]) / 2 > gutter.bottom]
    sides = gutter.sides(items)
    for text, box, on_left in ((sides[0], sides[1], True), (sides[1], sides[0], False)):
        lines = lines_of(text, size)
        if len(lines) < _LEAST_LINES or not box:
            continue
        if is_small(lines_of(box, size)[0].text):
            continue  # the text itself continues there
        enters = _enters(lines_of(above, size), lines, size)
        leaves = _leaves(lines, lines_of(below, size), size)
        if enters or leaves:
            return Flow(on_left, enters, leaves)
    return None


def without_end(gutter: Gutter, sides: Sides, size: float) -> Gutter:
    """Return a gutter without a last line of the text at its right that is below the box."""
    box, text = lines_of(sides[0], size), lines_of(sides[1], size)
    if len(text) < _LEAST_LINES or is_small(box[0].text):
        return gutter
    low = [line for line in box if line.middle > text[-1].middle + _LEVEL * size]
    if len(low) == len(box) or not low or not _leaves(text, low, size):
        return gutter
    before = box[len(box) - len(low) - 1]
    if may_go_on(before, low[0]) and _is_near(before, low[0], text, size):
        return gutter
    return gutter.between(gutter.top, (text[-1].middle + low[0].middle) / 2)


def is_flow(flow: Flow, sides: tuple[Side, Side], gutter: Gutter, size: float) -> bool:
    """Whether a gutter is the white beside a box, instead of gaps between words."""
    side, other = sides if flow.text_on_left else (sides[1], sides[0])
    wide = gutter.right - gutter.left
    spaces = [gap for one in sides for line in lines_of(one.items, size) for gap in line.gaps]
    narrow = sum(gap <= _SPACE * wide for gap in spaces) >= _MOSTLY * len(spaces)
    return (
        side.is_prose
        and not is_code(side.items)
        and (other.words >= _LEAST_WORDS or other.letters >= _LEAST_LETTERS)
        and other.numbers < _NUMBERS
        and other.starts >= _ALIGNED
        and all(b - a <= _CLOSE * size for a, b in pairwise(other.lines))
        and wide >= _NARROWEST * size
        and narrow
    )


def behind_paragraph(blocks: Sequence[Block], asides: Sequence[Block]) -> list[Block]:
    """Return blocks with others inserted at the end of the first paragraph."""
    if not blocks or blocks[0].kind != "text":
        return [*asides, *blocks]
    first = blocks[0]
    end = next(
        at for at, line in enumerate(first.lines, 1) if not line.runs_on or at == len(first.lines)
    )
    head = replace(
        first, lines=first.lines[:end], box=around(line.box for line in first.lines[:end])
    )
    rest = []
    if end < len(first.lines):
        lines = first.lines[end:]
        rest.append(replace(first, lines=lines, box=around(line.box for line in lines), apart=True))
    return [head, *asides, *rest, *blocks[1:]]


def _enters(above: Sequence[SideLine], lines: Sequence[SideLine], size: float) -> bool:
    """Whether the last line above continues in the first one beside the box."""
    if not above or _has_columns(above[-1], size):
        return False
    right = max(line.right for line in above[-_LAST:])
    reads_on = goes_on(above[-1], lines[0], max(right, lines[0].left + _LEAST_WIDTH * size))
    return reads_on and _is_near(above[-1], lines[0], lines, size)


def _leaves(lines: Sequence[SideLine], below: Sequence[SideLine], size: float) -> bool:
    """Whether the last line beside the box continues in the first one below it."""
    if not below or below[0].left - lines[-1].left > _INDENT * size:
        return False
    if _has_columns(below[0], size):
        return False
    right = max(line.right for line in lines)
    return goes_on(lines[-1], below[0], right) and _is_near(lines[-1], below[0], lines, size)


def _is_near(one: SideLine, other: SideLine, lines: Sequence[SideLine], size: float) -> bool:
    steps = sorted(b.middle - a.middle for a, b in pairwise(lines))
    usual = steps[len(steps) // 2]
    return 0 < other.middle - one.middle <= _PITCH * max(usual, size)


def _has_columns(line: SideLine, size: float) -> bool:
    return any(gap > COLUMN_GAP * size for gap in line.gaps)
