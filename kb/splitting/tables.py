"""Finds the tables of a document, and the row that names their columns.

Each chunk of a divided table carries that row, because "52 | 124" means nothing without it. Loaders
mark the tables of Markdown and Word files. In pages and plain text a table is a run of lines that
are divided alike: by bars, tabs, commas, semicolons, or into words and at least two numbers.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kb.records import Document, Section, with_header

_BAR, _TAB, _NUMBERS = " | ", "\t", "numbers"
_CELLS = {_BAR: re.compile(r" *\| *"), _TAB: re.compile(r"\t")}
# The fewest lines of a run, including the header's: prose has commas, too, sometimes as many in
# each of two lines.
_FEWEST = {_BAR: 3, _TAB: 3, ";": 5, ",": 5, _NUMBERS: 6}
_FEWEST_CELLS = {_BAR: 2, _TAB: 2, ";": 2, ",": 3}
_LONGEST_LINE = 2000
_LONGEST_HEADER = 200  # characters, of rows without separators
# A page that continues a table may begin with a running title and a page number.
_LINES_BETWEEN = 2
_NUMBER = re.compile(r"[^\w\s]?(?=\S*\d)[\d.,:/%€$£¥°+\-−–—()'*]+")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_RULER = re.compile(r"[\s|+=:─-╿-]*[=─-╿-]{3}[\s|+=:─-╿-]*")
_DRAWN = re.compile(r"\s*\|.*\|.*\|\s*")
# Code, in places where a table would have its column names.
_NO_NAME = re.compile(r"[<>{}&]")
_SENTENCE_END = (".", "!", "?", "。", "！", "？", ":", "：")
_MORE = " …"


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a table below its header row."""

    start: int
    end: int
    header: str


class Headers:
    """The header rows that chunks carry, by their start.

    Args:
        document: the document with the tables.
        measure: measures a text in the units of chunk sizes.
        most: most units of a header row. A longer one keeps only its first cells.
    """

    def __init__(self, document: Document, measure: Callable[[str], int], most: int) -> None:
        self._measure = measure
        self._most = most
        self._tables = list(find_tables(document))
        self._starts = [table.start for table in self._tables]
        self._fitted: dict[str, tuple[str, int]] = {"": ("", 0)}

    def at(self, position: int) -> str:
        """Return the header row of a chunk that begins at ``position``; empty for none."""
        return self._at(position)[0]

    def units(self, position: int) -> int:
        """Return the units that the header row takes in a chunk that begins at ``position``."""
        return self._at(position)[1]

    def _at(self, position: int) -> tuple[str, int]:
        number = bisect_right(self._starts, position) - 1
        if number < 0 or position >= self._tables[number].end:
            return self._fitted[""]
        header = self._tables[number].header
        if header not in self._fitted:
            shorter, units = shortened(header, self._measure, self._most)
            self._fitted[header] = (shorter, units)
        return self._fitted[header]


