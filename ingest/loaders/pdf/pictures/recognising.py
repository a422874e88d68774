"""Reads pages of a PDF, and places on them, by OCR within the document's limits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ingest.loaders.pictures.timing import reading_picture
from kb.errors import MissingExtraError

if TYPE_CHECKING:
    from ingest.loaders.base import LoadOptions
    from ingest.loaders.pdf.page import Box
    from ingest.loaders.pdf.pdfium import PdfiumFile
    from ingest.loaders.pdf.pictures.regions import Region
    from ingest.loaders.pictures.lines import PictureLines
    from ingest.loaders.pictures.ocr import Picture

SOURCE_FACTOR = 8
"""Most pixels of pictures inside a page, as a multiple of ``ocr_max_pixels``."""

PLACES = 3_000
"""Most places smaller than a page that are read in one document, without pictures."""

FINEST = 400
"""Highest resolution at which a picture is drawn with all its pixels."""

PLACE_DPI = 300

_EDGE = 24  # steps of grey between neighbours; ramps of colour have fewer
_FEWEST_EDGES = 100
_MARGIN = 2.0  # points

Refusal = Literal["off", "limit", "size", "blank", "failed"]


@dataclass(slots=True)
class Recogniser:
    """Reads pictures of one document within its options' limits of number and time."""

    pdfium: PdfiumFile | None
    options: LoadOptions
    unavailable: str = ""
    _tried: int = 0
    _places: int = 0
    _seconds: float = 0.0
    _seen: set[int] = field(default_factory=set)

    def page(self, index: int, pixels: int, *, texts: bool = True) -> PictureLines | Refusal:
        """Read a page drawn with or without its texts; ``pixels`` are those of its pictures."""
        return self._refusal(pixels) or self._read(index, None, _dpi(), texts=texts)

    def picture(self, index: int, region: Region) -> PictureLines | Refusal:
        """Read a place of a page drawn without its texts; "blank" if it has no sharp edges.

        A pixel-identical repetition is "blank", too: a letterhead is read once.
        """
        dpi = min(max(region.dpi, _dpi()), FINEST)
        return self._refusal(region.pixels) or self._read(
            index, region.box, dpi, texts=False, choosy=True
        )

    def is_huge(self, pixels: int) -> bool:
        """Whether pictures with this many pixels are too large to decode."""
        return pixels > SOURCE_FACTOR * self.options.ocr_max_pixels

    def undecodable(self, index: int, box: Box) -> list[str]:
        """Return the filters of the pictures in a place that cannot be decoded."""
        return self.pdfium.undecodable(index, box) if self.pdfium is not None else []

    def place(self, index: int, box: Box) -> list[str]:
        """Return the lines that OCR reads in a visible place, [] if the limits forbid it."""
        if self._refusal(0, counted=False) or self._places >= PLACES:
            return []
        self._places += 1
        left, top, right, bottom = box
        around = (left - _MARGIN, top - _MARGIN, right + _MARGIN, bottom + _MARGIN)
        found = self._read(index, around, PLACE_DPI, texts=True)
        self._tried -= 1  # its own limit is above
        if isinstance(found, str):
            return []
        return [line for line in found.text().text.split("\n") if line]

    def _refusal(self, pixels: int, *, counted: bool = True) -> Refusal | None:
        if not self.options.ocr or self.pdfium is None or self.unavailable:
            return "off"
        if self.is_huge(pixels):
            return "size"
        over = counted and self._tried >= self.options.ocr_max_pages
        return "limit" if over or self._seconds > self.options.ocr_max_seconds else None

    def _read(
        self, index: int, box: Box | None, dpi: float, *, texts: bool, choosy: bool = False
    ) -> PictureLines | Refusal:
        if self.pdfium is None:
            return "off"
        from ingest.loaders.pictures.ocr import read_lines  # noqa: PLC0415 - a second to import

        began = time.monotonic()
        try:
            with reading_picture():
                picture = self.pdfium.draw(
                    index, dpi=dpi, max_pixels=self.options.ocr_max_pixels, texts=texts, box=box
                )
                if picture is None:
                    return "failed"
                if choosy and not self._is_worth_it(picture):
                    return "blank"
                self._tried += 1
                return read_lines(picture)
        except MissingExtraError as error:
            self.unavailable = str(error)
            return "off"
        finally:
            self._seconds += time.monotonic() - began

    def _is_worth_it(self, picture: Picture) -> bool:
        """Whether a picture may contain text, and was not read before."""
        if not _has_edges(picture):
            return False
        seen = hash((picture.shape, picture.tobytes()))
        if seen in self._seen:
            return False
        self._seen.add(seen)
        return True


def _dpi() -> float:
    from ingest.loaders.pictures.ocr import DPI  # noqa: PLC0415 - scans only

    return DPI


def _has_edges(picture: Picture) -> bool:
    """Whether a picture has places where dark meets light, as letters have."""
    import numpy as np  # noqa: PLC0415 - scans only

    grey = picture[:, :, :3].astype(np.int16).sum(axis=2) // 3
    edges = np.abs(np.diff(grey, axis=1)) > _EDGE
    return int(edges.sum()) >= _FEWEST_EDGES
