"""What a document says, before any program sets it: the values that makers turn into files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Look = Literal["ruled", "booktabs", "plain"]
FieldKind = Literal["text", "check", "choice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """``note`` is a footnote after the last word, ``link`` an address behind the whole text, and
    ``comment`` a remark that belongs to the paragraph without being part of it."""

    text: str
    note: str = ""
    link: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    texts: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Cells drawn as one: ``count`` rows down from ``row`` in ``column``."""

    row: int
    column: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``rows`` hold every row's values, the merged ones in each row that they cover.

    The first column names the rows. ``numeric`` are the columns set flush right.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    look: Look = "ruled"
    merged: tuple[Merged, ...] = ()
    numeric: frozenset[int] = frozenset()
    widths: tuple[float, ...] = ()

    def shares(self) -> tuple[float, ...]:
        """Return the columns' widths as shares of the line."""
        widths = self.widths or (1.0,) * len(self.columns)
        return tuple(width / sum(widths) for width in widths)

    def covered(self, row: int, column: int) -> bool:
        """Whether a merged cell above covers this one."""
        return any(m.column == column and m.row < row < m.row + m.count for m in self.merged)

    def span(self, row: int, column: int) -> int:
        """Return how many rows the cell covers."""
        return next((m.count for m in self.merged if (m.row, m.column) == (row, column)), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Labels with their values at the line's end: totals, or a table of contents (``leaders``)."""

    pairs: tuple[tuple[str, str], ...]
    leaders: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A form's field; a check box's ``value`` is "yes" or "no"."""

    label: str
    value: str
    kind: FieldKind = "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture with lines of text in it."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A box beside the text, with a place of its own."""

    text: str


Block = Paragraph | Heading | Items | Code | Table | Pairs | Form | Picture | Aside


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A whole document. ``size`` is in points; ``font`` a family of the makers.

    ``header`` and ``footer`` stand on every page, ``numbers`` adds page numbers to the footer.
    ``across`` draws columns line by line over the page, ``twice`` draws letters twice for bold
    type, ``spaced`` sets them apart; ``stamp`` is a line printed over a scan.
    """

    blocks: tuple[Block, ...]
    language: str
    font: Literal["serif", "sans"] = "serif"
    size: float = 11.0
    columns: int = 1
    header: str = ""
    footer: str = ""
    numbers: bool = False
    across: bool = False
    vertical: bool = False
    spaced: bool = False
    twice: bool = False
    stamp: str = ""

    def with_blocks(self, *blocks: Block) -> Content:
        """Return the same document with other blocks."""
        return replace(self, blocks=blocks)
