"""ActiveX controls of a Word form: the visible text of text boxes, check boxes, lists and labels.

LibreOffice saves every form field in this form, and Word the ones from its developer tools. A
control's part names its class. Its state is in properties there, or in a binary part beside it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import olefile  # type: ignore[import-untyped] # ships no types
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from ingest.errors import LoadError
from ingest.loaders.docx.morph import Control, captioned, morph
from ingest.loaders.docx.package import DocxPackage, Relations
from ingest.loaders.symbols import CHECKED, UNCHECKED

_AX = "{http://schemas.microsoft.com/office/2006/activeX}"
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTENTS = "contents"
_CLASS_BYTES = 16  # a plain stream begins with the control's class
_LARGEST = 2**20
_MOST = 10_000
_TEXTS = frozenset({"8bd21d10", "8bd21d20", "8bd21d30"})  # text box, list box, combo box
_BOXES = frozenset({"8bd21d40", "8bd21d50", "8bd21d60"})  # check box, radio button, toggle button
_CAPTIONED = frozenset({"978c9e23", "d7053240"})  # label, push button
_HTML = frozenset(f"5512d1{kind}" for kind in ("10", "12", "14", "16", "18", "1a", "22", "24"))
_UNSEEN = frozenset({"5512d11c", "5512d11e"})  # hidden field, password


@dataclass(slots=True)
class Controls:
    """Reads the controls of one document; ``read`` contains the parts already read."""

    package: DocxPackage
    read: set[str] = field(default_factory=set)
    _known: dict[str, str | None] = field(default_factory=dict)

    def text(self, relations: Relations, relation: str) -> str | None:
        """Return a control's visible text, "" for an empty one, None for an unreadable one."""
        kind, part = relations.inside.get(relation, ("", ""))
        if kind != "control" or part not in self.package.names:
            return None
        if part not in self._known:
            shown = self._shown(part) if len(self._known) < _MOST else None
            self._known[part] = None if shown is None else _clean(shown)
        found = self._known[part]
        if found is not None:
            self.read.add(part)
        return found

    def _shown(self, part: str) -> str | None:
        try:
            tree = self.package.xml(part)
            name = (tree.get(f"{_AX}classid") or "").strip("{}").lower()[:8]
            if tree.get(f"{_AX}persistence") == "persistPropertyBag":
                return _worded(name, _from_properties(tree))
            relations = self.package.relations(part)
            _, binary = relations.inside.get(tree.get(_RELATION_ID) or "", ("", ""))
            data = self.package.read(binary) if binary in self.package.names else b""
        except LoadError:
            return None
        return _from_binary(name, data)


def _from_properties(tree: etree._Element) -> Control | None:
    given = {
        (each.get(f"{_AX}name") or "").lower(): each.get(f"{_AX}value") or ""
        for each in tree.findall(f"{_AX}ocxPr")
    }
    hidden = given.get("passwordchar", "0").strip() not in ("", "0")
    value = "" if hidden else given.get("value", given.get("text", ""))
    return Control(value=value, caption=given.get("caption", ""))


def _from_binary(name: str, data: bytes) -> str | None:
    """Return a control's visible text from the binary part with its state."""
    if name in _UNSEEN:
        return ""
    if not data or len(data) > _LARGEST:
        return None
    stream = _stream(data) if data.startswith(_COMPOUND) else data[_CLASS_BYTES:]
    if name in _HTML:
        written = _from_html(stream)
        return written if written is not None else _worded("", morph(stream))
    return _worded(name, captioned(stream) if name in _CAPTIONED else morph(stream))


def _stream(data: bytes) -> bytes:
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as compound:
            if not compound.exists(_CONTENTS):
                return b""
            with compound.openstream(_CONTENTS) as stream:
                found: bytes = stream.read()
                return found
    except Exception:  # noqa: BLE001 - broken containers make their parser raise almost anything
        return b""


def _worded(name: str, control: Control | None) -> str | None:
    """Return a control's state in words: ``☒ caption``, a value, a caption."""
    if control is None:
        return None
    if name in _BOXES or (not name and control.is_box):
        box = CHECKED if _is_on(control.value) else UNCHECKED
        return f"{box} {control.caption.strip()}".strip()
    if name in _TEXTS:
        return control.value
    if name in _CAPTIONED:
        return control.caption
    return None if name else control.value or control.caption


def _clean(text: str) -> str:
    """Return a text with plain line ends and without control characters that XML forbids."""
    lines = "\n".join(text.split("\r\n")).replace("\r", "\n")
    return "".join(char for char in lines if char >= " " or char in "\n\t")


def _is_on(value: str) -> bool:
    return value.strip().lower() in ("1", "-1", "true", "on", "yes")


def _from_html(data: bytes) -> str | None:
    """Return the state of a control pasted from a web page; its state is its tag."""
    text = data.decode("utf-16-le" if data[1:2] == b"\0" else "latin-1", "replace").lstrip("\ufeff")
    if not text.lstrip().startswith("<"):
        return None
    field = LexborHTMLParser(text).css_first("input, select, textarea, button")
    if field is None:
        return None
    if field.tag == "select":
        chosen = [each.text() for each in field.css("option[selected]")]
        first = [each.text() for each in field.css("option")[:1]]
        return ", ".join(each.strip() for each in chosen or first)
    kind = (field.attributes.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return CHECKED if "checked" in field.attributes else UNCHECKED
    if kind in ("hidden", "password"):
        return ""
    given = field.attributes.get("value") or ""
    return field.text() if field.tag in ("textarea", "button") and not given else given
