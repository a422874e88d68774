"""Alternative text: the author's description of a picture, shape or chart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DECORATIVE = (
    f"{_A}extLst/{_A}ext/{{http://schemas.microsoft.com/office/drawing/2017/decorative}}decorative"
)
_VML = "{urn:schemas-microsoft-com:vml}"
WORD_ART = f"{_VML}textpath"
"""Letters drawn along a line: titles in WordArt, and watermarks."""

_FILE = re.compile(r"\S.*\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp)", re.IGNORECASE)
_OFF = frozenset({"0", "false", "off"})
NEAR = 20
"""Levels above a shape in which its drawing is searched: groups of shapes are never deeper."""

_FLOATS = ("position:absolute", "position:relative")

# No XML file can contain this character: it marks where alternative text meets the line's own.
EDGE = "\x00"
_CLOSES = frozenset(",.;:!?)]}，。；：！？）】」』")


def describes(element: etree._Element) -> bool:
    """Return whether an element may have alternative text: a drawing's properties, or a shape."""
    tag = str(element.tag)
    return tag.endswith(("}docPr", "}cNvPr")) or tag.startswith(_VML)


def alternative(element: etree._Element) -> str:
    """Return the title and the description of a drawing, "" if it is decorative or hidden."""
    if str(element.tag).startswith(_VML):
        return _joined(element.get("title"), element.get("alt"))
    holder = _holder(element)
    beside = None if holder is None else holder.find(f"{_WP}docPr")
    if _is_decorative(element) or (beside is not None and _is_decorative(beside)):
        return ""
    if (element.get("hidden") or "0") not in _OFF:
        return ""
    found = _joined(element.get("title"), element.get("descr"))
    if element is beside or beside is None:
        return found
    # Word shows the drawing's own text; the text of its one picture is mostly a file's name.
    alone = next(islice(element.iterancestors(), 2, None), None)
    told = alone is not None and alone.tag == f"{_A}graphicData" and bool(_own(beside))
    return "" if told or _FILE.fullmatch(found) else found


def links(element: etree._Element) -> Iterator[str]:
    """Yield the ids of the links behind a drawing."""
    for link in element.findall(f"{_A}hlinkClick"):
        yield link.get(f"{_RELATION}id") or ""


def floats(element: etree._Element) -> bool:
    """Return whether a drawing is beside the text instead of in its line."""
    if str(element.tag).startswith(_VML):
        shapes = (element, *islice(element.iterancestors(), NEAR))
        styles = ["".join((shape.get("style") or "").split()) for shape in shapes]
        return any(way in style for style in styles for way in _FLOATS)
    holder = _holder(element)
    return holder is not None and holder.tag == f"{_WP}anchor"


def descriptions(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the elements below that may carry alternative text."""
    yield from (each for each in element.iter("*") if describes(each))


def set_apart(text: str) -> str:
    """Separate alternative text from the letters beside it by one space, or one line end."""
    first, *others = text.split(EDGE)
    if not others:
        return text
    kept: list[str] = []
    blanks: list[str] = []  # between the last kept text and the next one
    for each in (first, *others):
        inner = each.strip()
        if kept and inner:
            gap = "".join(blanks) + each[: len(each) - len(each.lstrip())]
            kept.append("\n" if "\n" in gap else "" if inner[0] in _CLOSES else " ")
        if inner:
            kept.append(inner)
            blanks = [each[len(each.rstrip()) :]]
        elif kept:
            blanks.append(each)
    return "".join(kept)


def _holder(element: etree._Element) -> etree._Element | None:
    around = islice(element.iterancestors(), NEAR)
    return next((each for each in around if each.tag in (f"{_WP}inline", f"{_WP}anchor")), None)


def _is_decorative(element: etree._Element) -> bool:
    return any((each.get("val") or "1") not in _OFF for each in element.findall(_DECORATIVE))


def _own(properties: etree._Element) -> str:
    return _joined(properties.get("title"), properties.get("descr"))


def _joined(title: str | None, description: str | None) -> str:
    """Return both on one line; omit the title if the description begins with it."""
    first, second = (" ".join((text or "").split()) for text in (title, description))
    if not first or second.startswith(first):
        return second
    if not second:
        return first
    return f"{first} {second}" if first[-1] in ".:!?。：！？" else f"{first}: {second}"
