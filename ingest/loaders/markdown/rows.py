"""Keeps the cells of a Markdown table's row beyond the columns of its header.

The parser drops them, as GitHub does. So a stray "|" in a cell would lose words.
"""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block.table import escapedSplit
from markdown_it.rules_core import StateCore
from markdown_it.token import Token


def whole_rows(md: MarkdownIt) -> None:
    """Add the rule to a parser."""
    md.core.ruler.after("block", "whole_rows", _add_cells)


def _add_cells(state: StateCore) -> None:
    lines = state.src.split("\n")
    written: list[Token] = []
    row: list[Token] = []
    line = -1
    for token in state.tokens:
        if token.type == "tr_open":
            row, line = [], token.map[0] if token.map else -1
        elif token.type == "inline":
            row.append(token)
        elif token.type == "tr_close" and row and 0 <= line < len(lines):
            for cell in _left_out(lines[line], [each.content for each in row]):
                written += _cell(cell, row[-1])
        written.append(token)
    state.tokens = written


def _left_out(line: str, read: Sequence[str]) -> list[str]:
    """Return the cells of a row after those that the parser read.

    The row may have a "|" before its first cell, after the marks of a quote or an item.
    """
    cells = [cell.strip() for cell in escapedSplit(line.strip())]
    for before in (0, 1):
        first, *others = cells[before : before + len(read)] or [""]
        if first.endswith(read[0]) and others == list(read[1:]):
            rest = cells[before + len(read) :]
            return rest[:-1] if rest and not rest[-1] else rest
    return []


def _cell(content: str, before: Token) -> list[Token]:
    opened = Token("td_open", "td", 1, level=before.level - 1, block=True)
    closed = Token("td_close", "td", -1, level=before.level - 1, block=True)
    text = Token("inline", "", 0, level=before.level, map=before.map, content=content, children=[])
    text.block = True
    return [opened, text, closed]
