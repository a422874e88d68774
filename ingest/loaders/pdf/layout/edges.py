"""The lines at the top and the bottom of each page, the places of headers, footers and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.loaders.pdf.page import Block, Box, PrintedLine

DEEPEST = 4
"""Lines at each edge of a page to check."""

MARGIN = 0.25
"""Share of the page's height, at its top and bottom, that contains such lines."""

PARTED = 0.6
"""White between running lines and the text, in heights of their letters."""

_WIDER = 1.2  # than the white between the next two lines of text

_Line = tuple[PrintedLine, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class PageBlocks:
    """The blocks of one page and the page's height in points."""

    blocks: list[Block]
    height: float


@dataclass(frozen=True, slots=True)
class Edge:
    """One line at the edge of a page: the places of its parts in the blocks, and its text.

    ``gap`` is the white between it and the next line inwards, in heights of its letters. ``clear``
    means that this white is wider than the next white inwards: a list or a form has equal gaps.
    ``prose`` means that the next line inwards belongs to a paragraph of several lines.
    """

    page: int
    depth: int
    at_top: bool
    text: str
    box: Box
    lines: tuple[tuple[int, int], ...]
    gap: float
    clear: bool
    prose: bool

    @property
    def height(self) -> float:
        """The height of its letters, never 0."""
        return max(self.box[3] - self.box[1], 1.0)


def edges_of(number: int, page: PageBlocks, *, at_top: bool) -> list[Edge]:
    """Return the lines at one edge of a page, the outermost first; tables end them."""
    rows = _rows(page.blocks, at_top=at_top)
    tables = [block.box for block in page.blocks if not _may_be_edge(block)]
    found: list[Edge] = []
    for at, row in enumerate(rows[:DEEPEST]):
        box = row[0][0].box
        share = (box[1] + box[3]) / 2 / page.height
        if (share if at_top else 1 - share) > MARGIN:
            break
        if any((t[1] < box[1] if at_top else t[3] > box[3]) for t in tables):
            break
        inwards = [r[0][0].box for r in rows[at + 1 : at + 3]]
        gap = min(
            (_white(box, other, at_top=at_top) for other in [*tables, *inwards[:1]]),
            default=page.height,
        )
        further = _white(*inwards, at_top=at_top) if len(inwards) > 1 else 0.0
        row.sort(key=lambda item: item[0].box[0])
        height = max(box[3] - box[1], 1.0)
        found.append(
            Edge(
                page=number,
                depth=len(found),
                at_top=at_top,
                text="\t".join(line.text.strip() for line, _ in row),
                box=box,
                lines=tuple(place for _, place in row),
                gap=gap / height,
                clear=gap > max(PARTED * height, _WIDER * further),
                prose=at + 1 < len(rows) and _is_prose(rows[at + 1], page.blocks),
            )
        )
    return found


def _rows(blocks: Sequence[Block], *, at_top: bool) -> list[list[_Line]]:
    """Return the lines of text from one edge inwards, those side by side together."""
    lines = [
        (line, (at, inner))
        for at, block in enumerate(blocks)
        if _may_be_edge(block)
        for inner, line in enumerate(block.lines)
        if line.text.strip()
    ]
    lines.sort(key=lambda item: item[0].box[1] if at_top else -item[0].box[3])
    rows: list[list[_Line]] = []
    for line in lines:
        if len(rows) > DEEPEST + 2:
            break
        if rows and _beside(line[0].box, rows[-1][0][0].box):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _may_be_edge(block: Block) -> bool:
    """Whether a block may be a running line: footers of slides may be in boxes, like rows."""
    return block.kind == "text" or (block.kind == "table" and len(block.lines) == 1)


def _is_prose(row: Sequence[_Line], blocks: Sequence[Block]) -> bool:
    line, (at, inner) = row[0]
    return line.runs_on or (inner > 0 and blocks[at].lines[inner - 1].runs_on)


def _white(outer: Box, inner: Box, *, at_top: bool) -> float:
    return inner[1] - outer[3] if at_top else outer[1] - inner[3]


def _beside(one: Box, other: Box) -> bool:
    common = min(one[3], other[3]) - max(one[1], other[1])
    return common > 0.5 * min(one[3] - one[1], other[3] - other[1])
