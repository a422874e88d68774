"""Rows of a table that a page break divides: the rest on the next page joins their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ingest.loaders.pdf.page import Block
from ingest.loaders.pdf.tables.text import is_number, joined

_SAME_EDGE = 8.0  # points
_FEWEST_ROWS = 3  # that show which cells every row has


def with_rows_whole(pages: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Join the rest of a divided row, at the top of a page, to the last row of the page before."""
    found = [list(blocks) for blocks in pages]
    for above, below in pairwise(found):
        last = next((at for at in reversed(range(len(above))) if not above[at].running), None)
        first = next((at for at, block in enumerate(below) if not block.running), None)
        if last is None or first is None:
            continue
        parts = _joined(above[last], below[first])
        if parts is not None:
            above[last], rest = parts
            below[first : first + 1] = [rest] if rest.lines else []
    return found


def _joined(above: Block, below: Block) -> tuple[Block, Block] | None:
    """Return both tables with the divided row joined; None if no row is divided."""
    if (above.kind, below.kind) != ("table", "table"):
        return None
    heads = _heads(above, below)
    rows = [line.text.split("\t") for line in above.lines]
    more = [line.text.split("\t") for line in below.lines]
    if (
        heads >= len(more)
        or len(rows[-1]) != len(more[heads])
        or abs(above.box[0] - below.box[0]) > _SAME_EDGE
        or not _is_rest(rows[-1], more[heads], [*rows[above.header_rows :], *more[heads + 1 :]])
    ):
        return None
    whole = [joined(one, rest) for one, rest in zip(rows[-1], more[heads], strict=True)]
    end = replace(above.lines[-1], text="\t".join(whole))
    left = (*below.lines[:heads], *below.lines[heads + 1 :])
    if len(left) == heads:
        left = ()  # names of columns without rows
    return (
        replace(above, lines=(*above.lines[:-1], end)),
        replace(below, lines=left, header_rows=heads),
    )


def _heads(above: Block, below: Block) -> int:
    """Count the rows of names that repeat at the top of the page."""
    names = [line.text for line in above.lines[: above.header_rows]]
    return len(names) if names and [line.text for line in below.lines[: len(names)]] == names else 0


def _is_rest(last: Sequence[str], row: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Return whether a row continues the last one: it lacks a cell that all others have."""
    filled = [at for at, cell in enumerate(row) if cell]
    others = [other for other in others if len(other) == len(row)]
    lacks = any(all(other[at] for other in others) for at, cell in enumerate(row) if not cell)
    return (
        len(others) >= _FEWEST_ROWS
        and lacks
        and all(last[at] and not is_number(row[at]) and row[at][0].islower() for at in filled)
    )
