"""The request for a page's picture, and the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as fractions of the page's width and height."""


UnreadKind = Literal["text", "picture", "note", "field", "number", "repeated", "hidden"]
ON_PURPOSE: frozenset[UnreadKind] = frozenset({"number", "repeated", "hidden"})
"""What a reading leaves out: the page's number, lines that other pages repeat, hidden text."""


@dataclass(frozen=True, slots=True)
class UnreadPlace:
    """A part of a page that its reading lacks; ``text`` is its text, if it has any."""

    kind: UnreadKind
    box: Box
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """The page to draw, ``index`` from 0, and the marks on it.

    ``boxes`` are marked if there are any (lines that were read from the picture itself), else
    ``passage`` is looked for among the page's characters. With ``reading``, what is stored of the
    page's text, that is compared with the page instead: ``boxes`` are lines that were read from
    pictures, and what was not read is framed and numbered. ``around`` is the text before and after
    the reading, to which a sentence at the end of a page may belong.
    """

    index: int
    passage: str = ""
    boxes: tuple[Box, ...] = ()
    reading: str | None = None
    around: tuple[str, str] = ("", "")
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """A page as PNG, and whether the passage was found and marked on it.

    ``unread`` are the places that are framed on it, by their numbers from 1; after them those that
    were left out on purpose, which are not.
    """

    png: bytes
    marked: bool
    unread: tuple[UnreadPlace, ...] = ()
