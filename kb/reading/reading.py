"""Reads a document, or a part of it, by an address."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kb.catalog.catalog import Catalog
from kb.catalog.state import State
from kb.errors import SettingsError
from kb.reading import spans
from kb.reading.finding import Found, Tiers, find
from kb.reading.spans import Lines, Span
from kb.records import Chunk, Document, DocumentInfo, Reading
from kb.records.short_ids import passage_id, stretch_id
from kb.text import in_message

MOST_CONTEXT = 100
"""Highest number of passages before and after the passage that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The wanted part of a document, with at most one range.

    Attributes:
        pages: pages ``3``, ``3-7``, ``3-`` or ``-7``, or the label of one page.
        lines: lines in the same form, counted from 1.
        characters: characters in the same form, counted from 0; the end is exclusive.
        context: number of passages before and after the passage of the address.
        limit: most characters of the result; None for no limit.

    Raises:
        SettingsError: several ranges are given, or a number is out of bounds.
    """

    pages: str = ""
    lines: str = ""
    characters: str = ""
    context: int = 0
    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse contradictory options."""
        given = [name for name in ("pages", "lines", "characters") if getattr(self, name)]
        if len(given) > 1:
            msg = (
                f"{' and '.join(given)} are given, but only one range can be read; give one of them"
            )
            raise SettingsError(msg)
        if given and self.context:
            msg = (
                f"context works only for a passage, but {given[0]} are given; leave one of them out"
            )
            raise SettingsError(msg)
        if not 0 <= self.context <= MOST_CONTEXT:
            msg = f"context is {self.context}, but must be from 0 to {MOST_CONTEXT}"
            raise SettingsError(msg)
        if self.limit is not None and self.limit < 1:
            msg = f"limit is {self.limit}, but must be 1 or more"
            raise SettingsError(msg)

    @property
    def ranged(self) -> bool:
        """Whether a range of the document is given, which ignores the passage of the address."""
        return bool(self.pages or self.lines or self.characters)


def read(
    catalog: Catalog,
    address: str,
    wanted: Wanted,
    *,
    within: Sequence[str] | None,
    preferred: str,
) -> Reading:
    """Read the text at an address.

    Args:
        catalog: the catalog to look in.
        address: an address as in :mod:`kb.reading.finding`.
        wanted: the wanted part.
        within: names of collections to look in, the first with preference; None for all.
        preferred: name of the collection with preference when all are searched.

    Raises:
        CollectionError: a collection does not exist.
        DocumentNotFoundError: the address matches no document, or several.
        SettingsError: the document has no such pages, lines or characters.
    """
    with catalog.reading() as state:
        if within is None:
            every = state.collections()
            first = [each for each in every if each.name == preferred]
            others = [each for each in every if each.name != preferred]
        else:
            found = [state.collection(name) for name in within]
            first, others = found[:1], found[1:]
        return _read(state, (first, others), address, wanted)


def _read(state: State, tiers: Tiers, address: str, wanted: Wanted) -> Reading:
    found = find(state, tiers, address)
    info = state.document(found.document_id)
    document = state.document_content(found.document_id)
    assert info is not None  # noqa: S101 - of the same state
    assert document is not None  # noqa: S101
    taking = _Taking(info, document, wanted)
    if _names_passage(found) and not wanted.ranged and found.line is None:
        return taking.passage(found, state.chunks_of(found.document_id))
    if wanted.context:
        msg = (
            f"context works only for a passage, and {address[:200]!r} is none; give the id in a hit"
        )
        raise SettingsError(msg)
    return taking.stretch(taking.span(found))


def _names_passage(found: Found) -> bool:
    named = found.short_id
    return named is not None and named.start is not None and named.end is None


