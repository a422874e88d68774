"""Headers, footers and page numbers: what repeats at the edge of pages is said once.

Only lines at the very top or bottom of a page can be meant, read from the edge inwards, at the same
height on several pages, in letters that are no larger than the text's. A page number counts up with
its page. The first occurrence of a running title stays, because it may say what stands nowhere
else; numbers of pages go. In doubt a line stays.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from ingest.loaders.pdf.page import Block, Box, PrintedLine

DEEPEST = 4
"""Lines at each edge of a page that are looked at."""

MARGIN = 0.25
"""Share of the page's height, at its top and bottom, in which such lines stand."""

LARGEST = 1.15
"""Height of a running title, as a share of the usual height of the file's lines."""

PARTED = 0.6
"""White between running lines and the text, in heights of their letters."""

MOST_NUMBERS = 8
"""Numbers of a line that are compared with the number of its page."""

_SAME_PLACE = 4.0  # points
_FIRST_PAGES = 30  # a number in a line counts pages if it is about that of the page
_NEAR_PAGES = 2  # left and right pages have titles of their own
_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]+", re.IGNORECASE)
_PAGE_WORD = re.compile(r"\b(?:page|seite|p\.|of|von)\b|/|[页頁]|第", re.IGNORECASE)
_OUTER_NUMBER = re.compile(r"^\d+\b\W*|\W*\b\d+(?:\W*(?:of|/)\W*\d+)?\W*$")
_BARE = re.compile(
    r"\W*(?:(?:page|p\.|seite|pagina|página|página|стр\.?|第|page no\.?)?\W*)"
    r"(?P<number>\d+|[ivxlc]+)\W*(?:(?:of|von|de|sur|di|из|/|共)?\W*\d*\W*(?:页|頁|ページ|쪽)?)\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PageBlocks:
    """The blocks of one page and the page's height in points."""

    blocks: list[Block]
    height: float


@dataclass(frozen=True, slots=True)
class _Edge:
    """One line at the edge of a page: where its parts stand in the blocks, and what it says.

    ``gap`` is the white between it and the next line inwards, in heights of its letters.
    """

    page: int
    depth: int
    at_top: bool
    text: str
    box: Box
    lines: tuple[tuple[int, int], ...]
    gap: float


def without_running(pages: Sequence[PageBlocks | None]) -> list[list[Block]]:
    """Return the blocks of each page without what repeats; None is a page without blocks."""
    edges = [
        edge
        for number, page in enumerate(pages)
        if page is not None
        for at_top in (True, False)
        for edge in _edges(number, page, at_top=at_top)
    ]
    usual = _usual_height(pages)
    numbered = _numbers(edges)
    told = numbered | _titles(edges, usual, sum(page is not None for page in pages))
    gone: dict[int, dict[tuple[int, int], str]] = defaultdict(dict)
    seen: set[str] = set()
    for edge in _from_the_edge(edges, told):
        kept = _worth_keeping(_unnumbered(edge.text) if edge in numbered else edge.text, seen)
        for count, line in enumerate(edge.lines):
            gone[edge.page][line] = kept if count == 0 else ""
    return [
        [] if page is None else _remove(page.blocks, gone.get(number, {}))
        for number, page in enumerate(pages)
    ]


def _from_the_edge(edges: Sequence[_Edge], told: set[_Edge]) -> Iterator[_Edge]:
    """Yield lines from the edge of each page inwards, up to white space that parts the text."""
    places: dict[tuple[int, bool], list[_Edge]] = defaultdict(list)
    for edge in edges:
        places[edge.page, edge.at_top].append(edge)
    for group in places.values():
        running = list(takewhile(told.__contains__, group))
        while running and running[-1].gap < PARTED:
            running.pop()
        yield from running


def _worth_keeping(text: str, seen: set[str]) -> str:
    """Return what stays of a line: its words where they are said for the first time."""
    words = _words(text)
    if not any(c.isalpha() for c in words) or _BARE.fullmatch(text) or words in seen:
        return ""
    seen.add(words)
    return text


def _unnumbered(text: str) -> str:
    """Return a line without the page's number."""
    cells = [cell for cell in text.split("\t") if not _BARE.fullmatch(cell)]
    if len(cells) == text.count("\t") + 1:
        return _OUTER_NUMBER.sub("", text).strip()
    return "\t".join(cells)


def _edges(number: int, page: PageBlocks, *, at_top: bool) -> list[_Edge]:
    """Return the lines at one edge of a page, the outermost first."""
    lines = [
        (line, (at, inner))
        for at, block in enumerate(page.blocks)
        if block.kind == "text"
        for inner, line in enumerate(block.lines)
        if line.text.strip()
    ]
    tables = [block.box for block in page.blocks if block.kind != "text"]
    lines.sort(key=lambda item: item[0].box[1] if at_top else -item[0].box[3])
    found: list[_Edge] = []
    at = 0
    while at < len(lines) and len(found) < DEEPEST:
        box = lines[at][0].box
        middle = (box[1] + box[3]) / 2
        share = middle / page.height if at_top else 1 - middle / page.height
        if share > MARGIN:
            break
        if any((t[1] < box[1] if at_top else t[3] > box[3]) for t in tables):
            break
        row = [lines[at]]
        at += 1
        while at < len(lines) and _beside(lines[at][0].box, box):
            row.append(lines[at])
            at += 1
        row.sort(key=lambda item: item[0].box[0])
        text = "\t".join(line.text.strip() for line, _ in row)
        places = tuple(place for _, place in row)
        others = list(tables)
        if at < len(lines):
            others.append(lines[at][0].box)
        gap = min((o[1] - box[3] if at_top else box[1] - o[3] for o in others), default=page.height)
        gap /= max(box[3] - box[1], 1.0)
        found.append(_Edge(number, len(found), at_top, text, box, places, gap))
    return found


def _beside(one: Box, other: Box) -> bool:
    common = min(one[3], other[3]) - max(one[1], other[1])
    return common > 0.5 * min(one[3] - one[1], other[3] - other[1])


def _numbers(edges: Sequence[_Edge]) -> set[_Edge]:
    """Return lines that are a page's number, with or without a title beside it."""
    found: set[_Edge] = set()
    counted: dict[tuple[bool, int, str, int], list[_Edge]] = defaultdict(list)
    for edge in edges:
        for value, rest in _readings(edge.text, at_top=edge.at_top):
            height = round(edge.box[3] / _SAME_PLACE)
            for near in (height, height + 1):
                counted[edge.at_top, near, rest, value - edge.page].append(edge)
    for (_, _, rest, offset), group in counted.items():
        pages = {edge.page for edge in group}
        sure = not rest or any("\t" in edge.text for edge in group)
        if len(pages) >= (2 if sure else 3) and (sure or abs(offset) <= _FIRST_PAGES):
            found.update(group)
    return found


def _readings(text: str, *, at_top: bool) -> list[tuple[int, str]]:
    """Return the numbers that a line may count its pages with, each with the words beside it."""
    bare = _BARE.fullmatch(text)
    if bare is not None:
        value = _value(bare["number"])
        return [(value, "")] if value else []
    found = []
    cells = text.split("\t")
    for at in {0, len(cells) - 1} if len(cells) > 1 else ():
        number = _BARE.fullmatch(cells[at])
        value = _value(number["number"]) if number else 0
        if value:
            found.append((value, _words("\t".join(cells[:at] + cells[at + 1 :]))))
    if not found and (not at_top or _PAGE_WORD.search(text)) and ":" not in text:
        # "Lesson 2" at the top of the second page is a heading, and "No. 2:" is what it holds.
        for match in islice(_NUMBER.finditer(text), MOST_NUMBERS):
            rest = _words(text[: match.start()] + "#" + text[match.end() :])
            found.append((_value(match[0]), rest))
    return found


def _value(number: str) -> int:
    if number.isdigit():
        return int(number) if len(number) < 6 else 0  # noqa: PLR2004 - no page's number
    digits = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
    values = [digits[c] for c in number.lower()]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-a if a < b else a for a, b in pairs)


