"""Documents as loaders read them, and the passages that they are cut into.

All spans are half-open ``[start, end)`` offsets in Unicode code points of ``Document.text``,
the normalised text that is stored; ``document.text[chunk.start:chunk.end] == chunk.text`` always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MetadataValue = str | int | float | bool
"""What a metadata key may hold (vector stores keep the same four types)."""

SectionKind = Literal["text", "table", "code"]
MediaType = Literal["pdf", "docx", "markdown", "text"]
PageSource = Literal["text", "ocr", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of a document under one heading and of one kind; sections never overlap.

    ``header_rows`` says how many rows at the top of a table name its columns; with 0 it may go on
    a table before it.
    """

    start: int
    end: int
    heading_path: tuple[str, ...] = ()
    kind: SectionKind = "text"
    header_rows: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox:
    """One line read from a picture: its span and its box on the page.

    ``box`` is (left, top, right, bottom) as fractions of the page's width and height,
    from the top left corner, so that it holds at any resolution.
    """

    start: int
    end: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a paged document.

    ``number`` counts from 1; ``label`` is what is printed on the page ("iv", "A-3").
    ``read_by`` says where the text came from: the file's own text, OCR, or nowhere.
    ``confidence`` is the OCR reader's mean confidence in [0, 1], None for other pages.
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
    """Something the reader of a document should know, such as pages that could not be read.

    ``code`` is stable and translatable (``"pages_look_scanned"``), ``values`` fill the
    translation, ``message`` is the English sentence made of both.
    """

    code: str
    message: str
    values: Mapping[str, MetadataValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    r"""A document as a loader read it: normalised text, its structure, and what was not read.

    ``text`` is NFC, with ``\n`` line ends and without NUL or other control characters.
    ``sections`` are ordered and cover all text that is to be found; ``pages`` are ordered and
    empty for formats without pages. ``title`` comes from the document, never from the file
    name, so that a renamed file needs no new embedding; it may be empty.
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
        """Make a document of plain text that is already in memory."""
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
    """Return a chunk's text below the header row that it carries, as both searches read it."""
    return f"{header}\n{text}" if header else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage of a document, small enough for the embedding model to read whole.

    ``ordinal`` counts from 0 in reading order. ``page_first`` and ``page_last`` are page
    numbers from 1, None where the format has no pages. ``tokens`` counts what the model
    reads for this chunk, prompt and special tokens included.

    ``header`` is the header row of the table that the chunk begins inside of. It is embedded and
    indexed with the text, it is counted in its size, and it is no part of the span.
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