class _Taking:
    """One document, from which a part is taken."""

    def __init__(self, info: DocumentInfo, document: Document, wanted: Wanted) -> None:
        self._info = info
        self._document = document
        self._wanted = wanted
        self._lines = Lines(document.text)

    def span(self, found: Found) -> Span | None:
        """Return the wanted characters; None for the whole document."""
        name, text, wanted = in_message(self._info.name), self._document.text, self._wanted
        if wanted.ranged and found.line is not None:
            msg = "the address already selects lines, and another range is given; leave one out"
            raise SettingsError(msg)
        named = found.short_id
        if named is not None and named.end is not None:
            self._refuse_second_range(found)
        if wanted.pages:
            return spans.of_pages(wanted.pages, self._document, name)
        if wanted.lines:
            return spans.of_lines(wanted.lines, self._lines, name)
        if wanted.characters:
            return spans.of_characters(wanted.characters, text, name)
        if found.line is not None:
            if found.count == 0:
                msg = "the address asks for 0 lines; give a number, or nothing for all that follow"
                raise SettingsError(msg)
            last = None if found.count is None else found.line + found.count - 1
            return spans.numbered_lines(found.line, last, self._lines, name)
        if named is not None and named.start is not None:
            return spans.named(named.start, named.end, text, name)
        return None

    def _refuse_second_range(self, found: Found) -> None:
        """Refuse a range in addition to an id with a range: the request would be ambiguous."""
        wanted, named = self._wanted, found.short_id
        given = [each for each in ("pages", "lines", "characters") if getattr(wanted, each)]
        if found.line is not None:
            given = ["lines"]
        if given and named is not None:
            msg = (
                f"the id already selects characters {named.start}-{named.end}, and {given[0]} are "
                f"given; leave them out, or give the id of the whole document, "
                f"{self._info.short_id!r}"
            )
            raise SettingsError(msg)

    def stretch(self, span: Span | None) -> Reading:
        """Return a part of the document, or all of it."""
        whole = (0, len(self._document.text))
        start, end = asked = span or whole
        limit = self._wanted.limit
        if limit is not None and end - start > limit:
            end = self._cut(start, start + limit)
        own = self._info.short_id
        cut = end < asked[1]
        # The citation names exactly the text that was read.
        named = own if span is None and not cut else stretch_id(own, start, end)
        more = stretch_id(own, end, asked[1]) if cut else ""
        return self._reading((start, end), short_id=named, more=more, heading=self._heading(start))

    def passage(self, found: Found, chunks: Sequence[Chunk]) -> Reading:
        """Return the passage at a character."""
        own, text, limit = self._info.short_id, self._document.text, self._wanted.limit
        position = (found.short_id and found.short_id.start) or 0
        spans.characters(position, None, text, in_message(self._info.name))
        if not chunks:  # no search finds any of it
            return self.stretch((position, len(text)))
        starts = [chunk.start for chunk in chunks]
        at = max(0, bisect_right(starts, position) - 1)
        chunk = chunks[at]
        start, end = chunk.start, chunk.end
        if limit is not None and end - start > limit:
            end = self._cut(start, start + limit)
        first, last = at, at
        left = None if limit is None else limit - (end - start)
        if end == chunk.end:
            first, last = self._neighbours(chunks, at, left)
        return self._reading(
            (start, end),
            short_id=stretch_id(own, start, end) if end < chunk.end else passage_id(own, start),
            heading=chunk.heading_path,
            header=chunk.header,
            before=text[chunks[first].start : start] if first < at else "",
            after=text[end : chunks[last].end] if last > at else "",
            previous=passage_id(own, starts[first - 1]) if first else "",
            following=passage_id(own, starts[last + 1]) if last + 1 < len(chunks) else "",
            more=stretch_id(own, end, chunk.end) if end < chunk.end else "",
        )

    def _neighbours(self, chunks: Sequence[Chunk], at: int, left: int | None) -> tuple[int, int]:
        """Return the first and last passage to show: as many neighbours as asked for and as fit."""
        first = last = at
        for _ in range(self._wanted.context):
            for further in (-1, 1):
                new = (first - 1, last) if further < 0 else (first, last + 1)
                if new[0] < 0 or new[1] >= len(chunks):
                    continue
                around = chunks[at].start - chunks[new[0]].start, chunks[new[1]].end
                size = around[0] + max(0, around[1] - chunks[at].end)
                if left is None or size <= left:
                    first, last = new
        return first, last

    def _cut(self, start: int, end: int) -> int:
        """Return the end of the text before a limit: after a whole line, if one fits."""
        line = self._document.text.rfind("\n", start, end)
        return line + 1 if line >= start else end

    def _heading(self, position: int) -> tuple[str, ...]:
        sections = self._document.sections
        at = bisect_right([each.start for each in sections], position) - 1
        return sections[at].heading_path if at >= 0 else ()

    def _reading(
        self,
        span: Span,
        *,
        short_id: str,
        heading: tuple[str, ...],
        header: str = "",
        before: str = "",
        after: str = "",
        previous: str = "",
        following: str = "",
        more: str = "",
    ) -> Reading:
        start, end = span
        pages = spans.touched(self._document.pages, span)
        return Reading(
            short_id=short_id,
            document=self._info,
            text=self._document.text[start:end],
            start=start,
            end=end,
            line_first=self._lines.number(start),
            line_last=self._lines.number(max(start, end - 1)),
            lines=len(self._lines),
            page_first=pages[0].number if pages else None,
            page_last=pages[-1].number if pages else None,
            page_label=pages[0].label if pages else "",
            page_label_last=pages[-1].label if pages else "",
            heading_path=heading,
            header=header,
            before=before,
            after=after,
            previous=previous,
            next=following,
            more=more,
        )
