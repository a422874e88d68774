"""Pages that print the same form: each keeps its own title.

A table over several pages is not a form: its names of columns may repeat on each page, and numbers
and units are at the same places, but its rows differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import islice, takewhile

from ingest.loaders.pdf.layout.edges import PageBlocks
from ingest.loaders.pdf.layout.page_numbers import SAME_PLACE
from ingest.loaders.pdf.page import Block
from ingest.loaders.pdf.tables.text import is_number

NEAR_PAGES = 2
"""Left and right pages have titles, and forms, of their own."""

_LINES = 3  # that two pages have in common at the same places, besides running ones
_SHARE = 0.25
_MOST_NAMES = 3  # rows of names at the top of a table

_Places = AbstractSet[tuple[int, int, int]]


def same_forms(pages: Sequence[PageBlocks | None], running: _Places) -> set[int]:
    """Return the pages that share more than running lines with a page nearby.

    ``running`` has the page, block and line of each of these.
    """
    blocks = [_without(page, number, running) for number, page in enumerate(pages)]
    cells = [_cells(each) for each in blocks]
    found: set[int] = set()
    for number, here in enumerate(cells):
        for other in range(number + 1, min(number + 1 + NEAR_PAGES, len(cells))):
            there = cells[other]
            if here & there and _may_go_on(blocks[number], blocks[other]):
                names = _names_again(blocks[number][-1], blocks[other][0])
                there = there - _cells(blocks[other][:1]) | _labels(blocks[other][0], names)
            common = len(here & there)
            if common >= max(_LINES, _SHARE * min(len(here), len(there))):
                found |= {number, other}
    return found


def _without(page: PageBlocks | None, number: int, running: _Places) -> list[Block]:
    """Return the blocks of a page that contain more than running lines."""
    found = []
    for at, block in enumerate(page.blocks if page is not None else ()):
        lines = [
            line for inner, line in enumerate(block.lines) if (number, at, inner) not in running
        ]
        if lines:
            found.append(Block(block.kind, tuple(lines), block.box))
    return found


def _cells(blocks: Sequence[Block]) -> set[tuple[str, int]]:
    """Return the texts of a page, and their heights."""
    return {
        (cell, round(line.box[3] / SAME_PLACE))
        for block in blocks
        for line in block.lines
        for cell in line.text.split("\t")
        if cell
    }


def _may_go_on(above: Sequence[Block], below: Sequence[Block]) -> bool:
    """Whether a page ends with a table and another begins with one."""
    return bool(above and below) and above[-1].kind == below[0].kind == "table"


def _names_again(above: Block, below: Block) -> int:
    """Count the rows of names at the beginning of both tables."""
    pairs = zip(above.lines, below.lines, strict=False)
    same = takewhile(lambda pair: pair[0].text == pair[1].text and "\t" in pair[0].text, pairs)
    return sum(1 for _ in islice(same, _MOST_NAMES))


def _labels(table: Block, names: int) -> set[tuple[str, int]]:
    """Return the cells of a table that may be labels of a form: single ones, no numbers."""
    rows = [(line.text.split("\t"), round(line.box[3] / SAME_PLACE)) for line in table.lines]
    said = Counter(cell for cells, _ in rows for cell in cells)
    return {
        (cell, height)
        for cells, height in rows[names:]
        for cell in cells
        if cell and said[cell] == 1 and not is_number(cell)
    }
