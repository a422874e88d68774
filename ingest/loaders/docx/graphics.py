"""Text of charts and diagrams, which Word keeps in parts of their own (ECMA-376, 21 and 18)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from lxml import etree

from ingest.loaders.docx.styles import W, number
from ingest.loaders.symbols import signs, symbol_font

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_CHART_EX = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"

# The attribute of each kind of graphic that names the part with its text.
REFERENCES = {
    f"{_CHART}chart": f"{_RELATION}id",
    f"{_CHART_EX}chart": f"{_RELATION}id",
    f"{_DIAGRAM}relIds": f"{_RELATION}dm",
}
CONTROL = f"{W}control"
OBJECTS = frozenset({"{urn:schemas-microsoft-com:office:office}OLEObject", CONTROL})
"""A sheet, a slide or another program's file inside the document, or an ActiveX control."""


def graphic_text(tree: etree._Element) -> str:
    """Return the text of a chart or diagram, "" for an unknown kind.

    A chart becomes its titles and then a table: a row for each category, a column for each series.
    A diagram becomes a line for each of its paragraphs.
    """
    if tree.tag == f"{_CHART}chartSpace":
        return "\n".join((*_titles(tree), *_table(tree)))
    if tree.tag == f"{_CHART_EX}chartSpace":
        return "\n".join((*_newer_titles(tree), *_newer_table(tree)))
    if tree.tag == f"{_DIAGRAM}dataModel":
        return "\n".join(_paragraphs(tree))
    return ""


def _paragraphs(tree: etree._Element) -> Iterator[str]:
    for paragraph in tree.iter(f"{_DRAWING}p"):
        text = "".join(_shown(part) for part in paragraph.iter(f"{_DRAWING}t")).strip()
        if text:
            yield text


def _shown(part: etree._Element) -> str:
    """Return a run's letters as their font shows them."""
    text = part.text or ""
    run = part.getparent()
    fonts = [
        symbol_font(None if font is None else font.get("typeface"))
        for name in ("latin", "sym")
        for font in [None if run is None else run.find(f"{_DRAWING}rPr/{_DRAWING}{name}")]
    ]
    latin, sign = fonts
    text = signs(text, latin, latin)
    return signs(text, "", sign) if sign and not latin else text


def _titles(tree: etree._Element) -> Iterator[str]:
    """Yield the titles of the chart and of its axes."""
    for title in tree.iter(f"{_CHART}title"):
        yield from _paragraphs(title)


def _table(tree: etree._Element) -> Iterator[str]:
    categories: list[str] = []
    columns: list[list[str]] = []
    for series in tree.iter(f"{_CHART}ser"):
        found = _values(series, "cat") or _values(series, "xVal")
        categories = max(categories, found, key=len)
        name = " ".join(_values(series, "tx"))
        columns.append([name, *(_values(series, "val") or _values(series, "yVal"))])
    if not columns:
        return
    for row in zip_longest(["", *categories], *columns, fillvalue=""):
        if any(row):
            yield " | ".join(row)


def _values(series: etree._Element, kind: str) -> list[str]:
    """Return the cached values of one side of a series, in the order of their places."""
    parent = series.find(f"{_CHART}{kind}")
    if parent is None:
        return []
    points = list(parent.iter(f"{_CHART}pt"))
    if not points:  # a name written out, without a reference to a sheet
        return [each.text for each in parent.iter(f"{_CHART}v") if each.text]
    return _placed((point, point.findtext(f"{_CHART}v") or "") for point in points)


def _newer_titles(tree: etree._Element) -> Iterator[str]:
    for title in tree.iter(f"{_CHART_EX}title"):
        written = [*_paragraphs(title)]
        yield from written or [each.text for each in title.iter(f"{_CHART_EX}v") if each.text]


def _newer_table(tree: etree._Element) -> Iterator[str]:
    """Yield the rows of charts that Word knows since 2016: waterfalls, funnels, trees."""
    names = [
        " ".join(each.text or "" for each in series.findall(f"{_CHART_EX}tx//{_CHART_EX}v"))
        for series in tree.iter(f"{_CHART_EX}series")
    ]
    if any(names):
        yield " | ".join(["", *names])
    for data in tree.iter(f"{_CHART_EX}data"):
        columns = [
            _placed((point, point.text or "") for point in level.findall(f"{_CHART_EX}pt"))
            for kind in ("strDim", "numDim")
            for dimension in data.findall(f"{_CHART_EX}{kind}")
            # The innermost level of categories stands first in the file, and last on the page.
            for level in reversed(dimension.findall(f"{_CHART_EX}lvl"))
        ]
        for row in zip_longest(*columns, fillvalue=""):
            if any(row):
                yield " | ".join(row)


def _placed(points: Iterable[tuple[etree._Element, str]]) -> list[str]:
    """Return values in the order of their places; those without one were left empty."""
    placed = {number(point.get("idx"), 0): value.strip() for point, value in points}
    # No sheet has more rows than a million.
    length = min(max(placed, default=-1) + 1, 2**20)
    return [placed.get(place, "") for place in range(length)]
