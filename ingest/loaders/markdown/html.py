"""A rule for markdown-it: an HTML block without an end is not a block.

By CommonMark, ``<script>`` or ``<!--`` at the start of a line extends to the end of the file, and a
browser shows nothing of it. But an author who writes "<script> is run first" means a word.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.html_block import html_block

# Beginnings of blocks that do not end with a blank line, and their ends.
_ENDED = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?=\s|>|$)", re.IGNORECASE),
        re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE),
    ),
    (re.compile(r"<!--"), re.compile("-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Z]"), re.compile(">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
)
_ENDLESS = "endless_html"


def ended_html(md: MarkdownIt) -> None:
    """Make ``md`` read HTML blocks only if they end."""
    md.block.ruler.at("html_block", _rule, {"alt": ["paragraph", "reference", "blockquote"]})


def _rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    return not _is_endless(state, start, end) and html_block(state, start, end, silent)


def _is_endless(state: StateBlock, start: int, end: int) -> bool:
    at = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith("<", at):
        return False
    for number, (begin, ends) in enumerate(_ENDED):
        if begin.match(state.src, at):
            stop = state.eMarks[end - 1]
            # Without an end after one line there is none after a later line.
            known: dict[tuple[int, int], int] = state.env.setdefault(_ENDLESS, {})
            if at >= known.get((number, stop), stop + 1):
                return True
            if ends.search(state.src, at, stop) is None:
                known[number, stop] = at
                return True
            return False
    return False
