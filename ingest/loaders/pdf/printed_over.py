"""Lines that a page prints over its pictures, as OCR is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ingest.loaders.pdf.lines import COLUMN_GAP, Row, around, rows_of
from ingest.loaders.pdf.regions import inside
from ingest.loaders.picture_lines import KnownLine

if TYPE_CHECKING:
    from ingest.loaders.pdf.glyphs import Glyph
    from ingest.loaders.pdf.page import Box, Word

_LEVEL = 2.0  # degrees that a level line may rise


def printed_lines(
    words: Iterable[Word], glyphs: Sequence[Glyph], width: float, height: float
) -> list[KnownLine]:
    """Return what is printed on a page, line by line, in fractions of the page.

    Args:
        words: those that a person sees.
        glyphs: likewise; those of turned lines are read from here.
        width: of the page.
        height: likewise.
    """
    turned = list(_turned(glyphs))
    level = [
        word
        for word in words
        if not any(inside(word.box, box) and _bare(word.text) in _bare(t) for t, box, _ in turned)
    ]
    found = [(line.text(), line.box, 0.0) for line in _level(level)]
    return [
        KnownLine(
            text=text,
            box=(box[0] / width, box[1] / height, box[2] / width, box[3] / height),
            angle=angle,
        )
        for text, box, angle in (*found, *turned)
    ]


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


def _turned(glyphs: Sequence[Glyph]) -> Iterator[tuple[str, Box, float]]:
    """Yield the text, box and angle of each line that is not level."""
    sloping = (g for g in glyphs if _LEVEL < g.angle < 360 - _LEVEL and g.text.isprintable())
    for (angle, _), run in groupby(sloping, key=lambda g: (round(g.angle), g.drawn)):
        line = list(run)
        text = " ".join("".join(glyph.text for glyph in line).split())
        if text:
            yield text, around(glyph.ink for glyph in line if glyph.text.strip()), float(angle)


def _bare(text: str) -> str:
    return "".join(text.split())
