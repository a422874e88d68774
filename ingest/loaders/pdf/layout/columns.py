"""The reading order of the parts of a page: columns one after the other.

A gutter is a white strip from top to bottom of some lines, with prose on both sides. Elements that
cross it above or below (a title, a figure, a table over all columns) come before or after the
columns that it separates. The gaps of a table, a price list or a form are not gutters: the text on
their two sides belongs together, so such lines stay rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.loaders.pdf.layout.asides import flow_of, is_flow, without_end
from ingest.loaders.pdf.layout.column_tests import are_columns
from ingest.loaders.pdf.layout.grounds import wall_between
from ingest.loaders.pdf.layout.gutters import Gutter, Item, Sides, gutters_of, usual_size
from ingest.loaders.pdf.layout.lines import runs_backwards
from ingest.loaders.pdf.layout.side import Side
from ingest.loaders.pdf.layout.side_lines import goes_on, lines_of
from ingest.loaders.pdf.layout.stretches import stretches_of

__all__ = ["MOST_CUTS", "MOST_ITEMS", "Item", "Part", "parts_of", "reading_order"]

MOST_CUTS = 60
"""Most gutters of a page; newspapers have about ten."""

MOST_ITEMS = 20_000
"""Words above which a page is read line by line: no page for readers has so many."""

_AS_LONG = 0.5
_TALLER = 4  # heights of the font by which a gutter is higher than another
_ASIDE = 0.8  # heights of the font by which one side may begin above the other


@dataclass(frozen=True, slots=True)
class Part:
    """Items of one column; ``aside`` means that the text before it flows around it and continues.

    ``last`` means that nothing is below it.
    """

    items: list[Item]
    aside: bool = False
    last: bool = True


def reading_order(items: Sequence[Item], *, certain: bool = False) -> list[list[Item]]:
    """Return the parts of a page, each of one column, in reading order.

    Args:
        items: of the page, in any order.
        certain: separate only columns of prose with many lines.
    """
    return [part.items for part in parts_of(items, certain=certain)]


def parts_of(
    items: Sequence[Item], *, certain: bool = False, walls: Sequence[Gutter] = ()
) -> list[Part]:
    """Return the parts of a page in the same way, and which of them are asides.

    ``walls`` are vertical edges, which may separate a bar from the text.
    """
    if not items:
        return []
    if len(items) > MOST_ITEMS:
        return [Part(list(items))]
    done: list[Part] = []
    waiting = [Part(list(items))]
    cuts = 0
    while waiting:
        part = waiting.pop()
        look = cuts < MOST_CUTS and len(part.items) > 1
        gutter = wall_between(part.items, walls, usual_size(part.items)) if look else None
        if gutter is None and look:
            gutter = _gutter(part.items, certain=certain, last=part.last)
        if gutter is None:
            done.append(part)
            continue
        cuts += 1
        waiting += [
            replace(
                part,
                items=piece.items,
                aside=part.aside or piece.aside,
                last=part.last and piece.last,
            )
            for piece in reversed(_apart(part.items, gutter))
            if piece.items
        ]
    return done


def _apart(items: list[Item], gutter: Gutter) -> list[Part]:
    """Cut along a gutter: the part above, the two sides, the part below."""
    size = usual_size(items)
    # Two columns of many lines have no text that flows around one of them.
    certain = all(Side.of(side, size).is_certain for side in gutter.sides(items) if side)
    flow = None if certain else flow_of(items, gutter, size)
    above: list[Item] = []
    below: list[Item] = []
    sides: tuple[list[Item], list[Item]] = ([], [])
    for item in items:
        middle = (item.box[1] + item.box[3]) / 2
        if middle < gutter.top:
            above.append(item)
        elif middle > gutter.bottom:
            below.append(item)
        else:
            sides[item.box[0] >= gutter.left].append(item)
    left, right = sides
    if above:
        _give_back(above, left, right)
    if runs_backwards(item.word for item in items if item.word is not None):
        left, right = right, left
    elif flow is not None and flow.text_on_left and flow.leaves:
        return [Part(above, last=False), Part(left), Part(right, aside=True), Part(below)]
    elif flow is not None and not flow.text_on_left and flow.enters:
        aside = Part(left, aside=flow.leaves)
        return [Part(above, last=False), Part(right), aside, Part(below)]
    return [Part(above, last=False), Part(left), Part(right), Part(below)]


def _give_back(above: list[Item], left: list[Item], right: list[Item]) -> None:
    """Move to ``above`` the last line of a paragraph that is too short to reach the gutter."""
    if not left or not right:
        return
    size = usual_size(left)
    lines = lines_of([(item.box, item.word) for item in left if item.word], size)
    if len(lines) > 1 and goes_on(lines[0], lines[1], max(line.right for line in lines)):
        return
    end = max(item.box[3] for item in above)
    begin = min(item.box[1] for item in right)
    first = min(item.box[1] for item in left)
    if first - end < _ASIDE * size and begin - first > _ASIDE * size:
        short = [item for item in left if (item.box[1] + item.box[3]) / 2 < first + size]
        if max(item.box[3] for item in short) <= begin + _ASIDE * size:
            above += short
            left[:] = [item for item in left if item not in short]


def _gutter(items: Sequence[Item], *, certain: bool, last: bool) -> Gutter | None:
    """Return the best gutter of a part of the page, None if it has one column.

    ``last`` means that nothing is below the part.
    """
    size = usual_size(items)
    best = (0, 0, 0.0)
    found: Gutter | None = None
    backwards = runs_backwards(item.word for item in items if item.word is not None)
    gutters = gutters_of(items, size)
    for whole in gutters:
        words = whole.sides(items)
        if not all(words):
            continue
        sides = (Side.of(words[0], size), Side.of(words[1], size))
        if _worth(sides, whole, size) <= best:
            continue
        sure = all(side.is_certain for side in sides)
        if certain and not sure:
            continue
        ends = last and _is_last(items, whole, size)
        for stretch in stretches_of(
            whole, items, size, certain=sure, last=ends, backwards=backwards
        ):
            gutter = stretch
            if not sure and not backwards and all(gutter.sides(items)):
                gutter = without_end(gutter, gutter.sides(items), size)
            if gutter is not whole:
                words = gutter.sides(items)
                if not all(words):
                    continue  # only a table is on one side
                sides = (Side.of(words[0], size), Side.of(words[1], size))
            worth = _worth(sides, gutter, size)
            if worth > best and (
                _parts(words, sides, gutter, gutters, size, backwards=backwards)
                or (not backwards and _is_beside_box(items, sides, gutter, size))
            ):
                best, found = worth, gutter
    return found


def _worth(sides: tuple[Side, Side], gutter: Gutter, size: float) -> tuple[int, int, float]:
    """Return the criteria for the best gutter: lines beside it, height, width."""
    lines = round((gutter.bottom - gutter.top) / (_TALLER * size))
    return min(side.count for side in sides), lines, gutter.right - gutter.left


def _is_last(items: Sequence[Item], gutter: Gutter, size: float) -> bool:
    """Whether at most one line, which may be a page's footer, is below a gutter."""
    below = [item.box for item in items if (item.box[1] + item.box[3]) / 2 > gutter.bottom]
    return not below or max(box[3] for box in below) - min(box[1] for box in below) <= 2 * size


