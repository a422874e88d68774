"""The text of a picture: paragraphs and tables joined in order, with the place of each line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ingest.loaders.pictures.reading_order import Box, reading_order
from ingest.loaders.pictures.rules import Bounds
from ingest.loaders.pictures.tables import PictureTable
from ingest.loaders.printed_lines import joiner, spaces_scripts, usual_width
from kb.records import TextBox


@dataclass(frozen=True, slots=True)
class TableSpan:
    """The beginning and end of a table in a picture's text, and its number of header rows."""

    start: int
    end: int
    header_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureText:
    """The text read in a picture.

    ``confidence`` is the mean over characters, in [0, 1]; ``boxes`` and ``tables`` count from the
    start of ``text``. ``text`` is empty if nothing could be read.
    """

    text: str
    confidence: float
    boxes: tuple[TextBox, ...]
    tables: tuple[TableSpan, ...] = ()


def text_of(
    boxes: Sequence[Box],
    aside: Iterable[Box],
    tables: Sequence[PictureTable],
    place: Callable[[Bounds], Bounds],
    confidence: float,
) -> PictureText:
    """Join lines and tables into text.

    Args:
        boxes: the lines; tables refer to their lines by index.
        aside: lines that come last, each by itself.
        tables: of the lines.
        place: returns the place of a box of the upright picture, in fractions of the picture.
        confidence: of all.
    """
    taken = frozenset[int]().union(*(table.taken for table in tables))
    stand_ins = [_stand_in(table) for table in tables]
    stands_for = {id(box): table for box, table in zip(stand_ins, tables, strict=True)}
    rest = [box for at, box in enumerate(boxes) if at not in taken]
    paragraphs = [*reading_order([*rest, *stand_ins]), *([[box]] for box in aside)]
    lines = [" ".join(box.text for box in line) for part in paragraphs for line in part]
    writer = _Writer(place, usual_width(lines), spaced=spaces_scripts(lines))
    for paragraph in paragraphs:
        prose: list[list[Box]] = []
        for line in paragraph:
            plain = [box for box in line if id(box) not in stands_for]
            if plain:
                prose.append(plain)
            if len(plain) < len(line):
                writer.paragraph(prose)
                prose = []
                for box in line:
                    if id(box) in stands_for:
                        writer.table(stands_for[id(box)])
        writer.paragraph(prose)
    return writer.done(confidence)


def _stand_in(table: PictureTable) -> Box:
    left, top, right, bottom = table.box
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Box(corners=corners, text="", score=1.0)


@dataclass(slots=True)
class _Writer:
    """Text that grows line by line; ``full`` is the page's usual width of a line."""

    place: Callable[[Bounds], Bounds]
    full: int
    spaced: bool = field(kw_only=True)
    _parts: list[str] = field(default_factory=list)
    _placed: list[TextBox] = field(default_factory=list)
    _tables: list[TableSpan] = field(default_factory=list)
    _length: int = 0

    def paragraph(self, lines: Sequence[Sequence[Box]]) -> None:
        """Add the lines of a paragraph, joined where one continues the other."""
        between = "\n\n"
        previous = ""
        for line in lines:
            if previous:
                join = joiner(previous, line[0].text, self.full, spaced=self.spaced)
                between = "" if join is None else join
                if join is None:
                    self._drop_hyphen()
            for box in line:
                self._add(box.text, between, box.bounds)
                between = " "
            previous = " ".join(box.text for box in line)

    def table(self, table: PictureTable) -> None:
        """Add the rows of a table."""
        between = "\n\n"
        start = -1
        for text, box in zip(table.lines, table.row_boxes, strict=True):
            at = self._add(text, between, box)
            start = at if start < 0 else start
            between = "\n"
        self._tables.append(TableSpan(max(start, 0), self._length, table.header_rows))

    def done(self, confidence: float) -> PictureText:
        """Return the complete text."""
        return PictureText(
            text="".join(self._parts),
            confidence=round(confidence, 4),
            boxes=tuple(self._placed),
            tables=tuple(self._tables),
        )

    def _add(self, text: str, between: str, box: Bounds) -> int:
        """Append a piece of text; return its beginning."""
        lead = between if self._parts else ""
        self._parts += (lead, text)
        start = self._length + len(lead)
        self._length = start + len(text)
        self._placed.append(TextBox(start=start, end=self._length, box=self.place(box)))
        return start

    def _drop_hyphen(self) -> None:
        """Remove the last hyphen: it only broke a word at the line's end."""
        self._parts[-1] = self._parts[-1][:-1]
        self._length -= 1
        last = self._placed[-1]
        self._placed[-1] = TextBox(start=last.start, end=last.end - 1, box=last.box)
