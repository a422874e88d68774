"""Names of columns printed sideways, above columns too narrow for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.layout.lines import Row, around, rows_of
from ingest.loaders.pdf.page import Box, Sheet, Word

_MOST_WORDS = 400  # sideways words above which the whole page is printed sideways
_MOST_HEADS = 40
_LEAST_HEADS, _LEAST_BELOW = 2, 2
_PITCH = 1.45  # heights of the font between two lines of one name
_ASIDE = 1.2  # heights of the font between the middle of a name and of what is below it
_FAR = 30.0  # heights of the font between a name and the last row that is looked at
_LONGEST = 6  # words of a name


def with_turned_heads(sheet: Sheet) -> Sheet:
    """Return a page with the names of columns among its upright words."""
    words = list(sheet.words)
    turned: list[Sheet] = []
    for other in sheet.turned:
        turn = other.turn
        if turn is None or not turn.along_an_edge or len(other.words) > _MOST_WORDS:
            turned.append(other)
            continue
        names = _names(rows_of(other.words))[:_MOST_HEADS]
        boxes = [turn.on_page(around(word.box for word in name)) for name in names]
        heads = [at for at, box in enumerate(boxes) if _is_head(box, names[at], boxes, sheet.words)]
        if len(heads) < _LEAST_HEADS:
            turned.append(other)
            continue
        taken = {id(word) for at in heads for word in names[at]}
        words += [_upright(names[at], boxes[at], sheet.words) for at in heads]
        rest = tuple(word for word in other.words if id(word) not in taken)
        if rest:
            turned.append(replace(other, words=rest))
    return replace(sheet, words=tuple(words), turned=tuple(turned))


def _names(rows: Sequence[Row]) -> list[list[Word]]:
    """Return the words of each name; it may have two lines."""
    found: list[list[Word]] = []
    above: Row | None = None
    for row in rows:
        near = (
            above is not None
            and row.box[3] - above.box[3] <= _PITCH * row.size
            and row.box[0] < above.box[2]
            and above.box[0] < row.box[2]
        )
        if near:
            found[-1] += row.words
        else:
            found.append(list(row.words))
        above = row
    return found


def _is_head(box: Box, name: Sequence[Word], boxes: Sequence[Box], words: Sequence[Word]) -> bool:
    """Whether a name is beside others, with words of a column below it."""
    size = name[0].size
    if len(name) > _LONGEST:
        return False
    beside = any(
        other is not box and min(other[3], box[3]) - max(other[1], box[1]) > (box[3] - box[1]) / 2
        for other in boxes
    )
    middle = (box[0] + box[2]) / 2
    below = [
        word
        for word in words
        if box[3] - size < word.box[1] < box[3] + _FAR * size
        and abs((word.box[0] + word.box[2]) / 2 - middle) <= _ASIDE * size
    ]
    return beside and len(below) >= _LEAST_BELOW


def _upright(name: Sequence[Word], box: Box, words: Sequence[Word]) -> Word:
    """Return a name as one upright word in its column, on the line of the others."""
    size = name[0].size
    level = [word.box for word in words if box[1] <= word.box[1] and word.box[3] <= box[3]]
    bottom = max((other[3] for other in level), default=box[3])
    text = " ".join(word.text for word in name)
    return Word(text, (box[0], bottom - size, box[2], bottom), size)
