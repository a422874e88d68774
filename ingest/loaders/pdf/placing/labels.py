"""Finds the printed labels beside, above or below form fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.pdf.placing.surroundings import (
    FARTHEST,
    ROUND,
    Surroundings,
    height_of,
    middle_of,
)

_BESIDE = 3.0  # heights of the font: such a near label is a field's own, whatever is above
_ABOVE = 1.3  # heights of the font between a field and the label above it or below it
_SENTENCE = 4  # words, from which a line that ends with a full stop is no label
_ASKS = re.compile("[:：?？]$")
_LETTER = re.compile(r"[^\W_]")

Side = Literal["before", "above", "below"]


@dataclass(frozen=True, slots=True)
class Label:
    """The last word of a label, its side of the field, and whether a rule separates them.

    ``heads`` means that it is above several fields, as a column's name is.
    """

    at: int
    side: Side
    ruled: bool = False
    heads: bool = False


def label_of(page: Surroundings, field: int, free: set[int]) -> Label | None:
    """Return the label of a field; ``free`` are the words that may be one."""
    box = page.boxes[field]
    before = page.before(box, free)
    if before is not None and page.gap(before, box) <= _BESIDE:
        return Label(before, "before", _parted(page, before, box))
    above = _across(page, box, free, above=True)
    if above is not None:
        return Label(
            above,
            "above",
            _ruled_off(page, page.words[above].box, box) and not asks(page.words[above]),
            heads=_another_below(page, field),
        )
    if before is not None:
        return Label(before, "before", _parted(page, before, box))
    below = _across(page, box, free, above=False)
    return Label(below, "below") if below is not None else None


def asks(word: Word) -> bool:
    """Whether a label's last word ends as questions do."""
    return _ASKS.search(word.text) is not None


def is_below_another(page: Surroundings, field: int) -> bool:
    """Whether another field is right above in the same column."""
    box = page.boxes[field]
    return any(
        other != field and 0 <= box[1] - page.boxes[other][3] + ROUND <= height_of(box)
        for other in page.in_column(box, box[1] - height_of(box), box[1])
    )


def _across(page: Surroundings, box: Box, free: set[int], *, above: bool) -> int | None:
    """Return the last word of the line of text right above or below a field."""
    reach = 2 * max(height_of(box), 12.0)
    span = (box[1] - reach, box[1] + 4) if above else (box[3] - 4, box[3] + reach)
    found = []
    for at in page.between(*span):
        word = page.words[at]
        gap = box[1] - word.box[3] if above else word.box[1] - box[3]
        if (
            at in free
            and word.box[0] < box[2]
            and word.box[2] > box[0] - ROUND
            and -0.4 * word.size <= gap <= _ABOVE * word.size
            and _LETTER.search(word.text)
        ):
            found.append((gap, at))
    if not found:
        return None
    least = min(found)[0]
    line = [at for gap, at in found if gap - least < ROUND]
    first = min(line, key=lambda at: page.words[at].box[0])
    if _fields_over(page, page.words[first].box, box, above=above):
        return None
    label = page.line_from(first, free)
    sentence = len(label) >= _SENTENCE and page.words[label[-1]].text.endswith((".", "。"))
    return None if sentence else label[-1]


def _fields_over(page: Surroundings, word: Box, box: Box, *, above: bool) -> bool:
    """Whether a label above has a field of its own beside it, or another field is nearer."""
    middle = middle_of(word)
    return any(
        page.boxes[at] != box
        and (page.boxes[at][0] >= word[2] - ROUND if above else page.boxes[at][0] < word[2])
        and page.boxes[at][0] - word[2] <= FARTHEST
        and page.boxes[at][1] - ROUND <= middle <= page.boxes[at][3] + ROUND
        for at in page.fields_at(middle)
    )


def _another_below(page: Surroundings, field: int) -> bool:
    box = page.boxes[field]
    below = page.in_column(box, box[3], box[3] + height_of(box))
    return any(
        other != field and -ROUND <= page.boxes[other][1] - box[3] <= height_of(box) / 2
        for other in below
    )


def _parted(page: Surroundings, label: int, box: Box) -> bool:
    """Whether label and field are in cells of a ruled table."""
    word = page.words[label].box
    middle = middle_of(word)
    crossing = [rule for rule in page.upright if rule[1] <= middle <= rule[3]]
    return any(word[2] - 1 <= rule[0] <= box[0] + ROUND for rule in crossing) and any(
        rule[2] <= word[0] for rule in crossing
    )


def _ruled_off(page: Surroundings, word: Box, box: Box) -> bool:
    """Whether a line of a table is between a label above and its field."""
    middle = (max(word[0], box[0]) + min(word[2], box[2])) / 2
    crossing = [rule for rule in page.level if rule[0] <= middle <= rule[2]]
    return any(word[3] - 1 <= rule[1] <= box[1] + ROUND for rule in crossing) and any(
        rule[3] <= word[1] + 1 for rule in crossing
    )