def shortened(header: str, measure: Callable[[str], int], most: int) -> tuple[str, int]:
    """Return the first cells of a header row that fit into ``most`` units, and their size."""
    fitted = header
    while (units := measure(with_header(fitted, ""))) > most:
        whole = fitted.removesuffix(_MORE)
        if len(whole) <= 1:
            return "", 0
        kept = whole[: min(len(whole) - 1, len(whole) * most // units)]
        cut = max(map(kept.rfind, "|\t;,"))
        cut = cut if cut > 0 else kept.rfind(" ")
        fitted = kept[: cut if cut > 0 else None].rstrip(" |\t;,") + _MORE
    return fitted, units


def find_tables(document: Document) -> Iterator[Table]:
    """Yield a document's tables with header rows, in order."""
    text = document.text
    last: _Run | None = None
    above: Table | None = None
    for section in document.sections or (Section(start=0, end=len(text)),):
        if section.kind == "code":
            continue
        if section.kind == "table":
            above = _told(text, section, above)
            if above.header and above.start < above.end:
                yield above
            continue
        for run in _runs(text, section.start, section.end):
            if not run.header and last is not None and _goes_on(text, last, run):
                run.header, run.start = last.header, run.first
            if run.header:
                yield Table(run.start, run.end, run.header)
            last = run


def _told(text: str, section: Section, above: Table | None) -> Table:
    """Return a table that its loader marked: its first rows are its header, or it goes on."""
    if section.header_rows == 0:
        goes_on = above is not None and _is_rest(text, above, section)
        return Table(section.start, section.end, above.header if above and goes_on else "")
    end = section.start - 1
    for _ in range(section.header_rows):
        end = text.find("\n", end + 1, section.end)
        if end < 0:
            return Table(section.end, section.end, text[section.start : section.end])
    return Table(end + 1, section.end, text[section.start : end])


def _is_rest(text: str, above: Table, section: Section) -> bool:
    """Return whether a table without column names continues one on the page before."""
    first = text[section.start : section.end].partition("\n")[0]
    names = above.header.rpartition("\n")[2]
    lines = sum(bool(line.strip()) for line in text[above.end : section.start].split("\n"))
    return first.count(_TAB) == names.count(_TAB) > 0 and lines <= _LINES_BETWEEN


@dataclass(slots=True)
class _Run:
    """Lines divided alike; ``first`` is the start of the run, ``start`` that of its rows."""

    mark: str
    cells: int
    first: int
    start: int
    end: int
    lines: int = 1
    header: str = ""
    above: str = ""


def _runs(text: str, start: int, end: int) -> Iterator[_Run]:
    run: _Run | None = None
    above = ""
    at = start
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        line = text[at:stop] if stop - at <= _LONGEST_LINE else ""
        mark, cells = _divided(line)
        if run is not None and run.mark == _BAR and _RULER.fullmatch(line):
            run.end = stop
        elif run is not None and mark == run.mark and _belongs(run, cells):
            run.end = stop
            run.lines += 1
        else:
            if run is not None and _finished(text, run):
                yield run
            run = _Run(mark, cells, at, at, stop, above=above) if mark else None
        above = line
        at = stop + 1
    if run is not None and _finished(text, run):
        yield run


def _belongs(run: _Run, cells: int) -> bool:
    """Return whether a row belongs to the run; rows divided by bars and tabs may be shorter."""
    return cells <= run.cells if run.mark in _CELLS else cells == run.cells


def _divided(line: str) -> tuple[str, int]:
    """Return the separator of a line's cells and their number; empty and 0 for prose."""
    if _RULER.fullmatch(line):
        return "", 0
    if _BAR in line or _DRAWN.fullmatch(line):
        return _BAR, line.count("|") + 1
    if _TAB in line.strip():
        return _TAB, line.count(_TAB) + 1
    for mark in (";", ","):
        if line.count(mark) >= _FEWEST_CELLS[mark] - 1:
            cells = len(_fields(line, mark))
            if cells >= _FEWEST_CELLS[mark]:
                return mark, cells
    if len(line) <= _LONGEST_HEADER and not line.endswith(_SENTENCE_END):
        words = line.split()
        numbers = sum(_NUMBER.fullmatch(word) is not None for word in words)
        if numbers >= 2 and len(words) > 2:  # noqa: PLR2004 - a row that says something
            return _NUMBERS, numbers
    return "", 0


def _fields(line: str, mark: str) -> list[str]:
    if '"' not in line:
        return line.split(mark)
    try:
        return next(csv.reader([line], delimiter=mark, strict=True), [])
    except csv.Error:
        return []


def _finished(text: str, run: _Run) -> bool:
    """Find the header of a finished run; return whether the run is a table."""
    if run.mark == _NUMBERS:
        words = run.above.split() if len(run.above) <= _LONGEST_HEADER else []
        # A running title above the rows of the next page rarely has a word for each number.
        if len(words) > run.cells and _names(words):
            run.header = run.above
            run.lines += 1
        return run.lines >= _FEWEST[_NUMBERS] and not run.above.endswith(_SENTENCE_END)
    stop = text.find("\n", run.first, run.end)
    line = text[run.first : run.end if stop < 0 else stop]
    cells = _CELLS[run.mark].split(line) if run.mark in _CELLS else _fields(line, run.mark)
    if stop >= 0 and _names(cells) and (run.mark in _CELLS or not _NO_NAME.search(line)):
        run.header, run.start = line, stop + 1
    return run.lines >= _FEWEST[run.mark]


def _names(cells: list[str]) -> bool:
    """Return whether a row names columns: at least two names, and no numbers besides years."""
    told = [cell for each in cells if (cell := each.strip(" \"'"))]
    numbers = [cell for cell in told if _NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell)]
    return len(told) > 1 and not numbers


def _goes_on(text: str, last: _Run, run: _Run) -> bool:
    between = text[last.end : run.first]
    lines = sum(bool(line.strip()) for line in between.split("\n"))
    return last.mark == run.mark and last.cells == run.cells and lines <= _LINES_BETWEEN
