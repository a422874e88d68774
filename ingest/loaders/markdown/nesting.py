"""A limit for the nesting of Markdown, as a block rule for markdown-it.

The parser recurses for each quote, list and container inside another one. It drops the text beyond
its own limit of 20 levels. This rule sets another limit and keeps the text beyond it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

MAX_DEPTH = 100
"""Most levels read as markup: a quote counts one, a list two. Manuals use about ten. Each level
takes at most three of Python's 1,000 frames."""

_ROOM = 10  # a definition list opens several levels at once
_TOO_DEEP = "too_deep"
# Any number of quote signs and list markers at the start of a line.
_MARKERS = re.compile(r"(?:[>\s]|[-*+](?=\s)|\d{1,9}[.)](?=\s))+")


def deep_nesting(md: MarkdownIt) -> None:
    """Make ``md`` read :data:`MAX_DEPTH` levels, and deeper ones as plain paragraphs."""
    md.block.ruler.before("table", "too_deep", _rule)
    # The parser drops text at its own limit, so this rule has to come first.
    md.options["maxNesting"] = MAX_DEPTH + _ROOM


def lines_too_deep(env: Mapping[str, Any]) -> list[int]:
    """Return the lines that reached the limit, from 0, from the ``env`` of a parse."""
    found: list[int] = env.get(_TOO_DEEP, [])
    return found


def _rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    """Read everything in the container as paragraphs, without its markers."""
    if state.level < MAX_DEPTH:
        return False
    if silent:
        return True
    state.env.setdefault(_TOO_DEEP, []).append(start)
    line = start
    paragraph: list[str] = []
    while line < end and (line == start or _belongs(state, line)):
        text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
        marker = _MARKERS.match(text)
        text = text[marker.end() :] if marker else text
        if text:
            paragraph.append(text)
        else:
            _push(state, paragraph, line)
        line += 1
    _push(state, paragraph, line)
    state.line = line
    return True


def _belongs(state: StateBlock, line: int) -> bool:
    """Return whether a line is inside the container; lazy lines of paragraphs are negative."""
    return state.isEmpty(line) or state.sCount[line] < 0 or state.sCount[line] >= state.blkIndent


def _push(state: StateBlock, paragraph: list[str], end: int) -> None:
    if paragraph:
        state.push("paragraph_open", "p", 1).map = [end - len(paragraph), end]
        inline = state.push("inline", "", 0)
        inline.content = "\n".join(paragraph)
        inline.map = [end - len(paragraph), end]
        inline.children = []
        state.push("paragraph_close", "p", -1)
        paragraph.clear()
