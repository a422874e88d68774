"""A passage in its document, drawn with headings, paragraphs, tables and code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.records import Document, Section
from ui.markup import Span, marked

CELL = " | "
"""The loaders' separator between the cells of a row."""


@dataclass(frozen=True, slots=True)
class _Marked:
    """A document's text with marked spans; spans are offsets into the whole text."""

    document: Document
    spans: Sequence[Span]

    def html(self, start: int, end: int) -> str:
        inside = [(max(a, start) - start, min(b, end) - start) for a, b in self.spans]
        return marked(self.document.text[start:end], [(a, b) for a, b in inside if a < b])


def surroundings_html(
    document: Document, passage: Span, marks: Sequence[Span], *, characters: int
) -> str:
    """Return a passage with a number of characters before and after it as HTML.

    ``passage`` and ``marks`` are offsets into the document's text.
    """
    text = _Marked(document, marks)
    start, end = passage
    first = _line_start(document, max(0, start - characters))
    last = min(len(document.text), end + characters)
    lead = "<p>…</p>" if first else ""
    tail = "<p>…</p>" if last < len(document.text) else ""
    before = "".join(_blocks(text, first, start))
    after = "".join(_blocks(text, end, last))
    return (
        f'<div class="kb-page"><div class="kb-around">{lead}{before}</div>'
        f'<div class="kb-passage">{"".join(_blocks(text, start, end))}</div>'
        f'<div class="kb-around">{after}{tail}</div></div>'
    )


def _blocks(text: _Marked, start: int, end: int) -> Iterator[str]:
    """Yield the blocks between two offsets, section by section."""
    at = start
    for section in text.document.sections:
        if section.end <= start or section.start >= end:
            continue
        left, right = max(start, section.start), min(end, section.end)
        yield _paragraphs(text, at, left)  # text outside all sections
        yield _section(text, section, left, right)
        at = right
    yield _paragraphs(text, at, end)


def _section(text: _Marked, section: Section, start: int, end: int) -> str:
    if section.kind == "code":
        return f"<pre>{text.html(start, end)}</pre>"
    if section.kind == "table":
        return _table(text, start, end, headed=start == section.start)
    heading = section.heading_path[-1] if section.heading_path else ""
    title = len(heading)
    if heading and start == section.start and text.document.text[start:end][:title] == heading:
        whole = start + title == end or text.document.text[start + title] == "\n"
        if whole:
            first = f'<p class="kb-heading">{text.html(start, start + title)}</p>'
            return first + _paragraphs(text, start + title, end)
    return _paragraphs(text, start, end)


def _paragraphs(text: _Marked, start: int, end: int) -> str:
    whole = text.document.text
    pieces = _pieces(whole, start, end, "\n\n")
    filled = [(left, right) for left, right in pieces if whole[left:right].strip()]
    # A piece may begin with the line end of a passage before it.
    trimmed = [(left + (whole[left] == "\n"), right) for left, right in filled]
    return "".join(f"<p>{text.html(left, right)}</p>" for left, right in trimmed)


def _table(text: _Marked, start: int, end: int, *, headed: bool) -> str:
    lines = _pieces(text.document.text, start, end, "\n")
    filled = [(a, b) for a, b in lines if text.document.text[a:b].strip()]
    rows = []
    for number, (left, right) in enumerate(filled):
        cell = "th" if headed and number == 0 else "td"
        cells = _pieces(text.document.text, left, right, CELL)
        rows.append("".join(f"<{cell}>{text.html(a, b)}</{cell}>" for a, b in cells))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="kb-scroll" tabindex="0"><table>{body}</table></div>'


def _pieces(text: str, start: int, end: int, separator: str) -> Iterator[Span]:
    """Yield the spans between separators."""
    at = start
    while (found := text.find(separator, at, end)) >= 0:
        yield at, found
        at = found + len(separator)
    yield at, end


def _line_start(document: Document, at: int) -> int:
    """Move ``at`` forward to the next start of a line, if it is near, to keep rows whole."""
    if at == 0 or document.text[at - 1] == "\n":
        return at
    found = document.text.find("\n", at, at + 200)
    return at if found < 0 else found + 1
