"""What a page's reading leaves out on purpose: the page's number, and lines that others repeat.

The loader drops both (``layout/running.py``) and keeps no record of it. They are known here by
where they stand, by the pages before and after, and by the reading, which has no such line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.loaders.page_pictures import Box, UnreadKind
from ingest.loaders.pdf.layout.edges import DEEPEST, MARGIN
from ingest.loaders.pdf.layout.page_numbers import is_number, unnumbered
from ingest.loaders.pdf.passage import Character, joined_lines, letters_of

NEAR = 2
"""Pages before and after that may repeat a line."""

_SAME_PLACE = 0.01  # of the page's height
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page and its box, in shares of the page."""

    box: Box
    text: str


def lines_of(characters: Sequence[Character]) -> list[Line]:
    """Return the lines of a page, in the file's order."""
    return [
        Line(box, "".join(characters[member].text for member in members))
        for box, members in joined_lines([character.box for character in characters])
    ]


def left_out(
    lines: Sequence[Line], others: Iterable[Sequence[Line]], reading: str
) -> dict[Line, UnreadKind]:
    """Return the lines of a page that are left out on purpose, each with what it is.

    Args:
        lines: of the page.
        others: the lines of pages near it.
        reading: the page's text as it was read.
    """
    said = {_letters(line) for line in reading.splitlines()} - {""}
    repeated = [line for each in others for line in _edges(each)]
    found: dict[Line, UnreadKind] = {}
    for line in _edges(lines):
        if _letters(line.text) in said:
            continue
        words = _letters(unnumbered(line.text))
        if is_number(line.text):
            found[line] = "number"
        elif any(_alike(line, other) for other in repeated) and not any(
            each.startswith(words) or each.endswith(words) for each in said
        ):
            found[line] = "repeated"
    return found


def _edges(lines: Sequence[Line]) -> list[Line]:
    """Return the outermost lines at the top and the bottom."""
    printed = [line for line in lines if line.text.strip()]
    at_top = [line for line in printed if _middle(line) <= MARGIN]
    at_bottom = [line for line in printed if _middle(line) >= 1 - MARGIN]
    at_top.sort(key=_middle)
    at_bottom.sort(key=_middle, reverse=True)
    return [*at_top[:DEEPEST], *at_bottom[:DEEPEST]]


def _alike(line: Line, other: Line) -> bool:
    return (
        abs(_middle(line) - _middle(other)) < _SAME_PLACE
        and _NUMBER.sub("#", line.text.strip()) == _NUMBER.sub("#", other.text.strip())
        and any(each.isalpha() for each in line.text)
    )


def _middle(line: Line) -> float:
    return (line.box[1] + line.box[3]) / 2


def _letters(text: str) -> str:
    return letters_of([text])[0]
