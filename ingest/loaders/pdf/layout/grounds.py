"""Vertical edges that separate a bar from the text: those of a coloured ground, and long lines."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.loaders.pdf.layout.column_tests import rows_in_common
from ingest.loaders.pdf.layout.gutters import Gutter, Item
from ingest.loaders.pdf.layout.side import Side
from ingest.loaders.pdf.page import Rule

_LONG = 0.6  # of the page's height
_LEAST_LINES = 4
_ROWS = 0.85  # share of lines with a neighbour, from which both sides are rows of a list
_MOST = 20
_TOUCHING = 1.0  # points
_SAME_PLACE = 2.0


def walls_of(rules: Sequence[Rule], height: float) -> list[Gutter]:
    """Return the sufficiently long vertical edges of a page, as gutters without width.

    Args:
        rules: of the page.
        height: of the page, in points.
    """
    found: list[Gutter] = []
    for rule in sorted(rules, key=lambda rule: rule.box[0]):
        left, top, right, bottom = rule.box
        if rule.level or min(bottom, height) - max(top, 0.0) < _LONG * height:
            continue
        if not found or left - found[-1].left > _SAME_PLACE:
            found.append(Gutter(left, top, right, bottom))
    return found[:_MOST]


def wall_between(items: Sequence[Item], walls: Sequence[Gutter], size: float) -> Gutter | None:
    """Return the first edge that separates a bar from text without crossing anything."""
    for wall in walls:
        beside = [i for i in items if wall.top <= (i.box[1] + i.box[3]) / 2 <= wall.bottom]
        if any(
            item.box[0] < wall.left - _TOUCHING and item.box[2] > wall.right + _TOUCHING
            for item in beside
        ):
            continue
        words = wall.sides(items)
        if not all(words):
            continue
        left, right = (Side.of(side, size) for side in words)
        if min(left.count, right.count) >= _LEAST_LINES and rows_in_common(left, right) < _ROWS:
            return wall
    return None
