"""Lines from a name to its number, as in menus and price lists, as dots."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.loaders.pdf.page import Rule, Word
from ingest.loaders.pdf.tables.text import is_number

_FEWEST = 3
_MOST = 400
_NEAR = 1.2  # ems between a line's ends and the words beside it
_LONG = 2.0  # ems
_THIN = 2.0  # points
_LOW = 0.5  # share of a word's height, below which a line leads on from it
_DOTS = "....."


def with_leaders(words: Sequence[Word], rules: Sequence[Rule]) -> tuple[Word, ...]:
    """Return words with dots for each line between a name and a number."""
    level = [r for r in rules if r.level and r.box[3] - r.box[1] <= _THIN]
    if not _FEWEST <= len(level) <= _MOST:
        return tuple(words)
    found = [dots for rule in level if (dots := _dots(rule, words)) is not None]
    return (*words, *found) if len(found) >= _FEWEST else tuple(words)


def _dots(rule: Rule, words: Sequence[Word]) -> Word | None:
    left, top, right, bottom = rule.box
    place = (top + bottom) / 2
    beside = [
        word
        for word in words
        if word.box[1] + _LOW * (word.box[3] - word.box[1]) <= place <= word.box[3]
    ]
    name = max((w for w in beside if w.box[2] <= left + 1), key=lambda w: w.box[2], default=None)
    number = min((w for w in beside if w.box[0] >= right - 1), key=lambda w: w.box[0], default=None)
    if name is None or number is None or not is_number(number.text):
        return None
    near = _NEAR * name.size
    if left - name.box[2] > near or number.box[0] - right > near or right - left < near * _LONG:
        return None
    return Word(_DOTS, (left, name.box[1], right, name.box[3]), name.size, line=name.line)
