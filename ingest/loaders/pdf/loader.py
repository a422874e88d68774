"""PDF files: text page by page, headings from the outline, scanned pages by OCR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import DamagedFileError, EmptyDocumentError
from ingest.loaders.base import DocumentBuilder, LoadOptions
from ingest.loaders.pdf.assembly import PageRead, assemble
from ingest.loaders.pdf.engines import PageReading, PdfEngines
from ingest.loaders.pdf.hidden_text import UNREADABLE, HiddenText, is_mostly_hidden
from ingest.loaders.pdf.insets import insets_of, written
from ingest.loaders.pdf.layout import blocks_of, text_of
from ingest.loaders.pdf.metadata import describe, real_title
from ingest.loaders.pdf.scan import ScanReader
from ingest.loaders.printed_lines import clean
from kb.records import Document, Notice

if TYPE_CHECKING:
    from ingest.loaders.pdf.pdfium import OutlineEntry


class PdfLoader:
    """Reads PDF files with pypdf first, PDFium second and OCR last, chosen per page."""

    extensions: tuple[str, ...] = (".pdf",)
    version = 2

    def load(
        self,
        path: Path,
        options: LoadOptions,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Document:
        """Read ``path``; see :class:`ingest.loaders.base.Loader`.

        Raises:
            EncryptedFileError: no password given opens it.
            DamagedFileError: no engine can read it.
            EmptyDocumentError: no page yields any text.
        """
        engines = PdfEngines.open(path, options.passwords)
        try:
            return _load(path, engines, options, on_progress)
        finally:
            engines.close()


def _load(
    path: Path,
    engines: PdfEngines,
    options: LoadOptions,
    on_progress: Callable[[int, int], None] | None,
) -> Document:
    scans = ScanReader(engines.pdfium, options, engines.pages)
    hidden = HiddenText(scans.read_place)
    pages: list[PageRead] = []
    for index in range(engines.pages):
        pages.append(_read_page(engines, scans, hidden, index))
        if on_progress is not None:
            on_progress(index + 1, engines.pages)
    builder = DocumentBuilder(media_type="pdf", notices=scans.notices())
    builder.notices += hidden.notices(engines.pages)
    outline: Sequence[OutlineEntry] = ()
    if engines.pdfium is not None:
        raw = engines.pdfium.metadata()
        builder.title = real_title(raw.get("Title", ""))
        builder.metadata = describe(raw)
        builder.metadata["pages"] = engines.pages
        outline = engines.pdfium.outline()
        _say_attachments(builder, engines.pdfium.attachments())
    assemble(builder, pages, outline, engines.pdfium)
    if not builder.length:
        raise _nothing(path, scans, options)
    return builder.build()


def _read_page(engines: PdfEngines, scans: ScanReader, hidden: HiddenText, index: int) -> PageRead:
    sheet = engines.sheet(index)
    reading = engines.read(index) if sheet is None else PageReading(text_of(sheet))
    whole = sheet is not None and is_mostly_hidden(sheet)
    if sheet is not None and whole:
        reading = PageReading(reading.raw + UNREADABLE * sheet.hidden)
    seen = scans.page(index, reading, sheet)
    if seen.page is not None:
        return PageRead(picture=seen.page, written=written(insets_of(engines, index)))
    if sheet is None:
        more = written(insets_of(engines, index))
        text = hidden.without_names(index, clean(reading.raw))
        return PageRead(text=_with_written(text, more))
    if seen.insets:
        sheet = replace(sheet, insets=(*sheet.insets, *seen.insets))
    if sheet.unreadable and not whole:
        sheet = hidden.with_places(index, sheet)
    return PageRead(blocks=blocks_of(sheet), height=sheet.height)


def _with_written(text: str, written: Sequence[str]) -> str:
    """Append what annotations hold unless the page prints it already."""
    printed = "".join(text.split())
    more = [clean(line) for line in written]
    missing = [line for line in more if line and "".join(line.split()) not in printed]
    return "\n".join([text, *missing]).strip("\n") if missing else text


def _say_attachments(builder: DocumentBuilder, count: int) -> None:
    if count:
        files = "1 attached file was" if count == 1 else f"{count} attached files were"
        builder.notices.append(
            Notice(
                code="attachments_not_read",
                message=f"{files} not read; save and ingest them on their own",
                values={"count": count},
            )
        )


def _nothing(
    path: Path, scans: ScanReader, options: LoadOptions
) -> EmptyDocumentError | DamagedFileError:
    """Say why no text came out: damage, a scan that was not read, or nothing to read."""
    name, total = path.name, scans.total
    pages = f"{total} page{'s' if total != 1 else ''}"
    if scans.failed == total:
        msg = f"{name} is damaged: none of its {pages} can be read; save it anew and ingest again."
        return DamagedFileError(msg)
    if scans.scanned and not options.ocr:
        msg = (
            f"{name} has no text on {scans.scanned} of {pages}; it looks scanned. "
            "Ingest it again with OCR on."
        )
    elif scans.unavailable:
        msg = f"{name} has no text; it looks scanned. {scans.unavailable}"
    elif scans.too_large:
        msg = (
            f"{name} has no text, and its pictures are too large to be decoded safely; "
            "raise the limit of pixels for OCR, or save it with smaller pictures."
        )
    elif scans.over_limit:
        msg = (
            f"{name} has no text; it looks scanned, and the limits for OCR allow no page of it. "
            "Raise them and ingest again."
        )
    elif scans.scanned:
        look = "looks" if total == 1 else "look"
        msg = (
            f"{name} has no text; its {pages} {look} scanned, "
            "and OCR found no text in the pictures."
        )
    elif scans.garbled:
        rest = "and OCR could not read it." if options.ocr else "ingest it again with OCR on."
        msg = f"{name} has no readable text: its fonts hide which characters they show; {rest}"
    else:
        msg = f"{name} has no text: its {pages} {'is' if total == 1 else 'are'} blank."
    return EmptyDocumentError(msg)
