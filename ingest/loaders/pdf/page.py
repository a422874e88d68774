"""The content of a page of a PDF: the values that pass between its readers and its layout.

Data flows one way::

    PDFium -> glyphs -> words ---+
    forms, notes, links,         +-> blocks (paragraphs, tables, code) -> text of the document
    pictures read by OCR: insets +

All boxes are ``(left, top, right, bottom)`` in points (1/72 inch), counted from the top left corner
of the page as a person sees it: rotated and cropped, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ingest.loaders.pdf.turning import Turn
from kb.records import SectionKind

Box = tuple[float, float, float, float]

InsetKind = Literal["field", "typed", "note", "picture", "link"]


@dataclass(frozen=True, slots=True)
class Word:
    """Characters without a gap between them, on one line, in one font size.

    Chinese and Japanese put no spaces between words: there a word is a part of a line without a
    gap. ``size`` is the height of the font in points as drawn. ``fixed`` means that its letters all
    have one width, as in code. ``line`` numbers the word's line in the file's drawing order; it
    only breaks ties.
    """

    text: str
    box: Box
    size: float
    fixed: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A line, or the edge of a filled box, as tables are ruled with; thin in one direction."""

    box: Box

    @property
    def level(self) -> bool:
        """Whether it runs across the page."""
        left, top, right, bottom = self.box
        return right - left >= bottom - top


@dataclass(frozen=True, slots=True)
class Inset:
    """An element of a page that is not part of its printed text.

    ``field`` is a form field's value; ``label`` has the field's name for pages that print none
    beside it. ``ticked`` says whether a box or button is ticked. ``text`` is a radio button's
    meaning, and ``one_of`` marks radio buttons. ``typed`` is text that a reader typed over the
    page. ``note`` is a comment. ``picture`` is OCR's text of a picture, in lines. ``link`` is an
    address to show after the words inside its box.
    """

    kind: InsetKind
    text: str
    box: Box
    label: str = ""
    ticked: bool | None = None
    one_of: bool = False


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line of a page: ``runs_on`` means that the next line of its block continues it.

    ``after`` has the additional end of its paragraph: the addresses of its links. ``notes`` are the
    comments on it, which become separate paragraphs.
    """

    text: str
    box: Box
    runs_on: bool = False
    after: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Paragraphs, a table or a listing, in reading order.

    Lines of a table are rows with cells separated by tabs; lines of code keep their indentation.
    ``apart`` means that white space above separates it from the block before. ``header_rows``
    counts the rows at the top of a table that name columns. ``running`` marks a header or a footer,
    which may separate a paragraph from its end on the next page.
    """

    kind: SectionKind
    lines: tuple[PrintedLine, ...]
    box: Box
    apart: bool = True
    header_rows: int = 0
    running: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page as its readers return it: ``width`` and ``height`` in points.

    ``turned`` has the text in other directions, such as a table printed sideways or columns of
    Japanese: a sheet for each direction, turned so that this text is upright. ``turn`` maps such a
    sheet's boxes to the visible page; None for upright text. ``unreadable`` are the visible places
    of text in fonts that hide their characters; ``hidden`` counts these characters. ``signs``
    counts omitted single characters without a reading, ``unseen`` invisible ones.
    """

    width: float
    height: float
    words: tuple[Word, ...]
    rules: tuple[Rule, ...] = ()
    insets: tuple[Inset, ...] = ()
    turned: tuple[Sheet, ...] = ()
    turn: Turn | None = None
    unreadable: tuple[Box, ...] = ()
    hidden: int = 0
    signs: int = 0
    unseen: int = 0

    @property
    def all_words(self) -> tuple[Word, ...]:
        """The words of all directions, with boxes on the visible page."""
        return self.words + tuple(
            replace(word, box=other.turn.on_page(word.box))
            for other in self.turned
            if other.turn is not None
            for word in other.words
        )


def common_area(one: Box, other: Box) -> float:
    """Return the common area of two boxes, 0 if they do not meet."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)
