"""Decides which pages of a PDF are pictures, reads them by OCR, and counts the unread ones."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.loaders.pdf.page import Inset
from ingest.loaders.pdf.pictures.inside_text import PictureReader
from ingest.loaders.pdf.pictures.printed_over import (
    hidden_letters,
    is_hidden,
    printed_lines,
    readable,
)
from ingest.loaders.pdf.pictures.recognising import Recogniser
from ingest.loaders.pdf.pictures.regions import coverage, inside, regions_of
from ingest.loaders.pdf.quality import GARBLED, measure
from kb.records import Notice

if TYPE_CHECKING:
    from ingest.loaders.base import LoadOptions
    from ingest.loaders.pdf.engines import PageReading
    from ingest.loaders.pdf.page import Box, Sheet
    from ingest.loaders.pdf.pdfium import PdfiumFile
    from ingest.loaders.pdf.pictures.page_objects import PageObjects
    from ingest.loaders.pdf.words.glyphs import Glyph
    from ingest.loaders.pictures.lines import PictureLines
    from ingest.loaders.pictures.text import PictureText

_log = logging.getLogger(__name__)

COVERED = 0.6
"""Share of a page above which pictures make it a scan, if no text stands for them."""

LAYER = 40
"""Letters above which hidden text is the text of the picture under or over it."""

STAMPED = 0.06
"""Share of a page that text printed over a scan may cover: about six lines."""

REST = 0.05
"""Share of misread letters in a picture whose other letters the page prints."""

PLAIN = frozenset({"FlateDecode", "Fl", "LZWDecode", "LZW", "RunLengthDecode", "RL"})
"""Compressions of pictures that declare their size."""

TRUSTED = 0.6
"""Mean confidence above which OCR has read text instead of a photograph's pattern."""


_UNSURE = "words may be out of order, above all in tables"


@dataclass(frozen=True, slots=True)
class Seen:
    """OCR's result for a page: all of it, or pictures on it; empty if it has neither."""

    page: PictureText | None = None
    insets: tuple[Inset, ...] = ()


