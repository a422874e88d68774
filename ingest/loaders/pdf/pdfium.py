"""The second reader of PDFs, and the one that draws them: PDFium; the only importer of it.

PDFium is not safe to use from two threads at once: every call holds one lock of the process.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.loaders.pdf.annotations import Dictionary, Frame
from ingest.loaders.pdf.appearances import Rect, drawn_texts
from ingest.loaders.pdf.glyphs import Glyphs, read_glyphs
from ingest.loaders.pdf.page import Box, Rule
from ingest.loaders.pdf.page_objects import PageObjects, Place, hide_texts, objects_of
from ingest.loaders.pdf.passage import Character
from ingest.loaders.pdf.pdfium_annotations import annotations_of
from ingest.loaders.pdf.rules import rules_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

log = logging.getLogger(__name__)

OUTLINE_ENTRIES = 20_000
POINTS_PER_INCH = 72
_SMALL_DPI = 24
_MAX_DEPTH = 15
_ERROR_PASSWORD = 4  # FPDF_ERR_PASSWORD
_ANNOTATIONS = 2_000
_READ_OTHERWISE = frozenset({1, 2, 3, 16})  # FPDF_ANNOT_TEXT, _LINK, _FREETEXT, _POPUP
_HIDDEN = 2  # FPDF_ANNOT_FLAG_HIDDEN
_GRID = 100_000  # places of characters are counted in this many steps across a page

_lock = threading.RLock()


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A line of the outline: its depth from 1, its title, the index of its page from 0."""

    level: int
    title: str
    page: int


class PdfiumFile:
    """A PDF opened by PDFium."""

    def __init__(self, document: Any) -> None:  # noqa: ANN401 - pypdfium2 carries no types
        self._document = document
        self.pages = len(document)

    @classmethod
    def open(cls, source: Path | bytes, passwords: Iterable[str]) -> tuple[PdfiumFile | None, bool]:
        """Open a file; return it, or None and whether a password was the reason."""
        # It carries no types, and loading its native library is for PDFs only.
        import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415

        locked = False
        with _lock:
            for password in (None, *passwords):
                try:
                    document = pypdfium2.PdfDocument(source, password=password)
                    with contextlib.suppress(pypdfium2.PdfiumError):
                        document.init_forms()  # draws what was filled into form fields
                    return cls(document), False
                except UnicodeEncodeError:  # half a character, as from bytes of another encoding
                    continue
                except pypdfium2.PdfiumError as error:
                    locked = error.err_code == _ERROR_PASSWORD
                    if not locked:
                        break
        return None, locked

    def close(self) -> None:
        """Free PDFium's memory."""
        with _lock:
            self._document.close()

    def page_text(self, index: int) -> str | None:
        """Return a page's text, None where PDFium cannot load the page."""
        with self._page(index) as page:
            if page is None:
                return None
            text: str = page.get_textpage().get_text_range()
            return text

    def label(self, index: int) -> str:
        """Return what is printed as the page's number, "" where the file does not say."""
        with _lock:
            label: str = self._document.get_page_label(index)
            return label

    def metadata(self) -> dict[str, str]:
        """Return the file's own description of itself: Title, Author, CreationDate and so on."""
        with _lock:
            found: dict[str, str] = self._document.get_metadata_dict(skip_empty=True)
            return found

    def attachments(self) -> int:
        """Count the files that are attached to the document."""
        with _lock:
            return max(0, int(self._document.count_attachments()))

    def outline(self) -> list[OutlineEntry]:
        """Return the outline's entries that lead to a page, in order."""
        import pypdfium2  # noqa: PLC0415 - see open

        entries: list[OutlineEntry] = []
        with _lock:
            try:
                for count, mark in enumerate(self._document.get_toc(max_depth=_MAX_DEPTH)):
                    if count >= OUTLINE_ENTRIES:
                        break
                    target = mark.get_dest()
                    page = target.get_index() if target is not None else None
                    title = mark.get_title().strip()
                    if page is not None and 0 <= page < self.pages and title:
                        entries.append(OutlineEntry(mark.level + 1, title, page))
            except (pypdfium2.PdfiumError, UnicodeDecodeError) as error:
                log.info("outline cut short: %s", type(error).__name__)
        return entries

    def objects(self, index: int) -> PageObjects:
        """Return the pictures and texts of a page, without decoding any picture."""
        from pypdfium2 import raw  # noqa: PLC0415 - see open

        with self._page(index) as page:
            if page is None:
                return PageObjects(1.0, 1.0)
            return objects_of(raw, page, _place(page), *page.get_size())

    def draw(
        self,
        index: int,
        *,
        dpi: float,
        max_pixels: int,
        texts: bool = True,
        box: Box | None = None,
    ) -> npt.NDArray[np.uint8] | None:
        """Draw a page; uint8, shape (height, width, 3), blue first; None where it cannot be.

        What would exceed ``max_pixels`` is drawn at a lower resolution.

        Args:
            index: of the page, from 0.
            dpi: pixels an inch.
            max_pixels: that the picture may have.
            texts: whether to draw texts, form fields, and notes that are typed on the page.
            box: the part of the page to be drawn, in points as seen; None for all of it.
        """
        with self._page(index) as page:
            if page is None:
                return None
            width, height = page.get_size()
            left, top, right, bottom = box or (0.0, 0.0, width, height)
            left, top = max(left, 0.0), max(top, 0.0)
            right, bottom = min(right, width), min(bottom, height)
            scale = dpi / POINTS_PER_INCH
            pixels = (right - left) * (bottom - top) * scale * scale
            if pixels > max_pixels and right > left and bottom > top:
                scale *= (max_pixels / pixels) ** 0.5
            if min(right - left, bottom - top) * scale < 1:
                return None
            crop = (left, height - bottom, width - right, top)
            with contextlib.nullcontext() if texts else _without_texts(page):
                drawn = page.render(scale=scale, crop=crop, may_draw_forms=texts)
            picture: npt.NDArray[np.uint8] = drawn.to_numpy().copy()
            return picture

    def glyphs(self, index: int) -> Glyphs | None:
        """Return a page's characters with their places, None where PDFium cannot load the page."""
        with self._page(index) as page:
            return read_glyphs(page) if page is not None else None

    def characters(self, index: int) -> list[Character]:
        """Return the characters of a page and where they stand on it as it is drawn."""
        import pypdfium2  # noqa: PLC0415 - see open
        from pypdfium2 import raw  # noqa: PLC0415 - see open

        found: list[Character] = []
        with self._page(index) as page:
            if page is None:
                return found
            texts = page.get_textpage()
            # Rotation and cropping are PDFium's business: it says where a point is drawn.
            drawn = pypdfium2.PdfPosConv(page, (0, 0, _GRID, _GRID, 0))
            for at in range(texts.count_chars()):
                code = raw.FPDFText_GetUnicode(texts, at)
                if not 0 < code <= sys.maxunicode:
                    continue
                try:
                    left, bottom, right, top = texts.get_charbox(at, loose=True)
                    (x1, y1), (x2, y2) = drawn.to_bitmap(left, top), drawn.to_bitmap(right, bottom)
                except pypdfium2.PdfiumError:
                    continue
                box = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
                left, top, right, bottom = (value / _GRID for value in box)
                found.append(Character(chr(code), (left, top, right, bottom)))
        return found

    def rules(self, index: int) -> list[Rule]:
        """Return the ruling lines of a page, [] where PDFium cannot load it."""
        from pypdfium2 import raw  # noqa: PLC0415 - see open

        with self._page(index) as page:
            return rules_of(raw, page, _place(page), *page.get_size()) if page is not None else []

    def frame(self, index: int) -> tuple[Frame, float] | None:
        """Return where the file's points stand on a page as seen, and the page's height.

        None where PDFium cannot load the page.
        """
        with self._page(index) as page:
            if page is None:
                return None
            return _place(page), page.get_size()[1]

    def annotations(self, index: int) -> list[Dictionary]:
        """Return a page's annotations as far as PDFium tells of them, [] where it cannot."""
        with self._page(index) as page:
            return annotations_of(page, self._document) if page is not None else []

    def drawn_texts(self, index: int, places: Sequence[Rect]) -> list[str]:
        """Return what the annotations at places of a page draw, [] where PDFium fails."""
        import pypdfium2  # noqa: PLC0415 - see open

        with _lock:
            try:
                return list(drawn_texts(self._document, index, places))
            except pypdfium2.PdfiumError as error:
                log.info("drawings of page %d not read: %s", index + 1, error)
                return []

    def is_blank(self, index: int) -> bool:
        """Whether nothing is drawn on the page: every pixel of a small picture is the same."""
        picture = self.draw(index, dpi=_SMALL_DPI, max_pixels=4_000_000)
        return picture is not None and bool((picture == picture[0, 0]).all())

    @contextlib.contextmanager
    def _page(self, index: int) -> Iterator[Any]:
        """Load a page under the lock; None where PDFium refuses it."""
        import pypdfium2  # noqa: PLC0415 - see open

        with _lock:
            page = None
            try:
                page = self._document[index]
            except pypdfium2.PdfiumError as error:
                log.info("PDFium cannot load page %d: %s", index + 1, error)
            try:
                yield page
            finally:
                if page is not None:
                    page.close()


