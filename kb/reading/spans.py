"""Which characters of a document are meant: lines, pages, or characters themselves."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from kb.errors import SettingsError
from kb.places import page_span
from kb.records import Document, Page

_RANGE = re.compile(r"\s*(\d{0,18})\s*(-?)\s*(\d{0,18})\s*", re.ASCII)

Span = tuple[int, int]
"""Half-open, in code points of the document's text."""


class Lines:
    """The lines of a text, counted from 1; a line end at its very end begins no further line."""

    def __init__(self, text: str) -> None:
        # Documents hold no line end but this one; others that Python knows stay in their line.
        parts = text.split("\n")
        if parts[-1] == "":
            parts.pop()
        self._starts = [0, *accumulate(len(part) + 1 for part in parts)][: len(parts)]
        self._end = len(text) - text.endswith("\n")

    def __len__(self) -> int:
        return len(self._starts)

    def number(self, position: int) -> int:
        """Return the number of the line in which a character stands; 0 where there are none."""
        return bisect_right(self._starts, position)

    def span(self, first: int, last: int) -> Span:
        """Return where a line begins and where another one ends, without its line end."""
        end = self._starts[last] - 1 if last < len(self) else self._end
        return self._starts[first - 1], end

    def begins(self, position: int) -> bool:
        """Say whether a line begins at a character."""
        line = self.number(position)
        return line > 0 and self._starts[line - 1] == position


def two_ends(written: str, what: str) -> tuple[int | None, int | None]:
    """Return the ends of a range as a person writes it: 3, 3-7, 3- or -7.

    Args:
        written: the range.
        what: what it counts, for the message.

    Raises:
        SettingsError: it is no range, or ends before it begins.
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
    """Return the characters of a range of lines.

    Raises:
        SettingsError: it is no range, or the document has no such lines.
    """
    first, last = two_ends(written, "lines")
    return numbered_lines(1 if first is None else first, last, lines, name)


def numbered_lines(first: int, last: int | None, lines: Lines, name: str) -> Span:
    """Return the characters from one line to another; to the end where that is not given.

    Raises:
        SettingsError: the document has no such lines.
    """
    if not 1 <= first <= len(lines) or last == 0:
        msg = (
            f"{name} has {_counted(len(lines), 'line')}, counted from 1; there is no line "
            f"{0 if last == 0 else first}"
        )
        raise SettingsError(msg)
    return lines.span(first, min(last or len(lines), len(lines)))


def of_characters(written: str, text: str, name: str) -> Span:
    """Return a range of characters, from the first up to, not with, the last.

    Raises:
        SettingsError: it is no range, or the document has no such characters.
    """
    first, last = two_ends(written, "characters")
    return characters(first or 0, last if "-" in written else None, text, name)


def characters(first: int, last: int | None, text: str, name: str) -> Span:
    """Return the characters from ``first`` up to ``last``; to the end where that is not given.

    Raises:
        SettingsError: the document has no such characters.
    """
    if first >= len(text) or (last is not None and last <= first):
        msg = (
            f"{name} has {_counted(len(text), 'character')}, counted from 0; there are none from "
            f"{first} to {'the end' if last is None else last}"
        )
        raise SettingsError(msg)
    return first, len(text) if last is None else min(last, len(text))


def named(first: int, last: int | None, text: str, name: str) -> Span:
    """Return the characters that an id names, none where it is that of an empty line or page.

    Raises:
        SettingsError: the document has no such characters.
    """
    if first == last and first <= len(text):
        return first, first
    return characters(first, last, text, name)


def of_pages(written: str, document: Document, name: str) -> Span:
    """Return the characters of a range of pages, by number, or of one page by its label.

    Raises:
        SettingsError: it is no range, or the document has no such pages.
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
    """Return the pages on which a stretch stands; that where it begins if it is empty."""
    start, end = span[0], max(span[1], span[0] + 1)
    return tuple(page for page in pages if page.start < end and page.end > start)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
