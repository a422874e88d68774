"""Tables of contents and price lists with dots from a title to a number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.pdf.tables.text import (
    Line,
    around,
    cell_text,
    is_leader,
    is_number,
    lines_of,
)
from ingest.loaders.pdf.tables.value import Table

FEWEST_ENTRIES = 3
"""Least lines with dots of a table of contents."""

_DOTS = 4
_BLANK = 1.5  # ems before the number of an entry without dots
_AWAY = 3.2  # ems between two entries
_TAIL = re.compile(r"[.．·․‥…‧]{4,}(.*)|[.…]{3}(\d+$)")
_GLUED = re.compile(r"[.…]{3}(\d+)$")
_PAGE = re.compile(
    r"[ivxlcdmIVXLCDM]{1,7}|[A-Z]{0,3}[-–.]?\d{1,5}(?:[-–.]\d{1,4})*|[(（]?\d+[)）]?"
)
_NEXT_ENTRY = 0.8  # ems between a number and the title of another column
_MOST_LINES = 2  # of a title before the one with its number
_WRAPPED = 0.6  # of the width, that a line takes which goes on in the next
_NEXT = 1.6  # ems between two lines of one title
_NUMBERED = re.compile(r"[(（]?[A-Z]?\d|[ivx]+[.)]|第")
_EDGE = 6.0  # points by which the numbers' right edges may differ


@dataclass(slots=True)
class _Entry:
    line: Line
    first: Line
    title: list[int]
    page: list[int]
    dotted: bool
    right: float


def contents_of(words: Sequence[Word], free: Iterable[int]) -> Iterator[Table]:
    """Yield runs of lines with dots from a title to a number."""
    for part in _columns(words, list(free)):
        yield from _contents_of(words, part)


def _columns(words: Sequence[Word], chosen: list[int]) -> list[list[int]]:
    """Split words where lines have a second entry beside the first."""
    starts: list[float] = []
    ends: list[float] = []
    for line in lines_of(words, chosen):
        at = _second(words, line)
        if at is not None:
            ends.append(words[line.words[at - 1]].box[2])
            starts.append(words[line.words[at]].box[0])
    if len(starts) < FEWEST_ENTRIES:
        return [chosen]
    cut = (max(ends) + min(starts)) / 2
    crossing = sum(words[at].box[0] < cut < words[at].box[2] for at in chosen)
    if max(ends) >= min(starts) or crossing > len(starts) // FEWEST_ENTRIES:
        return [chosen]
    left = [at for at in chosen if words[at].box[0] + words[at].box[2] < 2 * cut]
    right = [at for at in chosen if words[at].box[0] + words[at].box[2] >= 2 * cut]
    return [*_columns(words, left), *_columns(words, right)]


def _second(words: Sequence[Word], line: Line) -> int | None:
    """Return the word that begins a line's second entry, None if there is none."""
    texts = [words[at].text for at in line.words]
    dots = [place for place in range(len(texts)) if _leads(texts, place)]
    for place, after in pairwise(dots):
        for at in range(place + 1, after):
            gap = _gap(words, line.words[at - 1], line.words[at])
            if gap >= _NEXT_ENTRY * line.size and texts[at - 1][-1:].isdigit():
                return at
    return None


def _contents_of(words: Sequence[Word], free: Iterable[int]) -> Iterator[Table]:
    run: list[_Entry] = []
    above: list[Line] = []  # lines that may be the beginning of the next entry's title
    for line in lines_of(words, free):
        entry = _entry(words, line)
        if entry is None and len(above) < _MOST_LINES:
            above.append(line)
            continue
        if entry is not None and above and _begins(words, above, entry):
            entry.title[:0] = [at for one in above for at in one.words]
            entry.first = above[0]
            above = []
        if run and (entry is None or above or not _follows(run, entry)):
            yield from _table(words, run)
            run = []
        above = [line] if entry is None else []
        if entry is not None:
            run.append(entry)
    yield from _table(words, run)


def _begins(words: Sequence[Word], above: Sequence[Line], entry: _Entry) -> bool:
    """Return whether lines begin a title that continues in an entry's line."""
    lines = [*above, entry.line]
    if not entry.dotted or _NUMBERED.match(words[entry.line.words[0]].text):
        return False
    left = min(words[line.words[0]].box[0] for line in lines)
    return all(
        words[line.words[-1]].box[2] >= left + _WRAPPED * (entry.right - left)
        and below.centre - line.centre <= _NEXT * line.size
        and not words[line.words[-1]].text.endswith((".", ":", "：", "。"))
        for line, below in pairwise(lines)
    )


def ends_in_leaders(text: str) -> bool:
    """Return whether a word is dots, or ends in dots or in dots with a number after them."""
    return is_leader(text) or _TAIL.search(text) is not None


def _entry(words: Sequence[Word], line: Line) -> _Entry | None:
    """Split a line into a title and a number; None if it lacks one."""
    texts = [words[at].text for at in line.words]
    dots = [place for place, text in enumerate(texts) if _leads(texts, place)]
    end = dots[-1] + 1 if dots else len(texts) - 1
    title, page = line.words[:end], line.words[end:]
    if dots:
        glued = _TAIL.search(texts[dots[-1]])
        parted = page or (glued is not None and (glued[1] or glued[2]))
        fits = dots[-1] - dots[0] + 1 == len(dots) and parted and not is_leader(texts[0])
    else:
        fits = bool(title) and _gap(words, title[-1], page[0]) >= _BLANK * line.size
    if not fits:
        return None
    text = cell_text(words, page) if page else ""
    if page and not (_PAGE.fullmatch(text) or is_number(text)):
        return None
    return _Entry(line, line, title, page, bool(dots), words[line.words[-1]].box[2])


def _gap(words: Sequence[Word], at: int, after: int) -> float:
    return words[after].box[0] - words[at].box[2]


def _leads(texts: Sequence[str], place: int) -> bool:
    text = texts[place]
    if len(text) >= _DOTS and (is_leader(text) or _TAIL.search(text) is not None):
        return True
    if not is_leader(text):
        return False
    first = last = place
    while first > 0 and is_leader(texts[first - 1]) and place - first < _DOTS:
        first -= 1
    while last + 1 < len(texts) and is_leader(texts[last + 1]) and last - place < _DOTS:
        last += 1
    return sum(map(len, texts[first : last + 1])) >= _DOTS or (text in "…‥" and len(text) > 0)


def _follows(run: Sequence[_Entry], entry: _Entry) -> bool:
    last = run[-1]
    near = entry.first.centre - last.line.centre <= _AWAY * max(entry.line.size, last.line.size)
    return near and abs(entry.right - last.right) <= _EDGE


def _table(words: Sequence[Word], run: Sequence[_Entry]) -> Iterator[Table]:
    if sum(entry.dotted for entry in run) < max(FEWEST_ENTRIES, len(run) // 3):
        return
    rows: list[tuple[str, str]] = []
    boxes: list[Box] = []
    taken: list[int] = []
    for entry in run:
        title = cell_text(words, entry.title)
        page = cell_text(words, entry.page)
        if not entry.page:
            title, _, page = _GLUED.sub(r" … \1", title).rpartition("…")
            title, page = f"{title}…", page.strip()
        rows.append((title, page))
        boxes.append(around(words, [*entry.title, *entry.page]))
        taken += [*entry.title, *entry.page]
    yield Table(around(words, taken), tuple(rows), tuple(boxes), frozenset(taken), 0)
