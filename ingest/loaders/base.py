"""The protocol of loaders, their options, and the builder that assembles a Document.

A loader reads one file's bytes and returns one ``kb.records.Document``. It runs in a worker
process of ``ingest.reading.sandbox``; so this package imports neither llama_cpp nor chromadb.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from kb.records import Document, MediaType, MetadataValue, Notice, Page, Section, SectionKind
from kb.text import normalise

BLOCK_BREAK = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """Limits and options for reading one file.

    Passwords are tried in order. They are never stored, and no hash contains them.
    ``ocr_max_pixels`` limits the picture of a whole page; pictures inside a page may have eight
    times as many pixels.
    """

    passwords: tuple[str, ...] = field(default=(), repr=False)
    max_file_bytes: int = 512 * 2**20
    ocr: bool = True
    ocr_max_pages: int = 200
    ocr_max_pixels: int = 25_000_000
    ocr_max_seconds: int = 1_800
    max_unpacked_bytes: int = 512 * 2**20
    max_unpack_ratio: int = 200


class Loader(Protocol):
    """Reads one format.

    ``version`` rises whenever the loader reads the same bytes differently. Files that an older
    version read are then read again.
    """

    extensions: tuple[str, ...]
    version: int

    def load(
        self,
        path: Path,
        options: LoadOptions,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Document:
        """Read ``path``.

        It calls ``on_progress(done, total)`` for each page, if the format has pages.

        Raises:
            LoadError: one of its subclasses, for this file.
        """
        ...


@dataclass(slots=True)
class DocumentBuilder:
    """Collects blocks in reading order and keeps sections and pages aligned with the text.

    Call :meth:`heading` and :meth:`page` when they begin, then :meth:`add` for each block. Blocks
    are separated by a blank line. A heading's own text is part of the section that it opens,
    because people may search for it.
    """

    media_type: MediaType
    title: str = ""
    metadata: dict[str, MetadataValue] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _sections: list[Section] = field(default_factory=list)
    _pages: list[Page] = field(default_factory=list)
    _headings: list[tuple[int, str]] = field(default_factory=list)
    _breaks_section: bool = True

    @property
    def length(self) -> int:
        """Code points of the text so far."""
        return self._length

    @property
    def heading_path(self) -> tuple[str, ...]:
        """The headings above the next block, outermost first."""
        return tuple(title for _, title in self._headings)

    def page(self, page: Page) -> None:
        """Begin a page; added text determines its span (``start``/``end`` are ignored).

        The spans of its boxes count from the beginning of the page's text.
        """
        self._pages.append(replace(page, start=self._length, end=self._length))

    def heading(self, level: int, title: str, *, in_text: bool = True) -> None:
        """Open a section of ``level`` (1 is outermost) and add its title as text.

        ``in_text=False`` is for outlines, because the page's text contains their titles anyway.
        """
        title = " ".join(normalise(title).split())
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        if title:
            self._headings.append((level, title))
        self._breaks_section = True
        if in_text and title:
            self.add(title)

    def add(
        self,
        text: str,
        kind: SectionKind = "text",
        *,
        separator: str = BLOCK_BREAK,
        header_rows: int = 1,
    ) -> tuple[int, int]:
        """Append one block and return its span; blank blocks add nothing.

        Consecutive text blocks under one heading share a section. Tables and code blocks get a
        section each, so that the splitter can treat them as units. The ``header_rows`` of a table
        name its columns.
        """
        text = normalise(text).strip("\n")
        if not text.strip():
            return (self._length, self._length)
        if self._parts:
            self._parts.append(separator)
            self._length += len(separator)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        self._extend_sections(start, kind, header_rows)
        self._extend_page(start)
        return (start, self._length)

    def build(self, metadata: Mapping[str, MetadataValue] | None = None) -> Document:
        """Return the document."""
        return Document(
            text="".join(self._parts),
            media_type=self.media_type,
            title=" ".join(normalise(self.title).split()),
            sections=tuple(self._sections),
            pages=tuple(map(_place_boxes, self._pages)),
            metadata={**self.metadata, **(metadata or {})},
            notices=tuple(self.notices),
        )

    def _extend_sections(self, start: int, kind: SectionKind, header_rows: int) -> None:
        last = self._sections[-1] if self._sections else None
        joins = (
            last is not None and kind == "text" and last.kind == "text" and not self._breaks_section
        )
        if joins and last is not None:
            self._sections[-1] = replace(last, end=self._length)
        else:
            self._sections.append(
                Section(
                    start=start,
                    end=self._length,
                    heading_path=self.heading_path,
                    kind=kind,
                    header_rows=header_rows if kind == "table" else 1,
                ),
            )
        self._breaks_section = False

    def _extend_page(self, start: int) -> None:
        if self._pages:
            page = self._pages[-1]
            begin = start if page.end == page.start else page.start
            self._pages[-1] = replace(page, start=begin, end=self._length)


def _place_boxes(page: Page) -> Page:
    if not page.boxes:
        return page
    boxes = (
        replace(box, start=box.start + page.start, end=box.end + page.start) for box in page.boxes
    )
    return replace(page, boxes=tuple(boxes))
