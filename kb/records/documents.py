"""Documents as loaders read them, and their passages.

All spans are half-open offsets ``[start, end)`` in Unicode code points of ``Document.text``, the
normalised and stored text. ``document.text[chunk.start:chunk.end] == chunk.text`` always holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MetadataValue = str | int | float | bool
"""Type of a metadata value; vector stores support the same four types."""

SectionKind = Literal["text", "table", "code"]
MediaType = Literal["pdf", "docx", "markdown", "text"]
PageSource = Literal["text", "ocr", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of a document under one heading and of one kind; sections never overlap.

    ``header_rows`` is the number of rows at the top of a table that name its columns. A table with
    0 may continue the table before it.
    """

    start: int
    end: int
    heading_path: tuple[str, ...] = ()
    kind: SectionKind = "text"
    header_rows: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox:
    """One line read from a picture: its span and its box on the page.

    ``box`` is (left, top, right, bottom) from the top left corner, as fractions of the page's width
    and height. So it is independent of the resolution.
    """

    start: int
    end: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a paged document.

    ``number`` counts from 1; ``label`` is the printed page number ("iv", "A-3"). ``read_by`` is the
    origin of the text: the file's own text, OCR, or none. ``confidence`` is the OCR reader's mean
    confidence in [0, 1]; None for other pages.
    """

    number: int
    start: int
    end: int
    label: str = ""
    read_by: PageSource = "text"
    confidence: float | None = None
    boxes: tuple[TextBox, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice for the reader of a document, such as pages that could not be read.

    ``code`` is stable and translatable (``"pages_look_scanned"``). ``values`` fill the placeholders
    of the translation. ``message`` is the complete English sentence.
    """

    code: str
    message: str
    values: Mapping[str, MetadataValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    r"""A document as a loader read it: normalised text, structure, and notices of unread parts.

    ``text`` is NFC, with ``\n`` line ends and without NUL or other control characters. ``sections``
    are ordered and cover all searchable text. ``pages`` are ordered, and empty for formats without
    pages. ``title`` comes from the document and may be empty. It never comes from the file name, so
    that a renamed file needs no new embedding.
    """

    text: str
    media_type: MediaType
    title: str = ""
    sections: tuple[Section, ...] = ()
    pages: tuple[Page, ...] = ()
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        title: str = "",
        metadata: Mapping[str, MetadataValue] | None = None,
    ) -> Document:
        """Make a document of plain text."""
        from kb.text import normalise  # noqa: PLC0415 - records stay free of imports

        clean = normalise(text)
        return cls(
            text=clean,
            media_type="text",
            title=title,
            sections=(Section(start=0, end=len(clean)),) if clean else (),
            metadata=dict(metadata or {}),
        )


def with_header(header: str, text: str) -> str:
    """Return a chunk's text below its table's header row, as both searches read it."""
    return f"{header}\n{text}" if header else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage of a document that fits into the embedding model's limit.

    ``ordinal`` counts from 0 in reading order. ``page_first`` and ``page_last`` are page numbers
    from 1; None for formats without pages. ``tokens`` is the number of tokens that the model reads
    for this chunk, including prompt and special tokens.

    ``header`` is the header row of a table if the chunk begins inside the table. It is embedded and
    indexed with the text and counts in the chunk's size. It is not a part of the span.
    """

    ordinal: int
    text: str
    start: int
    end: int
    heading_path: tuple[str, ...] = ()
    kind: SectionKind = "text"
    page_first: int | None = None
    page_last: int | None = None
    tokens: int = 0
    header: str = ""
