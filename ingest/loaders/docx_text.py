"""The text of a paragraph: what a reader sees, changes accepted, each thing once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from ingest.loaders.docx_graphics import OBJECT, REFERENCES
from ingest.loaders.docx_math import equation
from ingest.loaders.docx_styles import W, is_hidden, own_text, value

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/picture}pic"
_VML_PICTURE = "{urn:schemas-microsoft-com:vml}imagedata"

# Deleted or moved-from text, field instructions, properties and the reading above ruby text.
_UNSEEN = frozenset(
    f"{W}{name}"
    for name in (
        "del", "moveFrom", "delText", "instrText", "delInstrText", "rPr", "pPr", "rt",
        "sdtPr", "sdtEndPr", "fldData",
    )
)  # fmt: skip
_BREAKS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "\u2011",
}
_TEXT = frozenset({f"{W}t", f"{M}t"})
_NOTES = {f"{W}footnoteReference": "footnote", f"{W}endnoteReference": "endnote"}
TEXT_BOX = f"{W}txbxContent"


class Inline:
    """What one paragraph holds besides its text, gathered while its text is read."""

    def __init__(self, hides: Callable[[str], bool]) -> None:
        """Read a paragraph; ``hides`` says whether a style hides its text."""
        self._hides = hides
        self._hidden_by_style = False
        self.comments = 0
        self.hidden = 0
        self.notes: list[tuple[str, str]] = []  # ("footnote" or "endnote", id)
        self.boxes: list[etree._Element] = []
        self.pictures = 0
        self.graphics: list[str] = []  # relationship ids of charts and diagrams
        self.objects = 0

    def text(self, element: etree._Element) -> str:
        """Return the visible text below ``element``."""
        style = value(element.find(f"{W}pPr/{W}pStyle"))
        self._hidden_by_style = bool(style) and self._hides(style)
        return "".join(self._parts(element))

    def _parts(self, element: etree._Element) -> Iterator[str]:
        opened = [iter(element)]
        while opened:
            child = next(opened[-1], None)
            if child is None:
                opened.pop()
                continue
            tag = child.tag
            if tag in _UNSEEN or not isinstance(tag, str):
                continue
            if tag in _TEXT:
                yield own_text(child)
            elif tag in _BREAKS:
                yield _BREAKS[tag]
            elif tag == f"{MC}AlternateContent":
                opened.append(iter(branch(child)))
            elif tag == f"{M}oMath":
                yield equation(child)
            elif tag == f"{W}sym":
                yield _symbol(child)
            elif not self._set_aside(child):
                self.pictures += tag in (_PICTURE, _VML_PICTURE)
                opened.append(iter(child))

    def _set_aside(self, element: etree._Element) -> bool:
        """Keep what is read later or only counted; return False for what is read on."""
        tag = element.tag
        if tag == TEXT_BOX:
            self.boxes.append(element)
        elif tag in _NOTES:
            self.notes.append((_NOTES[tag], element.get(f"{W}id") or ""))
        elif tag == f"{W}commentReference":
            self.comments += 1
        elif tag in REFERENCES:
            self.graphics.append(element.get(REFERENCES[tag]) or "")
        elif tag == OBJECT:
            self.objects += 1
        elif tag == f"{W}r" and self._is_hidden(element):
            self.hidden += sum(len(each.text or "") for each in element.iter(f"{W}t"))
        else:
            return False
        return True

    def _is_hidden(self, run: etree._Element) -> bool:
        properties = run.find(f"{W}rPr")
        direct = is_hidden(properties)
        if direct is not None:
            return direct
        style = "" if properties is None else value(properties.find(f"{W}rStyle"))
        return self._hidden_by_style or bool(style and self._hides(style))


def branch(alternate: etree._Element) -> etree._Element:
    """Return the one branch to read: the first choice, which newer programs show."""
    choice = alternate.find(f"{MC}Choice")
    fallback = alternate.find(f"{MC}Fallback")
    if choice is None:
        return alternate if fallback is None else fallback
    # A choice without text may stand for a drawing whose text only the fallback spells out.
    has_text = next(choice.iter(f"{W}t", *REFERENCES), None) is not None
    return choice if has_text or fallback is None else fallback


def _symbol(element: etree._Element) -> str:
    try:
        code = int(element.get(f"{W}char") or "", 16)
    except ValueError:
        return ""
    # Symbol fonts put their signs into the private use area; there they mean nothing.
    return "" if 0xE000 <= code <= 0xF8FF else chr(code)  # noqa: PLR2004 - Unicode's bounds
