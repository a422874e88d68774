"""Forms with one box per letter, as for account numbers and dates: the value is a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from ingest.loaders.pdf.page import Box, Rule, Sheet, Word

_MOST_RULES, _MOST_WORDS = 2_000, 20_000  # of a page that are looked at
_ONE_ROW = 1.5  # points by which walls of one row of boxes may differ in height
_NARROWEST = 5.0  # points
_UNEQUAL = 0.08  # of a box's width
_BETWEEN = 0.6  # widths of a box that may lie between two of one row
_BROADEST, _HIGHEST = 2.6, 3.0  # heights of the font: larger boxes are cells
_FEWEST = 4  # letters
_SIGNS = "-./"
_TICKS = frozenset("xX")


class _Boxes(NamedTuple):
    """Adjacent boxes of equal width."""

    top: float
    bottom: float
    spans: tuple[tuple[float, float], ...]


def without_combs(sheet: Sheet) -> Sheet:
    """Return a page with letters in boxes of their own as words, without walls in them."""
    if len(sheet.rules) > _MOST_RULES or len(sheet.words) > _MOST_WORDS:
        return sheet
    words = list(sheet.words)
    walls: set[int] = set()
    for boxes in _rows_of_boxes(sheet.rules):
        inside = [word for word in words if _within(boxes, word.box)]
        joined = _joined(boxes, inside)
        if joined is None:
            continue
        gone = {id(word) for word in inside}
        at = next(at for at, word in enumerate(words) if id(word) in gone)
        words = [
            joined if n == at else w for n, w in enumerate(words) if n == at or id(w) not in gone
        ]
        walls.update(id(rule) for rule in sheet.rules if _is_inner(boxes, rule))
    if not walls:
        return sheet
    rules = tuple(rule for rule in sheet.rules if id(rule) not in walls)
    return replace(sheet, words=tuple(words), rules=rules)


def _rows_of_boxes(rules: Sequence[Rule]) -> Iterator[_Boxes]:
    """Yield rows of boxes that are wide enough for a letter, from walls of equal height."""
    upright = sorted((rule.box for rule in rules if not rule.level), key=lambda box: box[1])
    level: list[Box] = []
    for box in [*upright, None]:
        if level and (box is None or box[1] - level[0][1] > _ONE_ROW):
            for bottom in sorted({round(one[3]) for one in level}):
                same = [one for one in level if round(one[3]) == bottom]
                yield from _beside(same)
            level = []
        if box is not None:
            level.append(box)


def _beside(walls: Sequence[Box]) -> Iterator[_Boxes]:
    """Yield the adjacent boxes of each width between walls of equal height."""
    edges = sorted((box[0] + box[2]) / 2 for box in walls)
    by_width: list[list[tuple[float, float]]] = []
    for left, right in sorted(pairwise(edges), key=lambda span: span[1] - span[0]):
        wide = right - left
        if wide < _NARROWEST:
            continue
        if by_width and wide - (by_width[-1][0][1] - by_width[-1][0][0]) <= _UNEQUAL * wide:
            by_width[-1].append((left, right))
        else:
            by_width.append([(left, right)])
    for alike in by_width:
        near: list[tuple[float, float]] = []
        for left, right in [*sorted(alike), (float("inf"), float("inf"))]:
            if near and left - near[-1][1] > _BETWEEN * (near[-1][1] - near[-1][0]):
                if len(near) >= _FEWEST:
                    yield _Boxes(walls[0][1], walls[0][3], tuple(near))
                near = []
            near.append((left, right))


def _within(boxes: _Boxes, box: Box) -> bool:
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return boxes.spans[0][0] < across < boxes.spans[-1][1] and boxes.top < down < boxes.bottom


def _is_inner(boxes: _Boxes, rule: Rule) -> bool:
    """Return whether a wall separates two of the boxes."""
    left, top, right, bottom = rule.box
    across = (left + right) / 2
    return (
        not rule.level
        and boxes.spans[0][0] + 1 < across < boxes.spans[-1][1] - 1
        and top >= boxes.top - _ONE_ROW
        and bottom <= boxes.bottom + _ONE_ROW
    )


def _joined(boxes: _Boxes, inside: Sequence[Word]) -> Word | None:
    """Return the word of letters in boxes, None if they are not such letters."""
    if len(inside) < _FEWEST or any(len(word.text) != 1 for word in inside):
        return None
    size = max(word.size for word in inside)
    first = boxes.spans[0]
    if first[1] - first[0] > _BROADEST * size or boxes.bottom - boxes.top > _HIGHEST * size:
        return None
    letters: dict[int, Word] = {}
    for word in inside:
        middle = (word.box[0] + word.box[2]) / 2
        at = next((n for n, (left, right) in enumerate(boxes.spans) if left < middle < right), None)
        if at is None or at in letters:
            return None
        letters[at] = word
    places = sorted(letters)
    text = "".join(
        letters[at].text if at in letters else " " for at in range(places[0], places[-1] + 1)
    )
    if not _is_value(text):
        return None
    box = (
        letters[places[0]].box[0],
        min(word.box[1] for word in inside),
        letters[places[-1]].box[2],
        max(word.box[3] for word in inside),
    )
    return replace(letters[places[0]], text=" ".join(text.split()), box=box)


def _is_value(text: str) -> bool:
    """Return whether letters are written in boxes, unlike letters that count or tick them."""
    told = text.replace(" ", "")
    if not all(sign.isalnum() or sign in _SIGNS for sign in told) or set(told) <= _TICKS:
        return False
    return any(ord(other) - ord(one) != 1 for one, other in pairwise(told))
