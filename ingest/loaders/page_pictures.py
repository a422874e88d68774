"""The request for a page's picture, and the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as fractions of the page's width and height."""


UnreadKind = Literal["text", "picture", "note", "field"]


@dataclass(frozen=True, slots=True)
class UnreadPlace:
    """A part of a page that its reading lacks; ``text`` is its text, if it has any."""

    kind: UnreadKind
    box: Box
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """The page to draw, ``index`` from 0, and the marks on it.

    ``boxes`` are lines that OCR read; they are marked if there are any. Otherwise ``passage`` is
    searched among the page's characters. ``reading`` is the page's stored text. With it, the page
    is compared with its reading instead: unread parts are framed and numbered.
    """

    index: int
    passage: str = ""
    boxes: tuple[Box, ...] = ()
    reading: str | None = None
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """A page as PNG, and whether the passage was found and marked on it.

    ``unread`` are the framed parts, by their numbers from 1.
    """

    png: bytes
    marked: bool
    unread: tuple[UnreadPlace, ...] = ()
