"""The text of a paragraph: what a reader sees, changes accepted, each thing once."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from ingest.loaders.docx_styles import W

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/picture}pic"
_VML_PICTURE = "{urn:schemas-microsoft-com:vml}imagedata"

# Deleted or moved-from text, field instructions, properties and the reading above ruby text.
_UNSEEN = frozenset(
    f"{W}{name}"
    for name in (
        "del", "moveFrom", "delText", "instrText", "delInstrText", "rPr", "pPr", "rt",
        "sdtPr", "sdtEndPr", "fldData", "commentReference",
    )
)  # fmt: skip
_BREAKS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "\u2011"}
_TEXT = frozenset({f"{W}t", f"{M}t"})
TEXT_BOX = f"{W}txbxContent"


class Inline:
    """What one paragraph holds besides its text, gathered while its text is read."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []  # ("footnote" or "endnote", id)
        self.boxes: list[etree._Element] = []
        self.pictures = 0

    def text(self, element: etree._Element) -> str:
        """Return the visible text below ``element``."""
        return "".join(self._parts(element))

    def _parts(self, element: etree._Element) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if tag in _UNSEEN or not isinstance(tag, str):
                continue
            if tag in _TEXT:
                yield child.text or ""
            elif tag in _BREAKS:
                yield _BREAKS[tag]
            elif tag == f"{MC}AlternateContent":
                yield from self._parts(_branch(child))
            elif tag == TEXT_BOX:
                self.boxes.append(child)
            elif tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
                self.notes.append((tag.removeprefix(W).removesuffix("Reference"), _id(child)))
            elif tag == f"{W}sym":
                yield _symbol(child)
            elif tag == f"{W}r" and _is_hidden(child):
                continue
            else:
                self.pictures += tag in (_PICTURE, _VML_PICTURE)
                yield from self._parts(child)


def _branch(alternate: etree._Element) -> etree._Element:
    """Return the one branch to read: the first choice, which newer programs show."""
    choice = alternate.find(f"{MC}Choice")
    fallback = alternate.find(f"{MC}Fallback")
    if choice is None:
        return alternate if fallback is None else fallback
    # A choice without text may stand for a drawing whose text only the fallback spells out.
    has_text = next(choice.iter(f"{W}t"), None) is not None
    return choice if has_text or fallback is None else fallback


def _is_hidden(run: etree._Element) -> bool:
    """Say whether a run is hidden text: its author chose that no reader should see it."""
    vanish = run.find(f"{W}rPr/{W}vanish")
    return vanish is not None and vanish.get(f"{W}val") not in ("0", "false", "off")


def _symbol(element: etree._Element) -> str:
    try:
        code = int(element.get(f"{W}char") or "", 16)
    except ValueError:
        return ""
    # Symbol fonts put their signs into the private use area; there they mean nothing.
    return "" if 0xE000 <= code <= 0xF8FF else chr(code)  # noqa: PLR2004 - Unicode's bounds


def _id(element: etree._Element) -> str:
    return element.get(f"{W}id") or ""
