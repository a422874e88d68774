"""Where insets stand in the text: addresses after their words, notes after their paragraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from ingest.loaders.pdf.page import Block, Box, Inset, PrintedLine, Sheet, Word
from ingest.loaders.printed_lines import clean
from ingest.loaders.web_links import link_address

_Place = tuple[int, int]
"""A block's place in its page, and a line's in its block."""


def place(blocks: Sequence[Block], sheet: Sheet) -> list[Block]:
    """Put a page's links and notes beside the words that they belong to."""
    links = [inset for inset in sheet.insets if inset.kind == "link"]
    notes = [inset for inset in sheet.insets if inset.kind == "note" and inset.text.strip()]
    lines = {
        (at, inner): line
        for at, block in enumerate(blocks)
        for inner, line in enumerate(block.lines)
    }
    _place_links(lines, links, sheet.words)
    alone = _place_notes(lines, blocks, notes)
    placed: list[Block] = []
    for at, block in enumerate(blocks):
        kept = tuple(lines[at, inner] for inner in range(len(block.lines)))
        placed.append(replace(block, lines=kept))
        placed += alone.get(at, [])
    return [*placed, *alone.get(-1, [])]


def words_in(words: Sequence[Word], box: Box) -> list[Word]:
    """Return the words whose middle is inside a box."""
    left, top, right, bottom = box
    return [
        word
        for word in words
        if left <= (word.box[0] + word.box[2]) / 2 <= right
        and top <= (word.box[1] + word.box[3]) / 2 <= bottom
    ]


def _place_links(
    lines: dict[_Place, PrintedLine], links: Sequence[Inset], words: Sequence[Word]
) -> None:
    """Write addresses behind the lines that hold their words.

    A link over several lines has one box a line; its words are compared with its address as one.
    """
    for address, group in groupby(links, key=lambda link: link.text):
        found = [(link.box, words_in(words, link.box)) for link in group]
        told = [word.text for _, inside in found for word in inside]
        after = link_address(" ".join(told), address) if told else link_address("", address)
        if not after:
            continue
        box, inside = found[-1]
        at = _line_at(lines, box, inside[-1].text if inside else "")
        if at is not None and after not in lines[at].after:
            lines[at] = replace(lines[at], after=lines[at].after + after)


def _place_notes(
    lines: dict[_Place, PrintedLine], blocks: Sequence[Block], notes: Sequence[Inset]
) -> dict[int, list[Block]]:
    """Write notes below their paragraphs; return those of tables and listings as blocks."""
    alone: dict[int, list[Block]] = {}
    for note in notes:
        at = _line_at(lines, note.box, "")
        text = clean(note.text)
        if at is not None and blocks[at[0]].kind == "text":
            lines[at] = replace(lines[at], notes=(*lines[at].notes, text))
            continue
        told = tuple(PrintedLine(line, note.box) for line in text.split("\n"))
        alone.setdefault(at[0] if at else -1, []).append(Block("text", told, note.box))
    return alone


def _line_at(lines: dict[_Place, PrintedLine], box: Box, word: str) -> _Place | None:
    """Return the line that a box belongs to: the one it lies on, else the nearest."""
    best: _Place | None = None
    least = (True, float("inf"), float("inf"))
    for at, line in lines.items():
        left, top, right, bottom = line.box
        middle = (box[1] + box[3]) / 2
        down = max(top - middle, middle - bottom, 0.0)
        across = max(left - box[2], box[0] - right, 0.0)
        worth = (
            bool(word) and word not in line.text,
            down + across,
            abs(top + bottom - 2 * middle),
        )
        if best is None or worth < least:
            best, least = at, worth
    return best
