"""The letters and signs of a run, as the fonts they are set in draw them."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from ingest.loaders.docx.styles import Styles, W, own_text, value
from ingest.loaders.symbols import sign, signs, symbol_font

_SURROGATES, _PRIVATE = 0xD800, 0xE000  # where Unicode keeps no characters of its own


_RAISED = str.maketrans("0123456789+-\u2212n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")


def raised(element: etree._Element, text: str, before: str) -> str:
    """Return the exponent of a number as one: 10⁶ must not read 106."""
    if not before.isdigit() or not text or any(ord(char) not in _RAISED for char in text):
        return text
    run = element.getparent()
    place = None if run is None else run.find(f"{W}rPr/{W}vertAlign")
    return text.translate(_RAISED) if value(place) == "superscript" else text


@dataclass(slots=True)
class Letters:
    """Reads the letters of one paragraph; ``unknown`` counts omitted signs."""

    styles: Styles
    paragraph_style: str = ""
    unknown: int = 0

    def text(self, element: etree._Element) -> str:
        """Return the visible text of a ``w:t``."""
        text = own_text(element)
        run = element.getparent()
        properties = None if run is None else run.find(f"{W}rPr")
        font, upper = self.styles.drawn_in(properties, self.paragraph_style)
        return signs(text, font, upper) if font or upper else text

    def single(self, element: etree._Element) -> str:
        """Return the sign of a ``w:sym``, "" where its font hides what it draws."""
        try:
            code = int(element.get(f"{W}char") or "", 16)
        except ValueError:
            return ""
        font = symbol_font(element.get(f"{W}font"))
        if not font and 0 < code < _PRIVATE:
            return chr(code) if code < _SURROGATES else ""
        found = sign(font, code)
        self.unknown += not found
        return found
