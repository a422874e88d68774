"""PDF files: text page by page, headings from the outline, scanned pages by OCR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.loaders.base import DocumentBuilder, LoadOptions
from ingest.loaders.pdf.assembly import PageRead, assemble
from ingest.loaders.pdf.blocks import blocks_of, text_of
from ingest.loaders.pdf.engines import PageReading, PdfEngines
from ingest.loaders.pdf.fonts.hidden_text import UNREADABLE, HiddenText, is_mostly_hidden
from ingest.loaders.pdf.insets import insets_of, written
from ingest.loaders.pdf.metadata import describe
from ingest.loaders.pdf.pictures.reasons import nothing
from ingest.loaders.pdf.pictures.scan import ScanReader
from ingest.loaders.pdf.pictures.unread import Unread
from ingest.loaders.printed_lines import clean
from ingest.loaders.titles import real_title
from kb.records import Document

if TYPE_CHECKING:
    from ingest.loaders.pdf.outline import OutlineEntry


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
            UnknownFilterError: no engine can unpack it.
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
    unread = Unread.of(engines)
    hidden = HiddenText(scans.read_place)
    pages: list[PageRead] = []
    for index in range(engines.pages):
        pages.append(_read_page(engines, scans, unread, hidden, index))
        if on_progress is not None:
            on_progress(index + 1, engines.pages)
    unread.look_for_filters(engines, scans.blank)
    notices = [*scans.notices(), *hidden.notices(engines.pages), *unread.notices(engines.pages)]
    builder = DocumentBuilder(media_type="pdf", notices=notices)
    outline: Sequence[OutlineEntry] = ()
    if engines.pdfium is not None:
        raw = engines.pdfium.metadata()
        builder.title = real_title(raw.get("Title", ""))
        builder.metadata = describe(raw)
        builder.metadata["pages"] = engines.pages
        outline = engines.pdfium.outline()
    assemble(builder, pages, outline, engines.pdfium)
    if not builder.length:
        raise nothing(path, scans, unread, options)
    return builder.build()


def _read_page(
    engines: PdfEngines, scans: ScanReader, unread: Unread, hidden: HiddenText, index: int
) -> PageRead:
    sheet = engines.sheet(index)
    unread.page(engines, index)
    if sheet is not None and unread.is_placeholder(text_of(sheet)):
        return PageRead()
    reading = engines.read(index) if sheet is None else PageReading(text_of(sheet))
    whole = sheet is not None and is_mostly_hidden(sheet)
    if sheet is not None and whole:
        reading = PageReading(reading.raw + UNREADABLE * sheet.hidden)
    seen = scans.page(index, reading, sheet)
    if seen.page is not None:
        # OCR excludes text that was filled in or typed over; notes are beside the page.
        insets = insets_of(engines, index)
        notes = [inset for inset in insets if inset.kind == "note"]
        return PageRead(picture=seen.page, written=written(notes))
    if sheet is None:
        more = written(insets_of(engines, index))
        text = hidden.without_names(index, clean(reading.raw))
        return PageRead(text=_with_written(text, more))
    if seen.insets:
        sheet = replace(sheet, insets=(*sheet.insets, *seen.insets))
    hidden.signs += sheet.signs
    unread.unseen += sheet.unseen
    if sheet.unreadable and not whole:
        sheet = hidden.with_places(index, sheet)
    return PageRead(blocks=blocks_of(sheet), height=sheet.height)


def _with_written(text: str, written: Sequence[str]) -> str:
    """Append the text of annotations, unless the page prints it already."""
    printed = "".join(text.split())
    more = [clean(line) for line in written]
    missing = [line for line in more if line and "".join(line.split()) not in printed]
    return "\n".join([text, *missing]).strip("\n") if missing else text