def _parts(
    words: Sides,
    sides: tuple[Side, Side],
    gutter: Gutter,
    gutters: Sequence[Gutter],
    size: float,
    *,
    backwards: bool,
) -> bool:
    """Whether a gutter separates columns, within the next gutters on its two sides."""
    wide = (gutter.right - gutter.left) / size
    if are_columns(*sides, wide, backwards=backwards):
        return True
    near = _near(words, gutter, gutters)
    if near == words:
        return False
    one, other = (Side.of(side, size) for side in near)
    return are_columns(one, other, wide, backwards=backwards)


def _is_beside_box(
    items: Sequence[Item], sides: tuple[Side, Side], gutter: Gutter, size: float
) -> bool:
    flow = flow_of(items, gutter, size)
    return flow is not None and is_flow(flow, sides, gutter, size)


def _near(sides: Sides, gutter: Gutter, gutters: Sequence[Gutter]) -> Sides:
    """Return the items between a gutter and the next ones on its two sides."""
    long = [
        g
        for g in gutters
        if min(g.bottom, gutter.bottom) - max(g.top, gutter.top)
        >= _AS_LONG * (gutter.bottom - gutter.top)
    ]
    first = max((g.left for g in long if g.right <= gutter.left), default=-math.inf)
    last = min((g.left for g in long if g.left >= gutter.right), default=math.inf)
    left = [item for item in sides[0] if item[0][0] >= first]
    right = [item for item in sides[1] if item[0][0] < last]
    return (left, right) if left and right else sides
