"""Which paragraph styles are headings, lists or titles, and how lists are numbered."""

from __future__ import annotations

import re
from collections import defaultdict

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

# Built-in names as Word writes them in its languages; most files keep the English one inside.
_HEADING = re.compile(
    r"(?:heading|标题|標題|見出し|제목|überschrift|titre|título|titolo|заголовок|kop|rubrik)\s*(\d)",
    re.IGNORECASE,
)
_TITLE = frozenset({"title", "标题", "標題", "表題", "제목", "titel", "titre", "título", "titolo"})
_DEEPEST = 9


class Styles:
    """The paragraph styles of a document, each with what it inherits."""

    def __init__(self, tree: etree._Element | None) -> None:
        self._by_id = {
            style.get(f"{W}styleId") or "": style
            for style in ([] if tree is None else tree.iter(f"{W}style"))
        }

    def _chain(self, style_id: str) -> list[etree._Element]:
        chain: list[etree._Element] = []
        while style_id in self._by_id and self._by_id[style_id] not in chain:
            chain.append(self._by_id[style_id])
            based_on = chain[-1].find(f"{W}basedOn")
            style_id = "" if based_on is None else based_on.get(f"{W}val") or ""
        return chain

    def heading_level(self, style_id: str, properties: etree._Element | None) -> int | None:
        """Return 1 to 9 for a heading, None for other paragraphs."""
        for element in (properties, *(s.find(f"{W}pPr") for s in self._chain(style_id))):
            level = None if element is None else element.find(f"{W}outlineLvl")
            if level is not None:
                number = int(level.get(f"{W}val") or _DEEPEST)
                return number + 1 if number < _DEEPEST else None
        for name in (style_id, *self._names(style_id)):
            found = _HEADING.match(name)
            if found and int(found[1]):
                return int(found[1])
        return None

    def is_title(self, style_id: str) -> bool:
        """Say whether paragraphs of this style are the document's title."""
        return any(name.lower() in _TITLE for name in self._names(style_id))

    def numbering(self, style_id: str) -> etree._Element | None:
        """Return the list properties that a style brings."""
        for style in self._chain(style_id):
            found = style.find(f"{W}pPr/{W}numPr")
            if found is not None:
                return found
        return None

    def _names(self, style_id: str) -> list[str]:
        names = (style.find(f"{W}name") for style in self._chain(style_id))
        return [name.get(f"{W}val") or "" for name in names if name is not None]


class Numbering:
    """Counts list items as a reader sees them: bullets and decimal numbers."""

    def __init__(self, tree: etree._Element | None) -> None:
        self._formats: dict[tuple[str, int], str] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        if tree is None:
            return
        abstract = {item.get(f"{W}abstractNumId"): item for item in tree.iter(f"{W}abstractNum")}
        for number in tree.iter(f"{W}num"):
            reference = number.find(f"{W}abstractNumId")
            levels = abstract.get(None if reference is None else reference.get(f"{W}val"))
            for level in () if levels is None else levels.iter(f"{W}lvl"):
                kind = level.find(f"{W}numFmt")
                key = (number.get(f"{W}numId") or "", int(level.get(f"{W}ilvl") or 0))
                self._formats[key] = "bullet" if kind is None else kind.get(f"{W}val") or ""

    def marker(self, properties: etree._Element) -> str:
        """Return what stands before the next item of a list, indented by its depth."""
        number, level = properties.find(f"{W}numId"), properties.find(f"{W}ilvl")
        list_id = "0" if number is None else number.get(f"{W}val") or "0"
        depth = 0 if level is None else int(level.get(f"{W}val") or 0)
        if list_id == "0":  # a list switched off
            return ""
        kind = self._formats.get((list_id, depth), "bullet")
        if kind == "none":
            return ""
        counts = self._counts[list_id]
        counts[depth] = counts.get(depth, 0) + 1
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        indent = "  " * depth
        return f"{indent}- " if kind == "bullet" else f"{indent}{counts[depth]}. "
