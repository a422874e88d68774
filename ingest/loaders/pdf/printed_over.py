"""Lines that a page prints over its pictures, as OCR is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.loaders.pdf.filling import with_fields
from ingest.loaders.pdf.lines import COLUMN_GAP, Row, rows_of
from ingest.loaders.pdf.regions import inside
from ingest.loaders.picture_lines import KnownLine

if TYPE_CHECKING:
    from ingest.loaders.pdf.glyphs import Glyph
    from ingest.loaders.pdf.page import Sheet, Word


def printed_lines(sheet: Sheet, hidden: Sequence[Glyph] = ()) -> list[KnownLine]:
    """Return what a person sees printed on a page, line by line, with what is filled in.

    Args:
        sheet: the page.
        hidden: its letters that nobody sees.
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
    """Return the words of one direction with boxes on the page as it is seen."""
    if part.turn is None:
        return list(part.words)
    return [replace(word, box=part.turn.on_page(word.box)) for word in part.words]


def is_hidden(word: Word, hidden: Sequence[Glyph]) -> bool:
    """Whether a word is made of letters that nobody sees."""
    return any(glyph.text in word.text and inside(glyph.ink, word.box) for glyph in hidden)


def _level(words: Iterable[Word]) -> Iterator[Row]:
    """Yield the lines that words stand on, parted at wide gaps."""
    for row in rows_of(words):
        parts: list[list[Word]] = []
        for word in row.words:
            last = parts[-1][-1] if parts else None
            if last is None or abs(word.box[0] - last.box[2]) > COLUMN_GAP * row.height:
                parts.append([])
            parts[-1].append(word)
        for part in parts:
            yield Row(tuple(part))
