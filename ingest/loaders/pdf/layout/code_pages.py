"""Listings that continue over the end of a page: their indentation counts from one left edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from ingest.loaders.pdf.page import Block

_SAME_EDGE = 2.0  # points
_WHOLE = 0.2  # columns by which a shift may be off
_MOST_COLUMNS = 40

_Place = tuple[int, int]


def with_one_edge(pages: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Indent the parts of a listing by their distances from the leftmost one."""
    found = [list(blocks) for blocks in pages]
    for run in _runs(found):
        lefts = [_left(found, run, at) for at in range(len(run))]
        edge = min(lefts)
        for (page, at), left in zip(run, lefts, strict=True):
            block = found[page][at]
            columns = (left - edge) / _unit([found[p][n] for p, n in run])
            shift = round(columns)
            if not 0 < shift <= _MOST_COLUMNS or abs(columns - shift) > _WHOLE:
                continue
            lines = (
                replace(line, text=" " * shift + line.text) if line.text else line
                for line in block.lines
            )
            found[page][at] = replace(block, lines=tuple(lines))
    return found


def _runs(pages: Sequence[Sequence[Block]]) -> list[list[_Place]]:
    """Return the positions of the parts of listings that extend over several pages."""
    runs: list[list[_Place]] = []
    for page, (above, below) in enumerate(pairwise(pages)):
        if not above or not below or above[-1].kind != "code" or below[0].kind != "code":
            continue
        start = (page, len(above) - 1)
        if runs and runs[-1][-1] == start:
            runs[-1].append((page + 1, 0))
        else:
            runs.append([start, (page + 1, 0)])
    return runs


def _left(pages: Sequence[Sequence[Block]], run: Sequence[_Place], at: int) -> float:
    """Return the position of a part's column 0 if its page had the margin of the first."""
    page, number = run[at]
    left = _edge(pages[page][number])
    first, here = _margin(pages[run[0][0]]), _margin(pages[page])
    if first is not None and here is not None and abs(first - here) > _SAME_EDGE:
        return left - here + first  # books have other margins on left pages than on right ones
    return left


def _margin(blocks: Sequence[Block]) -> float | None:
    return min((block.box[0] for block in blocks if block.kind == "text"), default=None)


def _edge(block: Block) -> float:
    """Return the beginning of a line without indentation."""
    return min(line.box[0] for line in block.lines if line.text)


def _unit(blocks: Sequence[Block]) -> float:
    """Return the width of a column: from an indented line, else from most letters."""
    told = [
        (line.box[0] - _edge(block)) / blanks
        for block in blocks
        for line in block.lines
        for blanks in [len(line.text) - len(line.text.lstrip())]
        if line.text and blanks
    ]
    told = told or [
        (line.box[2] - line.box[0]) / len(line.text)
        for block in blocks
        for line in block.lines
        if line.text
    ]
    return max(median(told), 0.1)
