"""The second reader of PDFs, and the one that draws them: PDFium. Only this package imports it.

PDFium is not thread-safe: every call holds one lock of the process.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ingest.loaders.pdf.annotations.appearances import Rect, drawn_texts
from ingest.loaders.pdf.annotations.dictionaries import Dictionary, Frame
from ingest.loaders.pdf.annotations.drawn_fields import prepare_fields, without_covers
from ingest.loaders.pdf.annotations.pdfium_annotations import annotations_of
from ingest.loaders.pdf.outline import OutlineEntry, outline_of
from ingest.loaders.pdf.page import Box, Rule
from ingest.loaders.pdf.passage import Character
from ingest.loaders.pdf.pdfium_page import characters_on, kinds_on, place_on, without_texts
from ingest.loaders.pdf.pictures.page_objects import PageObjects, objects_of, undecodable
from ingest.loaders.pdf.tables.rules import rules_of
from ingest.loaders.pdf.unseen import unseen_at, without_unseen
from ingest.loaders.pdf.words.glyphs import Glyphs, read_glyphs

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_log = logging.getLogger(__name__)

Refusal = Literal["", "password", "handler"]
"""PDFium's reason for not opening a file: it needs a password, or its protection is unknown."""

POINTS_PER_INCH = 72
_SMALL_DPI = 24
_NO_FILE = b"no PDF"
_REFUSALS: dict[int, Refusal] = {4: "password", 5: "handler"}  # FPDF_ERR_PASSWORD, _SECURITY

_lock = threading.RLock()


