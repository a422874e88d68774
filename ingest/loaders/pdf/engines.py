"""Opens a PDF with both engines and returns the better reading of each page."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import (
    DamagedFileError,
    EncryptedFileError,
    LoadError,
    UnknownFilterError,
    UnknownProtectionError,
)
from ingest.loaders.pdf.annotations.dictionaries import Dictionary
from ingest.loaders.pdf.fonts.hidden_text import is_mostly_hidden, reads_well
from ingest.loaders.pdf.fonts.names import Encodings, with_names
from ingest.loaders.pdf.insets import insets_of
from ingest.loaders.pdf.page import Sheet
from ingest.loaders.pdf.pdfium import PdfiumFile, Refusal
from ingest.loaders.pdf.protection import KNOWN_FILTERS, STANDARD, handler_of, unknown_filters
from ingest.loaders.pdf.pypdf_file import PypdfFile
from ingest.loaders.pdf.quality import prefer_second, unglue
from ingest.loaders.pdf.sheets import sheet_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PageReading:
    """A page's text from an engine; ``failed`` if neither engine could load the page."""

    raw: str
    failed: bool = False


@dataclass(slots=True)
class PdfEngines:
    """One PDF in the engines that can open it; at least one of the two exists."""

    pypdf: PypdfFile | None
    pdfium: PdfiumFile | None
    pages: int

    @classmethod
    def open(cls, path: Path, passwords: tuple[str, ...]) -> PdfEngines:
        """Open ``path``, trying no password first and then each of ``passwords``.

        Raises:
            EncryptedFileError: no engine opens it without another password, or at all.
            UnknownFilterError: no engine can unpack it.
            DamagedFileError: no engine can parse it.
        """
        first = PypdfFile.open(path, passwords)
        second, refused = PdfiumFile.open(path, passwords)
        locked = first is not None and first.locked
        if first is not None and not first.pages:
            first = None
        if second is None and first is not None and refused:
            # pypdf opens some files with an empty owner password; PDFium does not.
            copy = first.unprotected_copy()
            second = PdfiumFile.open(copy, ())[0] if copy else None
        if first is None and second is None:
            raise _closed(path, len(passwords), refused, locked=locked)
        pages = second.pages if second is not None else first.pages if first is not None else 0
        return cls(first, second, pages)

    def close(self) -> None:
        """Release the engines' resources."""
        if self.pdfium is not None:
            self.pdfium.close()

    def read(self, index: int) -> PageReading:
        """Read a page: by pypdf, unless it fails or PDFium's reading is clearly better."""
        first = self._pypdf_text(index)
        second = self.pdfium.page_text(index) if self.pdfium is not None else None
        if first is None and second is None:
            return PageReading("", failed=True)
        if first is None or (second is not None and prefer_second(first, second)):
            return PageReading(second or "")
        return PageReading(unglue(first, second) if second is not None else first)

    def sheet(self, index: int) -> Sheet | None:
        """Read a page by its geometry; None if :meth:`read` must do it.

        PDFium has to load the page, and the page must have text.
        """
        page = self.pdfium.glyphs(index, seen=True) if self.pdfium is not None else None
        if page is None or not page.whole:
            return None
        page = with_names(page, lambda: self._encodings(index))
        insets = insets_of(self, index)
        rules = self.pdfium.rules(index) if self.pdfium is not None else ()
        sheet = sheet_of(page, rules, insets)
        written = any(inset.kind in ("field", "typed") for inset in insets)
        if sheet.hidden and is_mostly_hidden(sheet):
            text = self._pypdf_text(index)
            if text is not None and reads_well(text, sheet.hidden):
                return None
        told = written or sheet.words or sheet.turned or sheet.unreadable or sheet.unseen
        return sheet if told else None

    @contextlib.contextmanager
    def annotations(self, index: int) -> Iterator[list[Dictionary]]:
        """Lend a page's annotations for reading inside the context: pypdf's, else PDFium's."""
        if self.pypdf is not None and index < self.pypdf.pages:
            with self.pypdf.annotations(index) as found:
                if found is not None:
                    yield found
                    return
        yield self.pdfium.annotations(index) if self.pdfium is not None else []

    def unknown_filters(self, index: int) -> list[str]:
        """Return the unknown compressions of a page's content."""
        if self.pypdf is None or index >= self.pypdf.pages:
            return []
        return [name for name in self.pypdf.filters(index) if name not in KNOWN_FILTERS]

    def _encodings(self, index: int) -> Encodings:
        if self.pypdf is None or index >= self.pypdf.pages:
            return {}
        return self.pypdf.encodings(index)

    def _pypdf_text(self, index: int) -> str | None:
        if self.pypdf is None or index >= self.pypdf.pages:
            return None
        return self.pypdf.page_text(index)


def _closed(path: Path, tried: int, refused: Refusal, *, locked: bool) -> LoadError:
    """Return why no engine opens a file."""
    data = path.read_bytes()
    handler = handler_of(data)
    # PDFium reports a password for some broken files, too: the file itself must mention encryption.
    protected = locked or (handler is not None and refused)
    if handler and handler != STANDARD:
        return UnknownProtectionError.by(path.name, handler)
    if protected:
        if refused == "handler" and not locked:
            return UnknownProtectionError.by(path.name, handler or "")
        return EncryptedFileError.after(path.name, tried)
    filters = unknown_filters(data)
    return UnknownFilterError.of(path.name, filters) if filters else _damaged(path)


def _damaged(path: Path) -> DamagedFileError:
    msg = (
        f"{path.name} is damaged or no PDF: neither of two PDF engines can open it; "
        "save it anew with the program that made it and ingest again."
    )
    return DamagedFileError(msg)
