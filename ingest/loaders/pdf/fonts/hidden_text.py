"""Reads text of hidden fonts by OCR, and counts the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ingest.loaders.pdf.fonts.glyph_names import names_glyphs
from ingest.loaders.pdf.fonts.plausible import LANGUAGE, share_of_common_pairs
from ingest.loaders.pdf.fonts.signs import is_private, shown_by
from ingest.loaders.pdf.page import Box, Inset, Sheet
from ingest.loaders.pdf.quality import SUSPECT, measure
from kb.records import Notice

MAX_PLACES = 200
"""Most places of one page to read; a page of prose has about ten."""

MOSTLY = 0.5
"""Share of hidden characters above which OCR reads the whole page."""

UNREADABLE = "\ufffd"


@dataclass(slots=True)
class HiddenText:
    """Reads hidden text of one document by ``read_place``, and remembers the results.

    ``signs`` counts single characters, such as icons, that have no reading.
    """

    read_place: Callable[[int, Box], list[str]]
    signs: int = 0
    _read: set[int] = field(default_factory=set)
    _left_out: set[int] = field(default_factory=set)

    def with_places(self, index: int, sheet: Sheet) -> Sheet:
        """Return a page with OCR's reading of hidden text."""
        insets: list[Inset] = []
        for at, box in enumerate(sheet.unreadable):
            lines = self.read_place(index, box) if at < MAX_PLACES else []
            text = "\n".join(line for line in lines if line.strip())
            if text:
                insets.append(Inset("picture", text, box))
                self._read.add(index)
            else:
                self._left_out.add(index)
        return replace(sheet, insets=(*sheet.insets, *insets)) if insets else sheet

    def without_names(self, index: int, text: str) -> str:
        """Return an engine's text without lines that only name glyphs, and private characters."""
        lines = text.split("\n")
        kept = [line for line in lines if not names_glyphs(line.strip())]
        if len(kept) < len(lines):
            self._left_out.add(index)
        return "".join(self._readable(char) for char in "\n".join(kept))

    def _readable(self, char: str) -> str:
        """Return the text of a character whose font an engine does not name."""
        if not is_private(char):
            return char
        shown = shown_by(char, "")
        if not shown:
            self.signs += 1
        return shown

    def notices(self, total: int) -> list[Notice]:
        """Return notices about the pages on which hidden text was read or omitted."""
        out = []
        for code, pages, rest in (
            ("coded_text_read", self._read, "read by OCR there"),
            ("coded_text_left_out", self._left_out, "left out there"),
        ):
            if pages:
                have = "has" if len(pages) == 1 else "have"
                message = (
                    f"{len(pages)} of {total} page{'s' if total != 1 else ''} {have} text in fonts "
                    f"that hide its characters; it was {rest}"
                )
                values = {"pages": len(pages), "total": total}
                out.append(Notice(code=code, message=message, values=values))
        if self.signs:
            subject = "1 sign was" if self.signs == 1 else f"{self.signs} signs were"
            message = f"{subject} not read: what their font draws there is not known"
            values = {"signs": self.signs}
            out.append(Notice(code="signs_not_read", message=message, values=values))
        return out


def is_mostly_hidden(sheet: Sheet) -> bool:
    """Whether most of a page's text hides its characters."""
    shown = sum(len(word.text) for word in sheet.all_words)
    return sheet.hidden > 0 and sheet.hidden >= MOSTLY * (sheet.hidden + shown)


def reads_well(text: str, hidden: int) -> bool:
    """Whether another engine's text of a page can replace its hidden text."""
    if measure(text).doubt > SUSPECT or any(map(names_glyphs, text.split("\n"))):
        return False
    share, pairs = share_of_common_pairs(text)
    return pairs * 2 >= hidden and share >= LANGUAGE
