"""What stands on a page of a PDF: the values that pass between its readers and its layout.

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

    Chinese and Japanese put no spaces between words: there a word is as much of a line as has no
    gap in it. ``size`` is the height of the font in points as drawn. ``fixed`` says that its
    letters all have one width, as code has them. ``line`` numbers the line of the page that the
    word belongs to in the order in which the file draws it; it breaks ties and nothing else.
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
    """What stands on a page without being part of its text.

    ``field`` is a form field's value, with the field's name in ``label`` for pages that print
    none beside it. ``ticked`` says whether a box or button is; ``text`` is what a radio button
    stands for, and ``one_of`` says that it is one. ``typed`` is text that a reader typed over the
    page; ``note`` is a comment; ``picture`` is what OCR read in a picture, in lines; ``link`` is
    an address to be shown after the words inside its box.
    """

    kind: InsetKind
    text: str
    box: Box
    label: str = ""
    ticked: bool | None = None
    one_of: bool = False


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line of a page: ``runs_on`` says that the next line of its block goes on with it.

    ``after`` is what its paragraph ends with besides: the addresses of its links. ``notes`` are
    the comments on it, which become paragraphs of their own.
    """

    text: str
    box: Box
    runs_on: bool = False
    after: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Paragraphs, a table or a listing, in reading order.

    Lines of a table are rows, their cells parted by tabs; those of code keep their indentation.
    ``apart`` says that white space above parts it from the block before; ``header_rows`` how many
    rows at the top of a table name columns. ``running`` says that it is a header or a footer, which
    may part a paragraph from its end on the next page.
    """

    kind: SectionKind
    lines: tuple[PrintedLine, ...]
    box: Box
    apart: bool = True
    header_rows: int = 0
    running: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page as its readers found it: ``width`` and ``height`` in points.

    ``turned`` is what stands on it in other directions, such as a table printed sideways or columns
    of Japanese: the page once more for each direction, held so that this text is upright. ``turn``
    leads from such a page's boxes to the page as it is seen; None for what is upright.
    ``unreadable`` are the places, as they are seen, of text in fonts that hide their characters;
    ``hidden`` is how many characters that is. ``signs`` counts single characters without a reading,
    which were left out, ``unseen`` those that nobody sees.
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
        """The words of all directions, with boxes on the page as it is seen."""
        return self.words + tuple(
            replace(word, box=other.turn.on_page(word.box))
            for other in self.turned
            if other.turn is not None
            for word in other.words
        )


def common_area(one: Box, other: Box) -> float:
    """Return the area that two boxes share, 0 where they do not meet."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)