def _place(page: Any) -> Place:  # noqa: ANN401 - pypdfium2 carries no types
    """Return what says where a point of a page's own space is drawn, in points."""
    import pypdfium2  # noqa: PLC0415 - see PdfiumFile.open

    width, height = page.get_size()
    drawn = pypdfium2.PdfPosConv(page, (0, 0, _GRID, _GRID, 0))
    # PDFium says where a point is drawn in whole steps of a grid: two far points on each
    # axis tell it of all points without rounding each of them.
    far = max(width, height)
    (x0, y0), (x1, y1), (x2, y2) = (
        drawn.to_bitmap(*point) for point in ((0, 0), (far, 0), (0, far))
    )
    sx, sy = width / _GRID, height / _GRID

    def place(x: float, y: float) -> tuple[float, float]:
        across, down = x / far, y / far
        return (
            (x0 + (x1 - x0) * across + (x2 - x0) * down) * sx,
            (y0 + (y1 - y0) * across + (y2 - y0) * down) * sy,
        )

    return place


@contextlib.contextmanager
def _without_texts(page: Any) -> Iterator[None]:  # noqa: ANN401 - see _place
    """Hide a page's texts, and its annotations that hold text; stamps stay, as pictures do."""
    from pypdfium2 import raw  # noqa: PLC0415 - see PdfiumFile.open

    hide_texts(raw, page)
    hidden = []
    try:
        for at in range(min(raw.FPDFPage_GetAnnotCount(page), _ANNOTATIONS)):
            annotation = raw.FPDFPage_GetAnnot(page, at)
            if raw.FPDFAnnot_GetSubtype(annotation) in _READ_OTHERWISE:
                flags = raw.FPDFAnnot_GetFlags(annotation)
                raw.FPDFAnnot_SetFlags(annotation, flags | _HIDDEN)
                hidden.append((annotation, flags))
            else:
                raw.FPDFPage_CloseAnnot(annotation)
        yield
    finally:
        for annotation, flags in hidden:
            raw.FPDFAnnot_SetFlags(annotation, flags)
            raw.FPDFPage_CloseAnnot(annotation)
