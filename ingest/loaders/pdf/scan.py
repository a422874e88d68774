"""Decides which pages of a PDF are pictures, reads them by OCR, and counts what was not read."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.loaders.pdf.quality import GARBLED, measure
from ingest.loaders.picture_time import reading_picture
from kb.errors import MissingExtraError
from kb.records import Notice

if TYPE_CHECKING:
    from ingest.loaders.base import LoadOptions
    from ingest.loaders.ocr import PictureText
    from ingest.loaders.pdf.engines import PageReading
    from ingest.loaders.pdf.pdfium import PdfiumFile

log = logging.getLogger(__name__)

FEW_CHARACTERS = 50
"""A page with a picture nearly as large as itself and no more text than this is a scan with a
stamp, a page number or a reader's watermark on it."""

COVERED = 0.6
SOURCE_FACTOR = 8
"""Pixels that pictures inside a page may have, as a multiple of ``ocr_max_pixels``."""

TRUSTED = 0.6
"""Mean confidence from which OCR replaces a text layer that is garbled."""


@dataclass(slots=True)
class ScanReader:
    """Reads pages that need it, within the document's bounds, and remembers what happened."""

    pdfium: PdfiumFile | None
    options: LoadOptions
    total: int
    read: int = 0
    scanned: int = 0
    over_limit: int = 0
    too_large: int = 0
    empty: int = 0
    garbled: int = 0
    failed: int = 0
    unavailable: str = ""
    _confidences: list[tuple[float, int]] = field(default_factory=list)
    _tried: int = 0
    _seconds: float = 0.0

    def page(self, index: int, reading: PageReading) -> PictureText | None:
        """Return what OCR read on a page, None if its own text (or nothing) is to be used."""
        if reading.failed:
            self.failed += 1
            return None
        quality = measure(reading.raw)
        garbled = quality.unreadable_share >= GARBLED
        if not garbled and quality.visible > FEW_CHARACTERS:
            return None
        if not self._is_picture(index, quality.visible, garbled=garbled):
            return None
        found = self._read(index)
        readable = quality.visible - quality.unreadable
        if found is not None and found.text:
            letters = len("".join(found.text.split()))
            if (found.confidence >= TRUSTED and letters * 2 >= readable) or not readable:
                self.read += 1
                self._confidences.append((found.confidence, letters))
                return found
        if garbled:
            self.garbled += 1
        elif not quality.visible:
            self.scanned += 1
            self.empty += found is not None
        return None

    @property
    def confidence(self) -> float:
        """Mean confidence over the characters that OCR read, in [0, 1]."""
        letters = sum(count for _, count in self._confidences)
        return sum(c * count for c, count in self._confidences) / letters if letters else 0.0

    def notices(self) -> list[Notice]:
        """Say how many pages were read from pictures, and which were not read and why."""
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
            f"{were} read by OCR, mean confidence {mean:.2f}",
            confidence=mean,
        )
        unread = self.scanned - self.empty - self.over_limit - self.too_large
        have = "has" if unread == 1 else "have"
        look = "it looks" if unread == 1 else "they look"
        say("pages_look_scanned", unread, f"{have} no text; {look} scanned")
        say(
            "ocr_page_limit",
            self.over_limit,
            "were not read by OCR: the limit of pages or seconds per document was reached",
            limit=self.options.ocr_max_pages,
            seconds=self.options.ocr_max_seconds,
        )
        say("pictures_too_large", self.too_large, "with pictures too large to be decoded safely")
        say("ocr_empty", self.empty, "with pictures in which OCR found no text")
        say("pages_garbled", self.garbled, "with text that is partly unreadable")
        say("pages_failed", self.failed, "could not be read: the file is damaged there")
        if self.unavailable and (unread or self.garbled):
            out.append(Notice(code="ocr_unavailable", message=self.unavailable))
        return out

    def _is_picture(self, index: int, visible: int, *, garbled: bool) -> bool:
        if self.pdfium is None:
            return not visible
        if garbled:
            return True
        pictures = self.pdfium.pictures(index)
        if visible:
            return pictures.coverage >= COVERED
        # Drawn text (outlines of letters) is no picture to PDFium, but a blank page is blank.
        return pictures.pixels > 0 or not self.pdfium.is_blank(index)

    def _read(self, index: int) -> PictureText | None:
        if not self.options.ocr or self.pdfium is None or self.unavailable:
            return None
        if self.pdfium.pictures(index).pixels > SOURCE_FACTOR * self.options.ocr_max_pixels:
            self.too_large += 1
            return None
        if (
            self._tried >= self.options.ocr_max_pages
            or self._seconds > self.options.ocr_max_seconds
        ):
            self.over_limit += 1
            return None
        from ingest.loaders.ocr import DPI, read_picture  # noqa: PLC0415 - a second to import

        self._tried += 1
        began = time.monotonic()
        try:
            with reading_picture():
                picture = self.pdfium.draw(index, dpi=DPI, max_pixels=self.options.ocr_max_pixels)
                return read_picture(picture) if picture is not None else None
        except MissingExtraError as error:
            self.unavailable = str(error)
            return None
        finally:
            self._seconds += time.monotonic() - began
