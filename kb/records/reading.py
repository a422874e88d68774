"""What is read of a document by its address."""

from __future__ import annotations

from dataclasses import dataclass

from kb.places import page_span
from kb.records.stored import DocumentInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A stretch of a document, and where it stands.

    Attributes:
        short_id: what reads it again and no more: the document's short id, a passage's, or, where a
            range was asked for or the limit cut it, that of the stretch.
        document: what it is read from.
        text: what stands there.
        start: the document's character at which it begins, from 0.
        end: the character behind its last one.
        line_first: the line in which it begins, from 1; 0 of a document without text.
        line_last: the line in which it ends.
        lines: how many lines the document has.
        page_first: number of the page on which it begins; None where there are no pages.
        page_last: number of the page on which it ends.
        page_label: what the document calls the first page, empty for nothing.
        page_label_last: what it calls the last one.
        heading_path: the headings above the place where it begins.
        header: of a passage inside of a table, the row that names its columns.
        before: text of the passages before it, as many as were asked for and fit.
        after: text of those after it.
        previous: of a passage, the short id of the one before what is shown; empty at the start.
        next: the short id of the one after what is shown; empty at the end.
        more: the short id of the rest of what was asked for and exceeds the limit; empty if none.
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
        """Where in the document: pages, if it has any, and lines."""
        one = self.line_first == self.line_last
        lines = f"line {self.line_first}" if one else f"lines {self.line_first}–{self.line_last}"
        return f"p. {self.pages}, {lines}" if self.pages else lines