class PdfiumFile:
    """A PDF opened by PDFium."""

    def __init__(self, document: Any) -> None:  # noqa: ANN401 - pypdfium2 carries no types
        self._document = document
        self._last: tuple[int, Any] | None = None  # several requests for a page follow each other
        self.pages = len(document)

    @classmethod
    def open(
        cls, source: Path | bytes, passwords: Iterable[str]
    ) -> tuple[PdfiumFile | None, Refusal]:
        """Open a file; return it, or None and whether its protection was the reason."""
        # It has no types, and only PDFs need its native library.
        import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415

        refusal: Refusal = ""
        with _lock:
            for password in (None, *passwords):
                # PDFium keeps its last error, of any file: some broken files set none.
                pypdfium2.raw.FPDF_LoadMemDocument(_NO_FILE, len(_NO_FILE), None)
                try:
                    document = pypdfium2.PdfDocument(source, password=password)
                    prepare_fields(document)
                    return cls(document), ""
                except UnicodeEncodeError:  # half a character, as from bytes of another encoding
                    continue
                except pypdfium2.PdfiumError as error:
                    refusal = _REFUSALS.get(error.err_code, "")
                    if refusal != "password":
                        break
        return None, refusal

    def close(self) -> None:
        """Release PDFium's memory."""
        with _lock:
            self._forget()
            self._document.close()

    def page_text(self, index: int) -> str | None:
        """Return a page's text, None if PDFium cannot load the page."""
        with self._page(index) as page:
            if page is None:
                return None
            text: str = page.get_textpage().get_text_range()
            return text

    def label(self, index: int) -> str:
        """Return the printed page number, "" if the file has none."""
        with _lock:
            label: str = self._document.get_page_label(index)
            return label

    def metadata(self) -> dict[str, str]:
        """Return the file's own metadata: Title, Author, CreationDate and so on."""
        with _lock:
            found: dict[str, str] = self._document.get_metadata_dict(skip_empty=True)
            return found

    def attachments(self) -> int:
        """Return the number of files attached to the document."""
        with _lock:
            return max(0, int(self._document.count_attachments()))

    def outline(self) -> list[OutlineEntry]:
        """Return the outline's entries that lead to a page, in order."""
        with _lock:
            return outline_of(self._document, self.pages)

    def objects(self, index: int) -> PageObjects:
        """Return the pictures and texts of a page, without decoding any picture."""
        from pypdfium2 import raw  # noqa: PLC0415 - see open

        with self._page(index) as page:
            if page is None:
                return PageObjects(1.0, 1.0)
            return objects_of(raw, page, place_on(page), *page.get_size())

    def draw(
        self,
        index: int,
        *,
        dpi: float,
        max_pixels: int,
        texts: bool = True,
        box: Box | None = None,
    ) -> npt.NDArray[np.uint8] | None:
        """Draw a page; uint8, shape (height, width, 3), blue first; None if it cannot be drawn.

        A picture above ``max_pixels`` is drawn at a lower resolution.

        Args:
            index: of the page, from 0.
            dpi: pixels an inch.
            max_pixels: limit of the picture.
            texts: whether to draw texts, form fields, and notes typed on the page.
            box: the part to draw, in points of the visible page; None for all of it.
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
            with without_covers(page) if texts else without_texts(page):
                drawn = page.render(scale=scale, crop=crop, may_draw_forms=texts)
            picture: npt.NDArray[np.uint8] = drawn.to_numpy().copy()
            if not texts:
                self._forget()  # its texts are hidden
            return picture

    def undecodable(self, index: int, box: Box | None = None) -> list[str]:
        """Return the filter of each picture of a page, or in a place, that cannot be decoded."""
        from pypdfium2 import raw  # noqa: PLC0415 - see open

        with self._page(index) as page:
            if page is None:
                return []
            width, height = page.get_size()
            return undecodable(raw, page, place_on(page), width, height, within=box)

    def media(self, index: int) -> Counter[int]:
        """Count a page's annotations by PDFium's number of their kind."""
        with self._page(index) as page:
            return kinds_on(page) if page is not None else Counter()

    def form_type(self) -> int:
        """Return PDFium's number of the kind of form: 2 and 3 are XFA's."""
        from pypdfium2 import raw  # noqa: PLC0415 - see open

        with _lock:
            return int(raw.FPDF_GetFormType(self._document))

    def glyphs(self, index: int, *, seen: bool = False) -> Glyphs | None:
        """Return a page's characters, or the visible ones; None if the page cannot be loaded."""
        from pypdfium2 import raw  # noqa: PLC0415 - see open

        with self._page(index) as page:
            if page is None:
                return None
            found = read_glyphs(page)
            return without_unseen(raw, page, found) if seen else found

    def characters(self, index: int) -> list[Character]:
        """Return the characters of a page and their positions on the drawn page."""
        with self._page(index) as page:
            return list(characters_on(page).values()) if page is not None else []

    def seen_and_hidden(self, index: int) -> tuple[list[Character], list[Character]]:
        """Return a page's visible characters and its invisible ones, each in the file's order."""
        from pypdfium2 import raw  # noqa: PLC0415 - see open

        with self._page(index) as page:
            if page is None:
                return [], []
            known = read_glyphs(page)
            unseen = unseen_at(raw, page, known)
            parts: tuple[list[Character], list[Character]] = ([], [])
            part = False
            for at, character in characters_on(page).items():
                if not character.text.isspace():  # spaces go with the word before
                    part = at in unseen
                parts[part].append(character)
            return parts

    def rules(self, index: int) -> list[Rule]:
        """Return the ruling lines of a page, [] where PDFium cannot load it."""
        from pypdfium2 import raw  # noqa: PLC0415 - see open

        with self._page(index) as page:
            return rules_of(raw, page, place_on(page), *page.get_size()) if page is not None else []

    def frame(self, index: int) -> tuple[Frame, float] | None:
        """Return the map from the file's points to the visible page, and the page's height.

        None if PDFium cannot load the page.
        """
        with self._page(index) as page:
            if page is None:
                return None
            return place_on(page), page.get_size()[1]

    def annotations(self, index: int) -> list[Dictionary]:
        """Return a page's annotations as far as PDFium knows them, [] if it fails."""
        with self._page(index) as page:
            return annotations_of(page, self._document) if page is not None else []

    def drawn_texts(self, index: int, places: Sequence[Rect]) -> list[str]:
        """Return the drawings' texts of the annotations at places of a page, [] if PDFium fails."""
        import pypdfium2  # noqa: PLC0415 - see open

        with _lock:
            try:
                return list(drawn_texts(self._document, index, places))
            except pypdfium2.PdfiumError as error:
                _log.info("drawings of page %d not read: %s", index + 1, error)
                return []

    def is_blank(self, index: int) -> bool:
        """Whether a page draws only text: every pixel of a small picture is the same."""
        picture = self.draw(index, dpi=_SMALL_DPI, max_pixels=4_000_000, texts=False)
        return picture is not None and bool((picture == picture[0, 0]).all())

    @contextlib.contextmanager
    def _page(self, index: int) -> Iterator[Any]:
        """Load a page under the lock, or take the last one; None if PDFium refuses it."""
        import pypdfium2  # noqa: PLC0415 - see open

        with _lock:
            if self._last is None or self._last[0] != index:
                self._forget()
                try:
                    self._last = (index, self._document[index])
                except pypdfium2.PdfiumError as error:
                    _log.info("PDFium cannot load page %d: %s", index + 1, error)
            yield self._last[1] if self._last is not None else None

    def _forget(self) -> None:
        if self._last is not None:
            self._last[1].close()
            self._last = None
