"""Framed boxes beside other text: the text in a frame belongs together, whatever is beside it.

The cells of a ruled table touch each other, so they are not such frames. Neither are the boxes of a
form, which contain one line or have one label beside them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ingest.loaders.pdf.page import Box, Rule, Word

_MOST_EDGES, _MOST = 400, 40
_NEAR = 2.5  # points between edges that are one, corners that meet
_ROUND = 20.0  # points of a rounded corner
_APART = 3.0  # points between two frames
_LEAST_HEIGHT, _LEAST_WIDTH = 20.0, 40.0  # points
_LEAST_LINES = 2
_SAME_LINE = 3.0


def frames_beside(words: Sequence[Word], rules: Sequence[Rule]) -> list[Box]:
    """Return the frames that contain lines beside other lines, none inside another."""
    found: list[Box] = []
    boxes = _apart(_closed(rules))
    for box in boxes:
        inside = [word for word in words if holds(box, word.box)]
        if _is_cell(box, rules) or _lines(inside) < _LEAST_LINES:
            continue
        if any(_crosses(box, word.box) for word in words):
            continue
        beside = [
            word
            for word in words
            if box[1] < (word.box[1] + word.box[3]) / 2 < box[3] and not holds(box, word.box)
        ]
        if _lines(beside) >= _LEAST_LINES:
            found.append(box)
    return found[:_MOST]


def holds(frame: Box, box: Box) -> bool:
    """Whether the middle of a box is inside a frame."""
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return frame[0] < across < frame[2] and frame[1] < down < frame[3]


def _closed(rules: Sequence[Rule]) -> list[Box]:
    """Return boxes that have an edge on all four sides, the highest first."""
    level = [r.box for r in rules if r.level and r.box[2] - r.box[0] >= _LEAST_WIDTH][:_MOST_EDGES]
    upright = [r.box for r in rules if not r.level and r.box[3] - r.box[1] >= _LEAST_HEIGHT]
    rows: dict[tuple[int, int], list[Box]] = defaultdict(list)
    for box in sorted(upright[:_MOST_EDGES]):
        rows[round(box[1] / _NEAR), round(box[3] / _NEAR)].append(box)
    found: set[Box] = set()
    for edges in rows.values():
        for one, other in pairwise(edges):
            top, bottom = min(one[1], other[1]), max(one[3], other[3])
            sides = (one[0], top, other[2], bottom)
            if sides[2] - sides[0] < _LEAST_WIDTH:
                continue
            upper = [y for line in level if (y := _edge(line, sides, top, -1)) is not None]
            lower = [y for line in level if (y := _edge(line, sides, bottom, 1)) is not None]
            if upper and lower:
                found.add((sides[0], max(upper), sides[2], min(lower)))
    return sorted(found, key=lambda box: (box[1] - box[3], box))


def _edge(line: Box, frame: Box, y: float, outwards: int) -> float | None:
    """Return where a line is the upper or lower edge of a frame, None if it is not.

    Rounded corners shorten the sides as much as the edge.
    """
    place = (line[1] + line[3]) / 2
    corner = (place - y) * outwards
    if not -_NEAR <= corner <= _ROUND:
        return None
    left, right = line[0] - frame[0] - corner, frame[2] - line[2] - corner
    return place if abs(left) <= _NEAR and abs(right) <= _NEAR else None


def _apart(boxes: Sequence[Box]) -> list[Box]:
    """Return outer boxes that touch no other one."""
    outer: list[Box] = []
    for box in boxes:
        if not any(_within(box, other) for other in outer):
            outer.append(box)
    return [
        box for box in outer if not any(other is not box and _touch(box, other) for other in outer)
    ]


def _within(box: Box, other: Box) -> bool:
    return (
        other[0] - _NEAR <= box[0]
        and box[2] <= other[2] + _NEAR
        and other[1] - _NEAR <= box[1]
        and box[3] <= other[3] + _NEAR
    )


def _touch(one: Box, other: Box) -> bool:
    return (
        one[0] < other[2] + _APART
        and other[0] < one[2] + _APART
        and one[1] < other[3] + _APART
        and other[1] < one[3] + _APART
    )


def _is_cell(frame: Box, rules: Sequence[Rule]) -> bool:
    """Whether lines continue from a frame, as they do from the cells of a table."""
    left, top, right, bottom = frame
    for rule in rules:
        x1, y1, x2, y2 = rule.box
        if rule.level and top - _NEAR <= y1 <= bottom + _NEAR:
            before, behind = x1 < left - _APART <= x2 + _NEAR, x1 - _NEAR <= right + _APART < x2
        elif not rule.level and left - _NEAR <= x1 <= right + _NEAR:
            before, behind = y1 < top - _APART <= y2 + _NEAR, y1 - _NEAR <= bottom + _APART < y2
        else:
            continue
        if before or behind:
            return True
    return False


def are_mixed(parts: Iterable[Iterable[Box]], frame: Box) -> bool:
    """Whether a part contains text both inside and outside a frame."""
    return any(len({holds(frame, box) for box in part}) > 1 for part in parts)


def _crosses(frame: Box, box: Box) -> bool:
    """Whether something crosses the left or the right edge of a frame."""
    down = (box[1] + box[3]) / 2
    return frame[1] < down < frame[3] and any(
        box[0] < edge - _NEAR and box[2] > edge + _NEAR for edge in (frame[0], frame[2])
    )


def _lines(words: Sequence[Word]) -> int:
    """Return the number of lines of words."""
    bases = sorted(word.box[3] for word in words)
    return bool(bases) + sum(b - a > _SAME_LINE for a, b in pairwise(bases))