@dataclass(slots=True)
class ScanReader:
    """Reads pages that need OCR within the document's limits, and counts the results."""

    pdfium: PdfiumFile | None
    options: LoadOptions
    total: int
    read: int = 0
    scanned: int = 0
    stamped: int = 0
    over_limit: int = 0
    too_large: int = 0
    empty: int = 0
    drawn: int = 0
    garbled: int = 0
    failed: int = 0
    pictured: int = 0
    blank: list[int] = field(default_factory=list)
    undecodable: list[str] = field(default_factory=list)
    recogniser: Recogniser = field(init=False)
    pictures: PictureReader = field(init=False)
    _confidences: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recogniser = Recogniser(self.pdfium, self.options)
        self.pictures = PictureReader(self.recogniser)

    @property
    def unavailable(self) -> str:
        """The reason why OCR is not available, "" if it is."""
        return self.recogniser.unavailable

    def page(self, index: int, reading: PageReading, sheet: Sheet | None = None) -> Seen:
        """Return OCR's text of a page, in addition to or instead of the page's own text."""
        if reading.failed:
            self.failed += 1
            return Seen()
        quality = measure(reading.raw)
        if quality.unreadable_share >= GARBLED:
            readable = quality.visible - quality.unreadable
            return Seen(self._instead(index, readable))
        if not quality.visible or (sheet is not None and not sheet.all_words):
            return Seen(self._whole(index, sheet))
        if self.pdfium is None or sheet is None:
            return Seen()
        return self._over_pictures(self.pdfium, index, sheet)

    def read_place(self, index: int, box: Box) -> list[str]:
        """Return OCR's lines of a place on a page; for fonts that hide their text."""
        return self.recogniser.place(index, box)

    @property
    def confidence(self) -> float:
        """Mean confidence over the characters from OCR, in [0, 1]."""
        letters = sum(count for _, count in self._confidences)
        return sum(c * count for c, count in self._confidences) / letters if letters else 0.0

    def notices(self) -> list[Notice]:
        """Return notices about pages read from pictures, and unread ones with reasons."""
        total = self.total
        out: list[Notice] = []

        def say(code: str, pages: int, rest: str, **values: float | str) -> None:
            if pages:
                subject = f"{pages} of {total} page{'s' if total != 1 else ''}"
                message = f"{subject} {rest}"
                out.append(
                    Notice(
                        code=code,
                        message=message,
                        values={"pages": pages, "total": total, **values},
                    )
                )

        mean = round(self.confidence, 2)
        were = "was" if self.read == 1 else "were"
        say(
            "pages_read_by_ocr",
            self.read,
            f"{were} read by OCR, mean confidence {mean:.2f}; {_UNSURE}",
            confidence=mean,
        )
        unread = self.scanned - self.empty - self.drawn - self.over_limit - self.too_large
        have = "has" if unread == 1 else "have"
        look = "it looks" if unread == 1 else "they look"
        say("pages_look_scanned", unread, f"{have} no text; {look} scanned")
        are = "is a scan" if self.stamped == 1 else "are scans"
        say("scans_not_read", self.stamped, f"{are} with text printed over; the scan was not read")
        say(
            "ocr_page_limit",
            self.over_limit,
            "were not read by OCR: the limit of pages or seconds per document was reached",
            limit=self.options.ocr_max_pages,
            seconds=self.options.ocr_max_seconds,
        )
        say("pictures_too_large", self.too_large, "with pictures too large to be decoded safely")
        say("ocr_empty", self.empty, "with pictures in which OCR found no text")
        say("ocr_empty_drawings", self.drawn, "with drawings in which OCR found no text")
        say("pages_garbled", self.garbled, "with text that is partly unreadable")
        say("pages_failed", self.failed, "could not be read: the file is damaged there")
        out += self.pictures.notices()
        broken = [*self.undecodable, *self.pictures.undecodable]
        if broken:
            filters = ", ".join(sorted({name for name in broken if name})) or "?"
            pictures = "1 picture" if len(broken) == 1 else f"{len(broken)} pictures"
            out.append(
                Notice(
                    code="pictures_undecodable",
                    message=f"{pictures} could not be decoded ({filters})",
                    values={"pictures": len(broken), "filters": filters},
                )
            )
        if self.unavailable and (
            unread or self.garbled or self.stamped or self.pictures.counts.not_read
        ):
            out.append(Notice(code="ocr_unavailable", message=self.unavailable))
        return out

    def _instead(self, index: int, readable: int) -> PictureText | None:
        """Read a page whose text is partly unreadable."""
        pixels = self.pdfium.objects(index).pixels if self.pdfium is not None else 0
        found = self.recogniser.page(index, pixels)
        if isinstance(found, str):
            self._refused(found)
        elif found.confidence >= TRUSTED and found.letters * 2 >= readable:
            return self._kept(found)
        self.garbled += 1
        return None

    def _whole(self, index: int, sheet: Sheet | None) -> PictureText | None:
        """Read a page without text, except the values of its fields."""
        if self.pdfium is None:
            self.failed += 1
            return None
        objects = self.pdfium.objects(index)
        # Outlines of letters are not pictures to PDFium, but a blank page is blank. A picture of
        # absurd size is never drawn.
        if not self.recogniser.is_huge(objects.pixels) and self.pdfium.is_blank(index):
            self._count_blank(index, objects)
            return None
        found = self.recogniser.page(index, objects.pixels, texts=False)
        self.pictured += bool(objects.pictures)
        if isinstance(found, str):
            self._refused(found)
        else:
            merged = found
            if sheet is not None:
                merged = found.over(printed_lines(sheet), add=True)
            if merged.boxes:
                return self._kept(merged)
            if self._is_cut_short(index, objects):
                return None
            self.empty += bool(objects.pictures)
            self.drawn += not objects.pictures
        self.scanned += 1
        return None

    def _is_cut_short(self, index: int, objects: PageObjects) -> bool:
        """Whether pictures without text contain too little data, so that they show noise."""
        if self.pdfium is None or not objects.pictures:
            return False
        found = [name for name in self.pdfium.undecodable(index) if name in PLAIN]
        self.undecodable += found
        return bool(found)

    def _count_blank(self, index: int, objects: PageObjects) -> None:
        """Record a page that draws nothing: its pictures may be broken, or its content packed."""
        broken = self.pdfium.undecodable(index) if self.pdfium and objects.pictures else []
        self.undecodable += broken
        if not broken:
            self.blank.append(index)

    def _over_pictures(self, pdfium: PdfiumFile, index: int, sheet: Sheet) -> Seen:
        """Read the pictures of a page with text, unless that text is the pictures' own."""
        objects = pdfium.objects(index)
        page = (0.0, 0.0, objects.width, objects.height)
        share = coverage((p.box for p in objects.pictures), page[2], page[3])
        regions = regions_of(objects)
        if not regions:
            return Seen()
        drawn = pdfium.glyphs(index)
        hidden = hidden_letters(drawn.glyphs if drawn is not None else (), objects)
        if share >= COVERED:
            if readable(hidden) >= LAYER:
                return Seen()
            return self._scan(index, sheet, objects, hidden)
        open_ones = [
            region
            for region in regions
            if readable([g for g in hidden if inside(g.ink, region.box)]) < LAYER
        ]
        lines = printed_lines(sheet)
        return Seen(insets=self.pictures.read(index, open_ones, sheet, lines))

    def _scan(
        self,
        index: int,
        sheet: Sheet,
        objects: PageObjects,
        hidden: Sequence[Glyph],
    ) -> Seen:
        """Read a page of pictures that has other text than the pictures."""
        words = [word for word in sheet.all_words if not is_hidden(word, hidden)]
        found = self.recogniser.page(index, objects.pixels, texts=False)
        if isinstance(found, str):
            over = coverage((word.box for word in words), sheet.width, sheet.height)
            if over <= STAMPED:
                self.stamped += not self._refused(found)
            else:
                self.pictures.refuse(found)
            return Seen()
        lines = printed_lines(sheet, hidden)
        own = found.over(lines, add=False)
        least = max(1, readable(hidden))
        if found.confidence < TRUSTED or own.letters <= max(least, REST * found.letters):
            # A page may print its picture's text: then the picture needs no reading.
            known = found.confidence >= TRUSTED and found.letters > least
            self.pictures.counts.without_text += not known
            return Seen()
        if own.letters * 2 > sum(len(line.text) for line in lines):
            return Seen(self._kept(found.over(lines, add=True)))
        return Seen(insets=self.pictures.of_page(own, sheet))

    def _kept(self, found: PictureLines) -> PictureText:
        self.read += 1
        self._confidences.append((found.confidence, found.letters))
        return found.text()

    def _refused(self, why: str) -> bool:
        """Count a page that limits exclude from OCR; return whether limits were the reason."""
        self.too_large += why == "size"
        self.over_limit += why == "limit"
        return why in ("size", "limit")
