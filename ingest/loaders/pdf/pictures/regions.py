"""Places of a page that are pictures: their coverage, and which are worth reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.loaders.pdf.page import Box
from ingest.loaders.pdf.pictures.page_objects import DrawnPicture, PageObjects

SHORTEST = 11.0
"""Least points of a place's shorter side: a line of small letters."""

SMALLEST = 1_300.0
"""Least square points of a place: smaller pictures are icons, bullets and lines."""

SHORTEST_SIDE = 20
"""Least pixels of its pictures' shorter side: letters need about half as many."""

FEWEST_PIXELS = 10_000
"""Least pixels of its pictures."""

_TOUCH = 1.5  # points between strips of one picture
_SAME_EDGE = 3.0  # points
_STEPS = 200  # of the grid that a page is measured on
_MOST = 200  # places of a page
_INCH = 72


@dataclass(frozen=True, slots=True)
class Region:
    """The place of one picture, or of the strips of one.

    ``dpi`` is the finest resolution of its pictures, in pixels an inch.
    """

    box: Box
    pixels: int
    dpi: float


def coverage(boxes: Iterable[Box], width: float, height: float) -> float:
    """Return the share of a page that boxes cover, counting overlaps once."""
    import numpy as np  # noqa: PLC0415 - only pages with pictures need it

    grid = np.zeros((_STEPS, _STEPS), np.bool_)
    for left, top, right, bottom in boxes:
        rows = slice(round(top / height * _STEPS), round(bottom / height * _STEPS))
        grid[rows, round(left / width * _STEPS) : round(right / width * _STEPS)] = True
    return float(grid.mean())


def regions_of(objects: PageObjects) -> list[Region]:
    """Return the places of a page with pictures large enough for text, from the top."""
    groups: list[list[DrawnPicture]] = []
    boxes: list[Box] = []
    active: list[int] = []
    for picture in sorted(objects.pictures, key=lambda p: (p.box[1], p.box[0])):
        active = [at for at in active if boxes[at][3] >= picture.box[1] - _TOUCH]
        home = next((at for at in reversed(active) if _belong(boxes[at], picture.box)), None)
        if home is None:
            active.append(len(groups))
            groups.append([picture])
            boxes.append(picture.box)
        else:
            groups[home].append(picture)
            boxes[home] = _around(boxes[home], picture.box)
    found = [_region(box, group) for box, group in zip(boxes, groups, strict=True)]
    large = [region for region in found if region is not None]
    return sorted(
        sorted(large, key=lambda region: -area(region.box))[:_MOST], key=lambda r: r.box[1]
    )


def area(box: Box) -> float:
    """Return the area of a box, in square points."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def inside(box: Box, outer: Box) -> bool:
    """Whether the middle of a box is inside another."""
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return outer[0] <= across <= outer[2] and outer[1] <= down <= outer[3]


def _region(box: Box, group: Sequence[DrawnPicture]) -> Region | None:
    if min(box[2] - box[0], box[3] - box[1]) < SHORTEST or area(box) < SMALLEST:
        return None
    pixels = sum(picture.pixels for picture in group)
    finest = max(
        _INCH * max(p.across / (p.box[2] - p.box[0]), p.down / (p.box[3] - p.box[1])) for p in group
    )
    alone = len(group) == 1
    if pixels < FEWEST_PIXELS or (alone and min(group[0].across, group[0].down) < SHORTEST_SIDE):
        return None
    return Region(box, pixels, finest)


def _belong(one: Box, other: Box) -> bool:
    """Whether two boxes belong to one picture: one inside the other, or strips side by side."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide < -_TOUCH or high < -_TOUCH:
        return False
    if wide > 0 and high > 0 and wide * high >= 0.3 * min(area(one), area(other)):
        return True
    level = abs(one[1] - other[1]) < _SAME_EDGE and abs(one[3] - other[3]) < _SAME_EDGE
    upright = abs(one[0] - other[0]) < _SAME_EDGE and abs(one[2] - other[2]) < _SAME_EDGE
    return level or upright or _tiles(one, other)


def _tiles(one: Box, other: Box) -> bool:
    """Whether the second is a tile in a row below the first: within its sides, touching it."""
    within = one[0] - _SAME_EDGE < other[0] and other[2] < one[2] + _SAME_EDGE
    return within and abs(other[1] - one[3]) <= _TOUCH


def _around(one: Box, other: Box) -> Box:
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )
