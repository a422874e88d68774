"""Headers, footers and page numbers: text that repeats at the edge of pages appears once.

Only lines at the very top or bottom of a page qualify, read from the edge inwards. They are at the
same height on several pages, in letters no larger than the text's, with more white around them than
the text has. The first occurrence of a running title stays, because its text may occur nowhere
else. Numbers of pages are removed, unless a file contains nothing else. In doubt a line stays.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import pairwise, takewhile

from ingest.loaders.pdf.layout.edges import PARTED, Edge, PageBlocks, edges_of
from ingest.loaders.pdf.layout.lines import around
from ingest.loaders.pdf.layout.page_numbers import (
    SAME_PLACE,
    folded,
    is_number,
    numbered,
    unnumbered,
)
from ingest.loaders.pdf.layout.same_forms import NEAR_PAGES, same_forms
from ingest.loaders.pdf.page import Block, PrintedLine

LARGEST = 1.15
"""Height of a running title, as a share of the usual height of the file's lines."""

LEAST_PAGES = 3
"""Distance in pages within which a title repeats."""

_CLOSE = 0.5  # white above a title that has more on most pages, in heights of its letters
_LEAST_PAGES_OF_LARGE = 4
_MOSTLY = 0.5
_NUMBER = re.compile(r"\d+")


def without_running(pages: Sequence[PageBlocks | None]) -> list[list[Block]]:
    """Return the blocks of each page without repeated lines; None is a page without blocks."""
    edges = [
        edge
        for number, page in enumerate(pages)
        if page is not None
        for at_top in (True, False)
        for edge in edges_of(number, page, at_top=at_top)
    ]
    counted = numbered(edges)
    titles = _titles(edges, counted, _usual_height(pages))
    running = _from_the_edge(edges, titles | counted, counted)
    forms = same_forms(pages, {(edge.page, *place) for edge in running for place in edge.lines})
    told = counted | {edge for edge in titles if edge.page not in forms}
    gone: dict[int, dict[tuple[int, int], str]] = defaultdict(dict)
    seen: set[str] = set()
    for edge in _from_the_edge(edges, told, counted):
        kept = _worth_keeping(unnumbered(edge.text) if edge in counted else edge.text, seen)
        for count, line in enumerate(edge.lines):
            gone[edge.page][line] = kept if count == 0 else ""
    rest = [
        [] if page is None else _remove(page.blocks, gone.get(number, {}))
        for number, page in enumerate(pages)
    ]
    # If nothing else is printed, it is the file's text.
    return rest if any(rest) else [[] if page is None else page.blocks for page in pages]


def _from_the_edge(
    edges: Sequence[Edge], told: AbstractSet[Edge], counted: AbstractSet[Edge]
) -> Iterator[Edge]:
    """Yield lines from the edge of each page inwards, up to white space before the text."""
    alike: dict[tuple[bool, str], list[Edge]] = defaultdict(list)
    places: dict[tuple[int, bool], list[Edge]] = defaultdict(list)
    for edge in edges:
        places[edge.page, edge.at_top].append(edge)
        if edge in told:
            alike[_alike(edge)].append(edge)
    parted = {words: _are_parted(group, counted) for words, group in alike.items()}
    for group in places.values():
        running = list(takewhile(told.__contains__, group))
        while running and not parted[_alike(running[-1])](running[-1]):
            running.pop()
        yield from running


def _are_parted(group: Sequence[Edge], counted: AbstractSet[Edge]) -> Callable[[Edge], bool]:
    """Return a test whether a line with these words is separated from the text.

    White space separates it on most of its pages. Some programs leave none: then its pages have
    numbers, and a paragraph follows.
    """
    if sum(edge.clear for edge in group) >= _MOSTLY * len(group):
        return lambda edge: edge.gap >= (PARTED if is_number(edge.text) else _CLOSE)
    pages = {edge.page for edge in counted}
    tight = sum(edge.prose and edge.page in pages for edge in group)
    mostly = len(group) >= LEAST_PAGES and tight > _MOSTLY * len(group)
    return lambda _: mostly


def _alike(edge: Edge) -> tuple[bool, str]:
    text = "#" if is_number(edge.text) else _NUMBER.sub("#", folded(edge.text))
    return edge.at_top, text


def _worth_keeping(text: str, seen: set[str]) -> str:
    """Return the part of a line to keep: its words at their first occurrence."""
    words = folded(text)
    if not any(c.isalpha() for c in words) or is_number(text) or words in seen:
        return ""
    seen.add(words)
    return text


def _titles(edges: Sequence[Edge], counted: set[Edge], usual: float) -> set[Edge]:
    """Return lines with the same text at the same place of pages near each other."""
    found: set[Edge] = set()
    said: dict[tuple[bool, str], list[Edge]] = defaultdict(list)
    for edge in edges:
        said[edge.at_top, edge.text].append(edge)
    pages = {edge.page for edge in edges}
    with_numbers = {edge.page for edge in counted}
    for group in said.values():
        for run in _runs(group):
            large = max(edge.height for edge in run) > LARGEST * usual
            needed = _LEAST_PAGES_OF_LARGE if large else LEAST_PAGES
            # Two pages share a line by chance; if they have numbers, it is a title.
            short = not large and len(pages) < LEAST_PAGES and pages == with_numbers
            if len(run) >= (len(pages) if short and len(pages) > 1 else needed):
                found.update(run)
    return found


def _runs(group: Sequence[Edge]) -> Iterator[list[Edge]]:
    """Split lines of one wording where no page nearby has it at the same height."""
    waiting = sorted(group, key=lambda edge: (edge.box[3], edge.page))
    starts = [
        at
        for at, (one, other) in enumerate(pairwise(waiting), 1)
        if other.box[3] - one.box[3] > SAME_PLACE
    ]
    for first, last in zip([0, *starts], [*starts, len(waiting)], strict=True):
        run: list[Edge] = []
        for edge in sorted(waiting[first:last], key=lambda edge: edge.page):
            if run and edge.page - run[-1].page > NEAR_PAGES:
                yield run
                run = []
            if not run or edge.page != run[-1].page:
                run.append(edge)
        yield run


def _usual_height(pages: Sequence[PageBlocks | None]) -> float:
    heights = sorted(
        line.box[3] - line.box[1]
        for page in pages
        if page is not None
        for block in page.blocks
        for line in block.lines
    )
    return heights[len(heights) // 2] if heights else 0.0


def _remove(blocks: Sequence[Block], gone: dict[tuple[int, int], str]) -> list[Block]:
    if not gone:
        return list(blocks)
    left: list[Block] = []
    for at, block in enumerate(blocks):
        parts: list[tuple[bool, list[PrintedLine]]] = []
        notes: list[str] = []
        for inner, line in enumerate(block.lines):
            stays = gone.get((at, inner))
            if stays == "":
                notes += line.notes  # a remark on one page's title does not repeat
                continue
            kept = line if stays is None else replace(line, text=stays, runs_on=False)
            if not parts or parts[-1][0] != bool(stays):
                parts.append((bool(stays), []))
            parts[-1][1].append(kept)
        left += [_part(block, lines, running=running) for running, lines in parts]
        left += [Block("text", (PrintedLine(note, block.box),), block.box) for note in notes]
    return left


def _part(block: Block, lines: Sequence[PrintedLine], *, running: bool) -> Block:
    if len(lines) == len(block.lines) and not running:
        return block
    kind = "text" if running else block.kind
    box = around(line.box for line in lines)
    return replace(block, lines=tuple(lines), box=box, kind=kind, running=running)
