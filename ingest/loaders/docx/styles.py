"""Determines which styles are headings, list items, titles or hidden text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from ingest.loaders.symbols import symbol_font

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

# Names that Word gives its built-in styles; most files keep the English ones inside.
_HEADING = re.compile(
    r"(?:heading|标题|標題|見出し|제목|überschrift|titre|título|titolo|заголовок|kop|rubrik)\s*(\d)",
    re.IGNORECASE,
)
_TITLE = frozenset({"title", "标题", "標題", "表題", "제목", "titel", "titre", "título", "titolo"})
_DEEPEST = 9
_LONGEST_CHAIN = 50  # styles that inherit from each other; Word allows fewer, and circles none
_OFF = frozenset({"0", "false", "off"})
_ON = frozenset({"1", "true", "on"})


def value(element: etree._Element | None) -> str:
    """Return an element's ``w:val``, "" if there is none."""
    return "" if element is None else element.get(f"{W}val") or ""


def own_text(element: etree._Element) -> str:
    """Return the text of a ``w:t``; entities stay unresolved, and the text after them counts."""
    return "".join((element.text or "", *(child.tail or "" for child in element)))


def number(text: str | None, default: int) -> int:
    """Return a whole number from a file; ``default`` if it is not one."""
    try:
        return int(text or "")
    except ValueError:
        return default


def is_on(element: etree._Element) -> bool:
    """Return whether an existing property is switched on, as it is without a value."""
    return element.get(f"{W}val") not in _OFF


def symbol_fonts(run_properties: etree._Element | None) -> tuple[str | None, str | None]:
    """Return the symbol fonts of ASCII and of other letters in ``w:rPr``.

    "" means an ordinary font, None no font at all. A theme's font overrides one named here.
    """
    fonts = None if run_properties is None else run_properties.find(f"{W}rFonts")
    if fonts is None:
        return None, None

    def asked(which: str) -> str | None:
        if fonts.get(f"{W}{which}Theme") is not None:
            return ""
        name = fonts.get(f"{W}{which}")
        return None if name is None else symbol_font(name)

    return asked("ascii"), asked("hAnsi")


def is_hidden(run_properties: etree._Element | None) -> bool | None:
    """Return whether ``w:rPr`` hides text: its author wants no reader to see it.

    None if it does not say.
    """
    found = None if run_properties is None else run_properties.find(f"{W}vanish")
    return None if found is None else found.get(f"{W}val") not in _OFF


def goes_on(properties: etree._Element | None) -> bool:
    """Return whether the next paragraph continues this one, from its ``w:pPr``.

    Its first letter may be large, as a paragraph of its own; or a tracked change removed the
    paragraph's end.
    """
    if properties is None:
        return False
    frame = properties.find(f"{W}framePr")
    initial = frame is not None and (frame.get(f"{W}dropCap") or "none") != "none"
    return initial or properties.find(f"{W}rPr/{W}del") is not None