def _titles(edges: Sequence[_Edge], usual: float, total: int) -> set[_Edge]:
    """Return lines that say the same at the same place of pages near each other."""
    found: set[_Edge] = set()
    said: dict[tuple[bool, str], list[_Edge]] = defaultdict(list)
    for edge in edges:
        if edge.box[3] - edge.box[1] <= LARGEST * usual or total > 3:  # noqa: PLR2004
            said[edge.at_top, _words(edge.text)].append(edge)
    for group in said.values():
        for edge in group:
            near = {
                other.page
                for other in group
                if other.page != edge.page
                and abs(other.page - edge.page) <= _NEAR_PAGES
                and abs(other.box[3] - edge.box[3]) <= _SAME_PLACE
                and other.text == edge.text
            }
            large = edge.box[3] - edge.box[1] > LARGEST * usual
            needed = 1 if total <= 3 else 2  # noqa: PLR2004
            if large:
                needed = 3
            if len(near) >= min(needed, max(total - 1, 1)):
                found.add(edge)
    return found


def _words(text: str) -> str:
    return " ".join(text.split()).casefold()


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
        kept: list[PrintedLine] = []
        for inner, line in enumerate(block.lines):
            stays = gone.get((at, inner))
            if stays is None:
                kept.append(line)
            elif stays:
                kept.append(replace(line, text=stays, runs_on=False))
        if kept:
            left.append(replace(block, lines=tuple(kept)))
    return left
