"""Spans of a document: lines, pages or characters."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from kb.errors import SettingsError
from kb.places import page_span
from kb.records import Document, Page

_RANGE = re.compile(r"\s*(\d{0,18})\s*(-?)\s*(\d{0,18})\s*", re.ASCII)

Span = tuple[int, int]
"""Half-open range in code points of the document's text."""


class Lines:
    """The lines of a text, counted from 1; a line end at the end of the text starts no line."""

    def __init__(self, text: str) -> None:
        # Documents contain only this line end; Python's other line ends are part of their line.
        parts = text.split("\n")
        if parts[-1] == "":
            parts.pop()
        self._starts = [0, *accumulate(len(part) + 1 for part in parts)][: len(parts)]
        self._end = len(text) - text.endswith("\n")

    def __len__(self) -> int:
        return len(self._starts)

    def number(self, position: int) -> int:
        """Return the number of the line with a character; 0 if there are no lines."""
        return bisect_right(self._starts, position)

    def span(self, first: int, last: int) -> Span:
        """Return the start of the first line and the end of the last, without its line end."""
        end = self._starts[last] - 1 if last < len(self) else self._end
        return self._starts[first - 1], end

    def begins(self, position: int) -> bool:
        """Return whether a line begins at a character."""
        line = self.number(position)
        return line > 0 and self._starts[line - 1] == position


def two_ends(written: str, what: str) -> tuple[int | None, int | None]:
    """Return the ends of a typed range: 3, 3-7, 3- or -7.

    Args:
        written: the range.
        what: the name of its unit, for the message.

    Raises:
        SettingsError: the text is not a range, or ends before it begins.
    """
    found = _RANGE.fullmatch(written)
    if found is None or not (found[1] or found[3]):
        msg = f"{written[:40]!r} is not a range of {what}; write 3, 3-7, 3- or -7"
        raise SettingsError(msg)
    first = int(found[1]) if found[1] else None
    last = int(found[3]) if found[3] else None
    if first is not None and last is not None and first > last:
        msg = f"{written[:40]!r} ends before it begins; write {last}-{first}"
        raise SettingsError(msg)
    return first, last if found[2] else first


def of_lines(written: str, lines: Lines, name: str) -> Span:
    """Return the characters of a typed range of lines.

    Raises:
        SettingsError: the text is not a range, or the document lacks these lines.
    """
    first, last = two_ends(written, "lines")
    return numbered_lines(1 if first is None else first, last, lines, name)


def numbered_lines(first: int, last: int | None, lines: Lines, name: str) -> Span:
    """Return the characters of a range of lines; ``last`` None means to the end.

    Raises:
        SettingsError: the document lacks these lines.
    """
    if not 1 <= first <= len(lines) or last == 0:
        msg = (
            f"{name} has {_counted(len(lines), 'line')}, counted from 1; there is no line "
            f"{0 if last == 0 else first}"
        )
        raise SettingsError(msg)
    return lines.span(first, min(last or len(lines), len(lines)))


def of_characters(written: str, text: str, name: str) -> Span:
    """Return the span of a typed range of characters; the end is exclusive.

    Raises:
        SettingsError: the text is not a range, or the document lacks these characters.
    """
    first, last = two_ends(written, "characters")
    return characters(first or 0, last if "-" in written else None, text, name)


def characters(first: int, last: int | None, text: str, name: str) -> Span:
    """Return the span from ``first`` up to ``last``, exclusive; ``last`` None means to the end.

    Raises:
        SettingsError: the document lacks these characters.
    """
    if first >= len(text) or (last is not None and last <= first):
        msg = (
            f"{name} has {_counted(len(text), 'character')}, counted from 0; there are none from "
            f"{first} to {'the end' if last is None else last}"
        )
        raise SettingsError(msg)
    return first, len(text) if last is None else min(last, len(text))


def named(first: int, last: int | None, text: str, name: str) -> Span:
    """Return the span of a short id; an empty one for an empty line or page.

    Raises:
        SettingsError: the document lacks these characters.
    """
    if first == last and first <= len(text):
        return first, first
    return characters(first, last, text, name)


def of_pages(written: str, document: Document, name: str) -> Span:
    """Return the characters of a typed range of pages, by number, or of one page by its label.

    Raises:
        SettingsError: the text is not a range, or the document lacks these pages.
    """
    pages = document.pages
    if not pages:
        msg = f"{name} has no pages; read its lines, for example 1-50"
        raise SettingsError(msg)
    labelled = [page for page in pages if page.label == written.strip()]
    if labelled and not written.strip().isdecimal():
        return labelled[0].start, labelled[-1].end
    first, last = two_ends(written, "pages")
    least, most = 1 if first is None else first, pages[-1].number if last is None else last
    chosen = [page for page in pages if least <= page.number <= most and least]
    if not chosen:
        wanted = page_span(least, last)
        msg = (
            f"{name} has {_counted(len(pages), 'page')}, counted from 1; there is no page {wanted}"
        )
        raise SettingsError(msg)
    return chosen[0].start, chosen[-1].end


def touched(pages: tuple[Page, ...], span: Span) -> tuple[Page, ...]:
    """Return the pages that a span touches; for an empty span, the page of its start."""
    start, end = span[0], max(span[1], span[0] + 1)
    return tuple(page for page in pages if page.start < end and page.end > start)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
