"""What is asked for when a page is to be drawn, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as fractions of the drawn page's width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRequest:
    """Which page to draw, ``index`` from 0, and what to mark on it.

    ``boxes`` are marked if there are any (lines that were read from the picture itself), else
    ``passage`` is looked for among the page's characters.
    """

    index: int
    passage: str = ""
    boxes: tuple[Box, ...] = ()
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """A page as PNG, and whether the passage was found and marked on it."""

    png: bytes
    marked: bool
