"""Places insets in the text: addresses after their words, notes after their paragraph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.loaders.links import address_after, shows_address
from ingest.loaders.pdf.annotations.notes import said
from ingest.loaders.pdf.page import Block, Box, Inset, PrintedLine, Sheet, Word
from ingest.loaders.printed_lines import bare_letters, clean

_Place = tuple[int, int]
"""The index of a block in its page, and of a line in its block."""

MOST_COMPARED = 5_000_000
"""Most pairs of links or notes with lines or words to check; the rest goes to the end."""

_CERTAIN = 12  # letters: a shorter note may stand in any paragraph
_ALONG = 0.1  # weight of being beside a line, compared with above or below it
_LONG_LINE = 150.0  # points
_ROUND = 2.0


def settled(sheet: Sheet) -> Sheet:
    """Distinguish text typed on free paper from text typed over other text, which becomes a note.

    A duplicate that the page prints at the same place is removed.
    """
    insets: list[Inset] = []
    left = MOST_COMPARED
    for inset in sheet.insets:
        if inset.kind != "typed" or left < 0:
            insets.append(inset)
            continue
        left -= len(sheet.words)
        under = words_in(sheet.words, inset.box)
        if not under:
            insets.append(inset)
        elif bare_letters(inset.text) not in bare_letters("".join(word.text for word in under)):
            insets.append(replace(inset, kind="note"))
    return replace(sheet, insets=tuple(insets))


def place(blocks: Sequence[Block], sheet: Sheet) -> list[Block]:
    """Put a page's links and notes beside the words that they belong to."""
    links = [inset for inset in sheet.insets if inset.kind == "link"]
    notes = [inset for inset in sheet.insets if inset.kind == "note" and inset.text.strip()]
    lines = {
        (at, inner): line
        for at, block in enumerate(blocks)
        for inner, line in enumerate(block.lines)
    }
    most = MOST_COMPARED // (len(lines) + len(sheet.words) + 1)
    _place_links(lines, links[:most], sheet.words)
    alone = _place_notes(lines, blocks, notes[:most])
    placed: list[Block] = []
    for at, block in enumerate(blocks):
        kept = tuple(lines[at, inner] for inner in range(len(block.lines)))
        placed.append(replace(block, lines=kept))
        placed += alone.get(at, [])
    return [*placed, *alone.get(-1, []), *(_alone(said(note), note.box) for note in notes[most:])]


def words_in(words: Sequence[Word], box: Box) -> list[Word]:
    """Return the words with their middle inside a box."""
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
    """Write addresses after the lines with their words.

    A link over several lines has one box per line; all its words together are compared with its
    address. A link without words belongs to a picture: its address appears once on a page.
    """
    said_on_page: set[str] = set()
    told_at: dict[_Place, dict[str, None]] = {}

    def write(box: Box, word: str, after: str) -> None:
        at = _line_at(lines, box, word)
        if at is not None:
            told_at.setdefault(at, {})[after] = None

    bare: list[tuple[Inset, str]] = []
    for group in _one_by_one(links):
        address, box = group[-1].text, group[-1].box
        inside = [word for link in group for word in _touched(words, link.box)]
        told = " ".join(word.text for word in inside)
        after = address_after(told, address)
        if not inside:
            bare.append((group[-1], after))
            continue
        said_on_page.add(address)
        if after and not shows_address(told, address):
            write(box, inside[-1].text, after)
    for link, after in bare:
        if after and link.text not in said_on_page:
            said_on_page.add(link.text)
            write(link.box, "", after)
    for at, told_there in told_at.items():
        lines[at] = replace(lines[at], after="".join(told_there))


def _one_by_one(links: Sequence[Inset]) -> Iterator[list[Inset]]:
    """Yield the boxes of each link together: consecutive ones with the same address."""
    group: list[Inset] = []
    for link in links:
        if group and not (group[-1].text == link.text and _goes_on(group[-1].box, link.box)):
            yield group
            group = []
        group.append(link)
    if group:
        yield group


def _goes_on(one: Box, other: Box) -> bool:
    """Whether a link can continue from one box in another: on the next line, or after it."""
    height = max(one[3] - one[1], other[3] - other[1])
    if abs(other[1] - one[1]) < height / 2:
        return -_ROUND <= other[0] - one[2] <= height
    if not 0 < other[1] - one[1] <= 2 * height:
        return False
    if other[0] < one[0] - _ROUND:
        return True
    return other[0] <= one[0] + _ROUND and one[2] - one[0] >= _LONG_LINE and other[2] <= one[2] + 1


def _touched(words: Sequence[Word], box: Box) -> list[Word]:
    """Return the words that a link covers: a Chinese word is a line, of which it covers a part."""
    inside = words_in(words, box)
    if inside:
        return inside
    left, top, right, bottom = box
    return [
        word
        for word in words
        if word.box[0] < right - _ROUND
        and word.box[2] > left + _ROUND
        and top <= (word.box[1] + word.box[3]) / 2 <= bottom
    ]


def _place_notes(
    lines: dict[_Place, PrintedLine], blocks: Sequence[Block], notes: Sequence[Inset]
) -> dict[int, list[Block]]:
    """Write notes below their paragraphs; return those of tables and listings as blocks."""
    alone: dict[int, list[Block]] = {}
    for note in notes:
        at = _line_at(lines, note.box, "")
        if at is not None and _repeats(note, blocks[at[0]]):
            continue
        if at is not None and blocks[at[0]].kind == "text":
            kept = (*lines[at].notes, clean(said(note)))
            lines[at] = replace(lines[at], notes=kept)
            continue
        alone.setdefault(at[0] if at else -1, []).append(_alone(said(note), note.box))
    return alone


def _alone(text: str, box: Box) -> Block:
    return Block("text", tuple(PrintedLine(line, box) for line in clean(text).split("\n")), box)


def _repeats(note: Inset, block: Block) -> bool:
    """Whether a note only repeats words of its paragraph, as some programs write it."""
    text, around = bare_letters(note.text), "".join(line.text for line in block.lines)
    return len(text) >= _CERTAIN and text in bare_letters(around)


def _line_at(lines: dict[_Place, PrintedLine], box: Box, word: str) -> _Place | None:
    """Return the line of a box: the one under it, else the nearest."""
    best: _Place | None = None
    least = (True, float("inf"), float("inf"))
    middle = (box[1] + box[3]) / 2
    for at, line in lines.items():
        left, top, right, bottom = line.box
        down = max(top - middle, middle - bottom, 0.0)
        across = max(left - box[2], box[0] - right, 0.0)
        worth = (
            bool(word) and word not in line.text,
            down + _ALONG * across,
            abs(top + bottom - 2 * middle),
        )
        if best is None or worth < least:
            best, least = at, worth
    return best
