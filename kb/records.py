"""The values that pass between reading, storing and searching: frozen, slotted, keyword-only.

All spans are half-open ``[start, end)`` offsets in Unicode code points of ``Document.text``,
the normalised text that is stored; ``document.text[chunk.start:chunk.end] == chunk.text`` always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

from kb.places import page_span

MetadataValue = str | int | float | bool
"""What a metadata key may hold (Chroma stores the same four types)."""

SectionKind = Literal["text", "table", "code"]
MediaType = Literal["pdf", "docx", "markdown", "text"]
PageSource = Literal["text", "ocr", "none"]
SearchMode = Literal["hybrid", "dense", "keyword"]

Highlighting = Literal["sentences", "words", "none"]
"""What of a hit is marked: the query's words; where they do not explain it, the sentence nearest
to the query (the model reads the hits once more, about 0.1 s for each on a processor); nothing."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a document came from: a registered root and a path below it, with ``/``.

    ``root`` is an absolute folder, or ``"uploads"`` for files sent through the browser,
    or ``"python"`` for documents added from Python.
    """

    root: str
    path: str

    def __str__(self) -> str:
        return self.path

    @property
    def file(self) -> Path | None:
        """The path on disk; None without a folder, or if the path leads out of it."""
        root, path = PurePosixPath(self.root), PurePosixPath(self.path)
        if not root.is_absolute() or path.is_absolute() or ".." in (*root.parts, *path.parts):
            return None
        return Path(root, path)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]


Outcome = Literal["indexed", "warnings", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """What the catalog remembers of a source: enough to tell whether its file has changed.

    ``size`` is in bytes, ``mtime_ns`` in nanoseconds since the epoch. ``settings_hash`` covers
    everything besides the bytes that decides the result (loader version, chunking, model).
    ``document_id`` is None when the file could not be read; ``reason`` then says why.
    """

    source: Source
    size: int
    mtime_ns: int
    content_hash: str
    settings_hash: str
    outcome: Outcome
    document_id: int | None = None
    reason: str = ""
    reason_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """A document as the catalog lists it. ``size`` is in bytes, ``characters`` in code points.

    ``language`` is what the document says, else ISO 639-1 told by its text, else empty. ``tags``
    are those that people gave it; those it has of its own are in ``metadata``.
    """

    id: int
    collection: str
    title: str
    media_type: MediaType
    sources: tuple[Source, ...]
    size: int
    characters: int
    pages: int
    chunks: int
    tokens: int
    content_hash: str
    added_at: datetime
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    language: str = ""
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file name a person would call it by, else its title."""
        return self.sources[0].name if self.sources else self.title or f"document {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A file that could not be read, and why.

    ``document_id`` is an older version of it that is still found, added at ``document_added_at``;
    both are None where there is none.
    """

    source: Source
    reason: str
    reason_code: str
    size: int
    seen_at: datetime
    document_id: int | None = None
    document_added_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionInfo:
    """A collection and what is in it. ``embedder`` names the model its vectors come from.

    ``instruction`` is what its queries ask for, for models that take one; empty for the settings'.
    ``mode`` is how it is searched; None for the settings'.
    """

    id: str
    name: str
    description: str
    instruction: str = ""
    mode: SearchMode | None = None
    embedder: str
    dim: int
    documents: int
    chunks: int
    created_at: datetime


CollectionRef = CollectionInfo | str | None
"""Which collection: that one, whatever it is called by now; the one of that name; the settings'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Tags and languages of the documents of a collection, most frequent first."""

    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """One passage that answers a query, best first by ``score``, which depends on the mode.

    ``dense``: cosine similarity in [-1, 1]. ``keyword``: BM25, from 0 up. ``hybrid``: how near
    the passage is to being first by meaning and by words with every word found, in [0, 1]; it is
    made of ranks and no similarity. ``scores`` holds what each stage gave: ``dense``,
    ``keyword``, ``fused``, as far as the stage found the passage, and ``ranks`` its place there,
    from 1. ``sources`` lists every file that holds this passage. ``before``
    and ``after`` are the document's text around ``text``, where neighbours were asked for.

    ``page_label`` and ``page_label_last`` are what the document calls its first and last page.
    ``header`` is the header row of the table that the passage begins inside of. ``highlights`` are
    spans inside ``text``. ``read_by`` and ``confidence`` say whether the passage was read from a
    picture and how sure the reader was.
    """

    score: float
    text: str
    collection: str
    document_id: int
    chunk_id: int
    ordinal: int
    title: str
    media_type: MediaType
    sources: tuple[Source, ...]
    start: int
    end: int
    heading_path: tuple[str, ...] = ()
    kind: SectionKind = "text"
    page_first: int | None = None
    page_last: int | None = None
    page_label: str = ""
    page_label_last: str = ""
    read_by: PageSource = "text"
    confidence: float | None = None
    header: str = ""
    highlights: tuple[tuple[int, int], ...] = ()
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    ranks: Mapping[str, int] = field(default_factory=dict)
    before: str = ""
    after: str = ""

    @property
    def source(self) -> str:
        """The file to show first for this hit."""
        return self.sources[0].path if self.sources else self.title

    @property
    def pages(self) -> str:
        """Its page or pages as a citation names them, by label or by number; else empty."""
        if self.page_first is None:
            return ""
        return page_span(
            self.page_first,
            self.page_last,
            first_label=self.page_label,
            last_label=self.page_label_last,
        )

    @property
    def place(self) -> str:
        """Where in the document: its page or pages if it has any, else its heading path."""
        if self.page_first is not None:
            return f"p. {self.pages}"
        return " › ".join(self.heading_path)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddResult:
    """What adding one document did."""

    document_id: int
    outcome: Literal["added", "changed", "unchanged"]
    chunks: int
    embedded: int
    reused: int
    tokens: int
