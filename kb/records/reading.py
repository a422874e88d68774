"""The result of reading a document by an address."""

from __future__ import annotations

from dataclasses import dataclass

from kb.places import page_span
from kb.records.stored import DocumentInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A part of a document, and its place there.

    Attributes:
        short_id: the short id that reads exactly this part again: the document's, a passage's, or
            that of a stretch if the request had a range or the limit cut the text.
        document: the document.
        text: the text of the part.
        start: offset of its first character, from 0.
        end: offset behind its last character.
        line_first: number of its first line, from 1; 0 for a document without text.
        line_last: number of its last line.
        lines: number of lines of the document.
        page_first: number of its first page; None without pages.
        page_last: number of its last page.
        page_label: printed label of its first page; empty for none.
        page_label_last: printed label of its last page.
        heading_path: the headings above its start.
        header: for a passage inside a table, the row that names the table's columns.
        before: text of the passages before it, as many as requested and as fit.
        after: text of the passages after it.
        previous: for a passage, the short id of the passage before the shown text; empty at the
            start of the document.
        next: the short id of the passage after the shown text; empty at the end.
        more: the short id of the requested text beyond the limit; empty if there is none.
    """

    short_id: str
    document: DocumentInfo
    text: str
    start: int
    end: int
    line_first: int
    line_last: int
    lines: int
    page_first: int | None = None
    page_last: int | None = None
    page_label: str = ""
    page_label_last: str = ""
    heading_path: tuple[str, ...] = ()
    header: str = ""
    before: str = ""
    after: str = ""
    previous: str = ""
    next: str = ""
    more: str = ""

    @property
    def pages(self) -> str:
        """Its page or pages as in a citation, by label or by number; empty without pages."""
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
        """Its place in the document: pages, if there are any, and lines."""
        one = self.line_first == self.line_last
        lines = f"line {self.line_first}" if one else f"lines {self.line_first}–{self.line_last}"
        return f"p. {self.pages}, {lines}" if self.pages else lines
