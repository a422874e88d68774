"""Text that a page prints over its pictures, and hidden text that stands for a picture's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.loaders.pdf.layout.lines import COLUMN_GAP, Row, row_of, rows_of
from ingest.loaders.pdf.pictures.regions import inside
from ingest.loaders.pdf.placing.filling import with_fields
from ingest.loaders.pdf.quality import GARBLED, measure
from ingest.loaders.pictures.lines import KnownLine

if TYPE_CHECKING:
    from ingest.loaders.pdf.page import Sheet, Word
    from ingest.loaders.pdf.pictures.page_objects import PageObjects
    from ingest.loaders.pdf.words.glyphs import Glyph

SIGNS = 0.5
"""Share of letters and digits in hidden text below which it is not the picture's text."""


def printed_lines(sheet: Sheet, hidden: Sequence[Glyph] = ()) -> list[KnownLine]:
    """Return the visible printed text of a page, line by line, with values of fields.

    Args:
        sheet: the page.
        hidden: its invisible letters.
    """
    wide, high = sheet.width, sheet.height
    found: list[KnownLine] = []
    for part in (sheet, *sheet.turned):
        words = part.words
        if hidden:
            seen = words_of(part)
            words = tuple(
                word for word, at in zip(words, seen, strict=True) if not is_hidden(at, hidden)
            )
        for row in _level(with_fields(words, part.insets)):
            left, top, right, bottom = part.turn.on_page(row.box) if part.turn else row.box
            found.append(
                KnownLine(
                    text=row.text(),
                    box=(left / wide, top / high, right / wide, bottom / high),
                    angle=part.turn.angle if part.turn else 0.0,
                )
            )
    return found


def words_of(part: Sheet) -> list[Word]:
    """Return the words of one direction with boxes on the visible page."""
    if part.turn is None:
        return list(part.words)
    return [replace(word, box=part.turn.on_page(word.box)) for word in part.words]


def hidden_letters(glyphs: Sequence[Glyph], objects: PageObjects) -> list[Glyph]:
    """Return the invisible letters of a page."""
    if not objects.layer:
        return []
    return [
        glyph
        for glyph in glyphs
        if glyph.text.strip()
        and (
            glyph.invisible
            or (
                any(inside(glyph.ink, box) for box in objects.layer)
                and not any(inside(glyph.ink, box) for box in objects.printed)
            )
        )
    ]


def readable(hidden: Sequence[Glyph]) -> int:
    """Count hidden letters; return 0 for nonsense."""
    text = "".join(glyph.text for glyph in hidden)
    written = sum(map(str.isalnum, text)) >= SIGNS * len(text)
    return len(hidden) if written and measure(text).doubt < GARBLED else 0


def is_hidden(word: Word, hidden: Sequence[Glyph]) -> bool:
    """Whether a word consists of invisible letters."""
    return any(glyph.text in word.text and inside(glyph.ink, word.box) for glyph in hidden)


def _level(words: Iterable[Word]) -> Iterator[Row]:
    """Yield lines of words, divided at wide gaps."""
    for row in rows_of(words):
        parts: list[list[Word]] = []
        for word in row.words:
            last = parts[-1][-1] if parts else None
            if last is None or abs(word.box[0] - last.box[2]) > COLUMN_GAP * row.height:
                parts.append([])
            parts[-1].append(word)
        for part in parts:
            yield row_of(part)
