"""Combines the text of a page: upright text, and text in other directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.fonts.glyph_names import without_names
from ingest.loaders.pdf.fonts.hidden import joined_places, read_hidden
from ingest.loaders.pdf.page import Block, Box, Inset, PrintedLine, Rule, Sheet
from ingest.loaders.pdf.turning import Turn
from ingest.loaders.pdf.words.chains import words_in_frame
from ingest.loaders.pdf.words.exponents import with_exponents
from ingest.loaders.pdf.words.frames import frames_of
from ingest.loaders.pdf.words.glyphs import Glyphs
from ingest.loaders.pdf.words.initials import with_initials


def sheet_of(page: Glyphs, rules: Sequence[Rule], insets: Sequence[Inset]) -> Sheet:
    """Return the sheet of a page; rules and insets are given on the visible page."""
    read, known, signs = read_hidden(page)
    places = list(known)
    hidden = _count(page) - _count(read) - signs if places else 0
    upright = Sheet(page.width, page.height, (), tuple(rules), tuple(insets))
    turned: list[Sheet] = []
    for frame in frames_of(read):
        read_words = with_initials(words_in_frame(frame, read))
        words, named = without_names(with_exponents(read_words))
        if named:
            places += joined_places(map(frame.turn.on_page, named))
            hidden += len(named)
        if not frame.turn.angle:
            near = tuple(word for word in words if _is_near(word.box, page.width, page.height))
            upright = replace(upright, words=near)
        elif words:
            held = _held(rules, frame.turn)
            width, height = frame.turn.width, frame.turn.height
            turned.append(Sheet(width, height, tuple(words), held, turn=frame.turn))
    upright = replace(
        upright, unreadable=tuple(places), hidden=hidden, signs=signs, unseen=page.unseen
    )
    if not turned:
        return upright
    return _with_insets(replace(upright, insets=()), turned, insets)


def _is_near(box: Box, width: float, height: float) -> bool:
    """Whether an item is at most a page's size away from the page; hidden text is further away."""
    left, top, right, bottom = box
    return -width < right and left < 2 * width and -height < bottom and top < 2 * height


def _count(page: Glyphs) -> int:
    return sum(glyph.font >= 0 and not glyph.text.isspace() for glyph in page.glyphs)


def as_seen(blocks: Sequence[Block], turn: Turn) -> list[Block]:
    """Return blocks of a turned page with boxes on the visible page."""
    return [
        replace(
            block,
            box=turn.on_page(block.box),
            lines=tuple(_line_as_seen(line, turn) for line in block.lines),
        )
        for block in blocks
    ]


def in_order(parts: Sequence[list[Block]]) -> list[Block]:
    """Return the blocks of all directions: those above the main text, the main text, the rest."""
    full = sorted((part for part in parts if part), key=_letters, reverse=True)
    if len(full) <= 1:
        return full[0] if full else []
    top = min(block.box[1] for block in full[0])
    others = [block for part in full[1:] for block in part]
    before = [block for block in others if block.box[3] <= top]
    return [*before, *full[0], *(block for block in others if block.box[3] > top)]


def _letters(blocks: Sequence[Block]) -> int:
    return sum(len(line.text) for block in blocks for line in block.lines)


def _held(rules: Sequence[Rule], turn: Turn) -> tuple[Rule, ...]:
    if not turn.along_an_edge:
        return ()
    return tuple(Rule(turn.from_page(rule.box)) for rule in rules)


def _with_insets(upright: Sheet, turned: Sequence[Sheet], insets: Sequence[Inset]) -> Sheet:
    """Give each inset to the text beside it; in doubt to the upright text."""
    mine: list[Inset] = []
    theirs: list[list[Inset]] = [[] for _ in turned]
    held = [
        (at, sheet, sheet.turn)
        for at, sheet in enumerate(turned)
        if sheet.turn is not None and sheet.turn.along_an_edge
    ]
    for inset in insets:
        most = _inside(upright, inset.box) if upright.words or not held else -1
        best: tuple[int, Box] | None = None
        for at, sheet, turn in held:
            box = turn.from_page(inset.box)
            count = _inside(sheet, box)
            if count > most:
                most, best = count, (at, box)
        if best is None:
            mine.append(inset)
        else:
            theirs[best[0]].append(replace(inset, box=best[1]))
    return replace(
        upright,
        insets=tuple(mine),
        turned=tuple(
            replace(sheet, insets=tuple(more)) for sheet, more in zip(turned, theirs, strict=True)
        ),
    )


def _inside(sheet: Sheet, box: Box) -> int:
    left, top, right, bottom = box
    return sum(
        word.box[0] < right and left < word.box[2] and word.box[1] < bottom and top < word.box[3]
        for word in sheet.words
    )


def _line_as_seen(line: PrintedLine, turn: Turn) -> PrintedLine:
    return replace(line, box=turn.on_page(line.box))
