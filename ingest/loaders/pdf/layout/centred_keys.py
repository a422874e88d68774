"""Keys at half height beside a text of several lines: they come before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.layout.lines import Row
from ingest.loaders.pdf.page import Word

_LEAST, _MOST = 0.2, 0.8  # heights of the font from a key to the lines above and below it
_PITCH = 1.6  # heights of the font between lines of the text
_SAME_SIZE = 1.0  # points
_SAME_LEFT = 1.0  # points
_LONGEST = 6  # words
_MOST_LINES = 10  # above a key


def with_keys_first(rows: Sequence[Row]) -> list[Row]:
    """Return lines with each key that is between two lines beside it moved before the first one."""
    found = list(rows)
    at = 1
    while at < len(found) - 1:
        key = found[at]
        if not _is_between(found[at - 1], key, found[at + 1]):
            at += 1
            continue
        first = at - min(_reach(found, at, -1), _reach(found, at, 1))
        found[first] = Row((*_raised(key, found[first]), *found[first].words))
        del found[at]
    return found


def _raised(key: Row, line: Row) -> list[Word]:
    """Return the words of a key at the height of a line."""
    up = key.box[3] - line.box[3]
    found: list[Word] = []
    for word in key.words:
        left, top, right, bottom = word.box
        found.append(replace(word, box=(left, top - up, right, bottom - up)))
    return found


def _is_between(above: Row, key: Row, below: Row) -> bool:
    left = above.box[0]
    height = max(key.height, above.height)
    return (
        not key.backwards
        and not above.backwards
        and len(key.words) <= _LONGEST
        and any(c.isalpha() for word in key.words for c in word.text)
        and key.box[2] <= left
        and abs(below.box[0] - left) <= _SAME_LEFT
        and abs(above.size - key.size) <= _SAME_SIZE
        and abs(below.size - key.size) <= _SAME_SIZE
        and _LEAST * height <= _centre(key) - _centre(above) <= _MOST * height
        and _LEAST * height <= _centre(below) - _centre(key) <= _MOST * height
    )


def _reach(rows: Sequence[Row], at: int, step: int) -> int:
    """Return how many lines above or below a key belong to the text beside it."""
    count = 1
    near = rows[at + step]
    while count < _MOST_LINES and 0 <= (after := at + (count + 1) * step) < len(rows):
        far = rows[after]
        pitch = abs(_centre(far) - _centre(near))
        if abs(far.box[0] - near.box[0]) > _SAME_LEFT or pitch > _PITCH * near.height:
            break
        near = far
        count += 1
    return count


def _centre(row: Row) -> float:
    return (row.box[1] + row.box[3]) / 2
