"""Pandoc's tables drawn with dashes or boxes, as a block rule for markdown-it.

CommonMark would read their rulers as headings and their indented rows as code. The rule turns each
table into one ``pandoc_table`` token with rows of ``cell | cell``.
"""

from __future__ import annotations

import re
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

MAX_LINES = 2_000

_COLUMNS = re.compile(r"^ *-{2,}(?: +-{2,})+ *$")
_FULL = re.compile(r"^ *-{5,} *$")
_GRID = re.compile(r"^ *\+(?:[-=:]+\+)+ *$")
_WIDE = ("W", "F")


def pandoc_tables(md: MarkdownIt) -> None:
    """Add the rule to ``md``, before the rules that would misread these tables."""
    md.block.ruler.before("table", "pandoc_table", _rule, {"alt": ["paragraph"]})


def _rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    first = _line(state, start)
    if not first.strip():
        return False
    last = _grid_end(state, start, end) if _GRID.match(first) else _dash_end(state, start, end)
    if last is None:
        return False
    if silent:
        return True
    lines = [_line(state, number) for number in range(start, last)]
    token = state.push("pandoc_table", "", 0)
    token.content = "\n".join(_grid_rows(lines) if _GRID.match(first) else _dash_rows(lines))
    token.map = [start, last]
    state.line = last
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] : state.eMarks[number]]


def _grid_end(state: StateBlock, start: int, end: int) -> int | None:
    number = start + 1
    while number < end and _line(state, number).lstrip().startswith(("|", "+")):
        number += 1
    return number if number - start > 2 and _GRID.match(_line(state, number - 1)) else None  # noqa: PLR2004 - two rulers and a row


def _dash_end(state: StateBlock, start: int, end: int) -> int | None:
    """Return the line after a simple, headerless or multiline table; None if there is none."""
    first = _line(state, start)
    second = _line(state, start + 1) if start + 1 < end else ""
    if _COLUMNS.match(first):
        return _closing(state, start + 1, end)
    if _FULL.match(first):
        for number in range(start + 1, min(end, start + 8)):
            line = _line(state, number)
            if not line.strip():
                return None
            if _COLUMNS.match(line):
                return _closing(state, number + 1, end)
        return None
    if _COLUMNS.match(second):
        number = start + 2
        while number < end and _line(state, number).strip():
            number += 1
        return number
    return None


def _closing(state: StateBlock, start: int, end: int) -> int | None:
    for number in range(start, min(end, start + MAX_LINES)):
        line = _line(state, number)
        closes = _FULL.match(line) or _COLUMNS.match(line)
        if closes and (number + 1 >= end or not _line(state, number + 1).strip()):
            return number + 1
        if line.startswith("#"):
            return None
    return None


def _dash_rows(lines: list[str]) -> list[str]:
    ruler = next(line for line in lines if _COLUMNS.match(line))
    starts = [match.start() for match in re.finditer("-+", ruler)]
    multiline = bool(_FULL.match(lines[0])) or any(not line.strip() for line in lines[1:-1])
    rows: list[str] = []
    gathered: list[list[str]] = []
    for line in [*lines, ""]:
        is_ruler = bool(_FULL.match(line) or _COLUMNS.match(line))
        if line.strip() and not is_ruler:
            gathered.append(_cells(line, starts))
        if gathered and (not multiline or is_ruler or not line.strip()):
            rows.append(_join(gathered))
            gathered = []
    return rows


def _cells(line: str, starts: list[int]) -> list[str]:
    """Cut a line at the beginnings of the ruler's columns, counting wide characters twice."""
    cells = [""] * len(starts)
    column = index = 0
    for char in line:
        # a cell may begin left of its dashes only after a gap: never cut inside a word
        while index + 1 < len(starts) and column >= starts[index + 1]:
            index += 1
        cells[index] += char
        column += 2 if unicodedata.east_asian_width(char) in _WIDE else 1
    return [cell.strip() for cell in cells]


def _grid_rows(lines: list[str]) -> list[str]:
    rows: list[str] = []
    gathered: list[list[str]] = []
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("+"):
            if gathered:
                rows.append(_join(gathered))
            gathered = []
        else:
            gathered.append([cell.strip() for cell in stripped.strip("|").split("|")])
    return rows


def _join(gathered: list[list[str]]) -> str:
    width = max(len(cells) for cells in gathered)
    columns = (
        " ".join(cells[index] for cells in gathered if index < len(cells) and cells[index])
        for index in range(width)
    )
    return " | ".join(columns).rstrip(" |")
