"""Finds the captions after check boxes and radio buttons."""

from __future__ import annotations

from ingest.loaders.pdf.page import Box
from ingest.loaders.pdf.placing.labels import asks
from ingest.loaders.pdf.placing.surroundings import ROUND, Surroundings, middle_of

_LINES = 0.9  # heights of the font between the lines of one caption
_MOST_LINES = 6


def caption_of(page: Surroundings, field: int, free: set[int]) -> tuple[int, ...]:
    """Return the words after a check box; empty if its caption is before it."""
    box = page.boxes[field]
    behind = page.behind(box, free)
    if behind is None:
        return ()
    before = page.before(box, free)
    if before is not None and not _caption_behind(page, field, before, behind, free):
        return ()
    return _whole_caption(page, box, behind, free)


def _caption_behind(
    page: Surroundings, field: int, before: int, behind: int, free: set[int]
) -> bool:
    """Return which of two words beside a box is its caption's: by the row, else by the gap."""
    if asks(page.words[before]):
        return True
    row = sorted(_row_of_ticks(page, field), key=lambda at: page.boxes[at][0])
    first = page.before(page.boxes[row[0]], free)
    last = page.behind(page.boxes[row[-1]], free)
    if (first is None) != (last is None):
        return first is None
    box = page.boxes[field]
    gaps = box[0] - page.words[before].box[2], page.words[behind].box[0] - box[2]
    return gaps[1] <= gaps[0] + 1


def _row_of_ticks(page: Surroundings, field: int) -> list[int]:
    middle = middle_of(page.boxes[field])
    return [
        at
        for at in {*page.fields_at(middle), field}
        if page.ticks[at] and page.boxes[at][1] <= middle <= page.boxes[at][3]
    ]


def _whole_caption(page: Surroundings, box: Box, first: int, free: set[int]) -> tuple[int, ...]:
    line = page.line_from(first, free)
    found = list(line)
    for _ in range(_MOST_LINES):
        above = page.words[found[-1]]
        nexts = [
            at
            for at in page.between(above.box[3] - 1, above.box[3] + 2 * above.size)
            if at in free
            and at not in found
            and abs(page.words[at].box[0] - page.words[first].box[0]) <= ROUND
            and -ROUND <= page.words[at].box[1] - above.box[3] <= _LINES * above.size
            and abs(page.words[at].size - above.size) <= 1
        ]
        if not nexts or _fields_left_of(page, page.words[nexts[0]].box, box):
            break
        found += page.line_from(nexts[0], free)
    return tuple(found)


def _fields_left_of(page: Surroundings, word: Box, box: Box) -> bool:
    """Whether a line has a field of its own before it: then it is another field's caption."""
    middle = middle_of(word)
    return any(
        page.boxes[at] != box
        and page.boxes[at][0] < word[2]
        and page.boxes[at][1] - ROUND <= middle <= page.boxes[at][3] + ROUND
        for at in page.fields_at(middle)
    )
