"""Paragraphs that continue at the top of the next column or page, after removing running titles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.layout.asides import behind_paragraph
from ingest.loaders.pdf.page import Block, PrintedLine
from ingest.loaders.printed_lines import LIST_ITEM, width

SAME_SIZE = 0.12
"""Share by which the heights of the two lines may differ."""

_LEAST_COLUMNS = 20
_SPACE = 0.25  # heights of the font
_CLOSE = 0.6  # heights of the font
_SAME_COLUMN = 3.0  # heights of the font, by which an indented line begins further in
_OPENERS = "\"'“‘«„([（「『《"
_CLOSERS = "\"'”’»)]）」』》"
_STOPS = ".!?…:;。！？：；؟۔।"
_HYPHENS = "-\u2010\u00ad"


def with_continued(pages: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Mark the last line of each block that continues in the next column or on the next page.

    So does a block whose lines become shorter or longer beside a box.
    """
    marked = [list(blocks) for blocks in pages]
    before: tuple[int, int] | None = None
    for number, blocks in enumerate(marked):
        for at, block in enumerate(blocks):
            if block.running:
                continue
            if before is not None and before[0] >= number - 1:
                above = marked[before[0]][before[1]]
                moved = before[0] < number or block.box[1] < above.lines[-1].box[1]
                close = not moved and _is_close(above, block)
                page = [above] if close else marked[before[0]]
                if (moved or close) and _goes_on(above, block, page):
                    last = replace(above.lines[-1], runs_on=True)
                    marked[before[0]][before[1]] = replace(above, lines=(*above.lines[:-1], last))
            before = (number, at)
    return _with_running_behind(marked)


def _with_running_behind(pages: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Move each header or footer inside a paragraph to the paragraph's end."""
    moved: list[list[Block]] = []
    waiting: list[Block] = []
    is_open = False
    for blocks in pages:
        moved.append([])
        for block in blocks:
            if block.running and is_open:
                waiting.append(block)
                continue
            ends = any(not line.runs_on for line in block.lines)
            if waiting and ends:
                moved[-1] += behind_paragraph([block], waiting)
                waiting = []
            else:
                moved[-1].append(block)
            is_open = block.lines[-1].runs_on
    if waiting:
        moved[-1] += waiting
    return moved


def _is_close(above: Block, below: Block) -> bool:
    """Whether a block of other width begins on the line below the last one of a block."""
    one, other = above.lines[-1], below.lines[0]
    white = other.box[1] - one.box[3]
    height = _height(one)
    ends = max(abs(above.box[0] - below.box[0]), abs(above.box[2] - below.box[2]))
    return abs(white) <= _CLOSE * height and ends > _SAME_COLUMN * height


def _goes_on(above: Block, below: Block, page: Sequence[Block]) -> bool:
    if above.kind != "text" or below.kind != "text":
        return False
    one, other = above.lines[-1], below.lines[0]
    small, large = sorted((_height(one), _height(other)))
    if large - small > SAME_SIZE * large or any(line.after or line.notes for line in above.lines):
        return False
    start = other.text.lstrip(_OPENERS + " ")[:1]
    if not _is_open(one.text) or not start.isalnum() or LIST_ITEM.match(other.text):
        return False
    if "\t" in other.text or not _is_full(above, other, page):
        return False
    # A heading may be at the top: a capital continues only inside two paragraphs.
    return start.islower() or (other.runs_on and _in_paragraph(above))


def _is_open(line: str) -> bool:
    """Whether a line is long enough for prose, and does not end a sentence."""
    bare = line.rstrip(_CLOSERS + " ")
    return "\t" not in bare and width(bare) >= _LEAST_COLUMNS and bare[-1] not in _STOPS


def _is_full(above: Block, other: PrintedLine, page: Sequence[Block]) -> bool:
    """Whether the next line's first word did not fit after the last line of its column."""
    one = above.lines[-1]
    if one.text[-1] in _HYPHENS:
        return True
    height = _height(one)
    right = max(
        block.box[2]
        for block in page
        if block.kind == "text" and abs(block.box[0] - above.box[0]) <= _SAME_COLUMN * height
    )
    word = other.text.split()[0] if other.text.isascii() else other.text.split()[0][:1]
    share = width(word) / max(width(other.text), 1)
    return right - one.box[2] < share * (other.box[2] - other.box[0]) + _SPACE * height


def _in_paragraph(block: Block) -> bool:
    """Whether the last line of a block continues the one above."""
    return len(block.lines) > 1 and block.lines[-2].runs_on


def _height(line: PrintedLine) -> float:
    return max(line.box[3] - line.box[1], 0.1)