class Styles:
    """The paragraph styles of a document, with inherited properties."""

    def __init__(self, tree: etree._Element | None) -> None:
        self._by_id = {
            style.get(f"{W}styleId") or "": style
            for style in ([] if tree is None else tree.iter(f"{W}style"))
        }
        self._hidden: dict[str, bool] = {}
        self._letters: dict[str, str | None] = {}
        self._fonts: dict[tuple[str, str], tuple[str, str]] = {}
        self._usual_paragraph = next(
            (
                key
                for key, style in self._by_id.items()
                if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in _ON
            ),
            "",
        )
        usual = None if tree is None else tree.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        self._usual_fonts = symbol_fonts(usual)
        self._usual_font = _font_of(usual)

    def _chain(self, style_id: str) -> list[etree._Element]:
        chain: list[etree._Element] = []
        while style_id in self._by_id and len(chain) < _LONGEST_CHAIN:
            chain.append(self._by_id[style_id])
            style_id = value(chain[-1].find(f"{W}basedOn"))
        return chain

    def heading_level(self, style_id: str, properties: etree._Element | None) -> int | None:
        """Return 1 to 9 for a heading, None for other paragraphs."""
        for element in (properties, *(s.find(f"{W}pPr") for s in self._chain(style_id))):
            level = None if element is None else element.find(f"{W}outlineLvl")
            if level is not None:
                outline = number(value(level), _DEEPEST)
                return outline + 1 if 0 <= outline < _DEEPEST else None
        for name in (style_id, *self.names(style_id)):
            found = _HEADING.match(name)
            if found and int(found[1]):
                return int(found[1])
        return None

    def is_title(self, style_id: str) -> bool:
        """Return whether paragraphs of this style are the document's title."""
        return any(name.lower() in _TITLE for name in self.names(style_id))

    def numbering(self, style_id: str) -> etree._Element | None:
        """Return a style's list properties."""
        for style in self._chain(style_id):
            found = style.find(f"{W}pPr/{W}numPr")
            if found is not None:
                return found
        return None

    def hides(self, style_id: str) -> bool:
        """Return whether text in this style is hidden."""
        if style_id not in self._hidden:
            given = (is_hidden(style.find(f"{W}rPr")) for style in self._chain(style_id))
            self._hidden[style_id] = next((each for each in given if each is not None), False)
        return self._hidden[style_id]

    def hides_run(self, run: etree._Element, *, hidden: bool) -> bool:
        """Return whether a run is hidden; ``hidden``: its paragraph's style hides text."""
        properties = run.find(f"{W}rPr")
        direct = is_hidden(properties)
        if direct is not None:
            return direct
        style = "" if properties is None else value(properties.find(f"{W}rStyle"))
        return hidden or bool(style and self.hides(style))

    def drawn_in(self, properties: etree._Element | None, paragraph_style: str) -> tuple[str, str]:
        """Return the symbol fonts in which a run's ASCII and other letters are drawn.

        "" means an ordinary font. ``properties`` is the run's ``w:rPr``.
        """
        ascii_font, other = symbol_fonts(properties)
        style = "" if properties is None else value(properties.find(f"{W}rStyle"))
        key = (style, paragraph_style or self._usual_paragraph)
        if key not in self._fonts:
            asked = [
                symbol_fonts(each.find(f"{W}rPr"))
                for style_id in key
                for each in self._chain(style_id)
            ]
            asked.append(self._usual_fonts)
            self._fonts[key] = (
                _first(font for font, _ in asked),
                _first(font for _, font in asked),
            )
        inherited = self._fonts[key]
        return (
            inherited[0] if ascii_font is None else ascii_font,
            inherited[1] if other is None else other,
        )

    def font(self, properties: etree._Element | None, paragraph_style: str) -> str:
        """Return the font of a run's letters, "" for a theme's font or none."""
        style = "" if properties is None else value(properties.find(f"{W}rStyle"))
        found = _font_of(properties)
        for style_id in (style, paragraph_style or self._usual_paragraph):
            if found is None and style_id:
                if style_id not in self._letters:
                    given = (_font_of(each.find(f"{W}rPr")) for each in self._chain(style_id))
                    known = (font for font in given if font is not None)
                    self._letters[style_id] = next(known, None)
                found = self._letters[style_id]
        return (self._usual_font if found is None else found) or ""

    def names(self, style_id: str) -> list[str]:
        """Return the names of a style and of its ancestors."""
        names = (style.find(f"{W}name") for style in self._chain(style_id))
        return [name.get(f"{W}val") or "" for name in names if name is not None]


def _first(fonts: Iterable[str | None]) -> str:
    return next((font for font in fonts if font is not None), "")


def _font_of(run_properties: etree._Element | None) -> str | None:
    """Return the font in ``w:rPr``, "" for a theme's, None for no font at all."""
    fonts = None if run_properties is None else run_properties.find(f"{W}rFonts")
    if fonts is None:
        return None
    if fonts.get(f"{W}asciiTheme") or fonts.get(f"{W}hAnsiTheme"):
        return ""
    return fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi")
