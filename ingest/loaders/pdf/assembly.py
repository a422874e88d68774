"""Assembles a document of pages: removes running titles, joins lines, makes sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.loaders.base import BLOCK_BREAK, DocumentBuilder
from ingest.loaders.pdf.layout.code_pages import with_one_edge
from ingest.loaders.pdf.layout.continuing import with_continued
from ingest.loaders.pdf.layout.edges import PageBlocks
from ingest.loaders.pdf.layout.hyphens import Vocabulary, tells_breaks
from ingest.loaders.pdf.layout.joining import Piece, pieces_of, vocabulary_of
from ingest.loaders.pdf.layout.row_pages import with_rows_whole
from ingest.loaders.pdf.layout.running import without_running
from ingest.loaders.pdf.page import Block
from ingest.loaders.printed_lines import clean, find_title, repair, vocabulary
from kb.records import Page
from kb.text import normalise

if TYPE_CHECKING:
    from ingest.loaders.pdf.outline import OutlineEntry
    from ingest.loaders.pdf.pdfium import PdfiumFile
    from ingest.loaders.pictures.text import PictureText


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """One page after reading: as blocks, as an engine's text, or from its picture.

    ``written`` is the text of annotations on a page that OCR read.
    """

    blocks: Sequence[Block] | None = None
    height: float = 0.0
    text: str = ""
    picture: PictureText | None = None
    written: Sequence[str] = ()


def assemble(
    builder: DocumentBuilder,
    pages: Sequence[PageRead],
    outline: Sequence[OutlineEntry],
    pdfium: PdfiumFile | None,
) -> None:
    """Add the pages to ``builder``, opening a section at each entry of the outline."""
    laid = without_running(
        [
            PageBlocks(list(page.blocks), page.height) if page.blocks is not None else None
            for page in pages
        ]
    )
    laid = with_one_edge(with_continued(with_rows_whole(laid)))
    words = Vocabulary(
        vocabulary([page.text for page in pages]) | vocabulary_of(laid),
        tells_breaks=tells_breaks(laid),
    )
    entries: dict[int, list[OutlineEntry]] = {}
    for entry in outline:
        entries.setdefault(entry.page, []).append(entry)
    above: Block | None = None
    for index, (page, blocks) in enumerate(zip(pages, laid, strict=True)):
        here = entries.get(index, [])
        label = pdfium.label(index) if pdfium is not None else ""
        if page.picture is not None:
            pieces = [*_of_picture(page.picture), *_missing(page)]
        elif page.blocks is not None:
            below = _first(laid[index + 1 : index + 2])
            pieces = pieces_of(blocks, words, above, below)
            above = blocks[-1] if below is not None and blocks else None
        else:
            text = repair(page.text, words, [entry.title for entry in here])
            pieces = [Piece(text, "text", BLOCK_BREAK)]
        builder.page(_page(index, label, page))
        _add_page(builder, pieces, here)


def _first(pages: Sequence[Sequence[Block]]) -> Block | None:
    return pages[0][0] if pages and pages[0] else None


def _of_picture(picture: PictureText) -> list[Piece]:
    """Return the content read from a picture: its tables, and the text between them."""
    pieces: list[Piece] = []
    at = 0
    for table in picture.tables:
        pieces.append(
            Piece(normalise(picture.text[at : table.start]).strip("\n"), "text", BLOCK_BREAK)
        )
        rows = normalise(picture.text[table.start : table.end])
        pieces.append(Piece(rows, "table", BLOCK_BREAK, table.header_rows))
        at = table.end
    pieces.append(Piece(normalise(picture.text[at:]).strip("\n"), "text", BLOCK_BREAK))
    return [piece for piece in pieces if piece.text]


def _page(index: int, label: str, page: PageRead) -> Page:
    label = "" if label == str(index + 1) else normalise(label).strip()
    if page.picture is not None:
        # Spans refer to the text before normalisation, which rarely changes it.
        same = normalise(page.picture.text) == page.picture.text
        return Page(
            number=index + 1,
            start=0,
            end=0,
            label=label,
            read_by="ocr",
            confidence=page.picture.confidence,
            boxes=page.picture.boxes if same else (),
        )
    read = page.blocks is not None or bool(page.text)
    return Page(number=index + 1, start=0, end=0, label=label, read_by="text" if read else "none")


def _missing(page: PageRead) -> list[Piece]:
    """Return the text of annotations, unless OCR already read it on the page."""
    printed = "".join(page.picture.text.split()) if page.picture is not None else ""
    more = [clean(line) for line in page.written]
    return [
        Piece(line, "text", "\n") for line in more if line and "".join(line.split()) not in printed
    ]


def _add_page(
    builder: DocumentBuilder, pieces: Sequence[Piece], entries: Sequence[OutlineEntry]
) -> None:
    """Add a page's text, opening a section at each line that an outline entry names.

    If the page does not contain an entry's title, its section begins at that of the entry before,
    or at the top of the page.
    """
    waiting = list(entries)
    number = at = 0
    places = _places(pieces, waiting)
    for number, piece in enumerate(pieces):
        separator = piece.separator
        at = 0
        while places and places[0][0] == number:
            _, found, entry = places.pop(0)
            part = piece.text[at:found]
            if part.strip():
                heads = 0 if at else piece.header_rows
                builder.add(part, piece.kind, separator=separator, header_rows=heads)
                separator = part[len(part.rstrip("\n")) :] or "\n"
            at = found
            builder.heading(entry.level, entry.title, in_text=False)
        heads = 0 if at else piece.header_rows
        builder.add(piece.text[at:], piece.kind, separator=separator, header_rows=heads)
    for _, _, entry in places:
        builder.heading(entry.level, entry.title, in_text=False)


def _places(
    pieces: Sequence[Piece], entries: Sequence[OutlineEntry]
) -> list[tuple[int, int, OutlineEntry]]:
    """Return the piece and the position in it where each entry's section begins."""
    places: list[tuple[int, int, OutlineEntry]] = []
    number = at = 0
    for entry in entries:
        for later in range(number, len(pieces)):
            found = find_title(pieces[later].text, entry.title, at if later == number else 0)
            if found is not None:
                number, at = later, found
                break
        places.append((number, at, entry))
    return places
