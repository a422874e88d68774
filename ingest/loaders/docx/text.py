"""The text of a paragraph: the visible text, with changes accepted, each item once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from lxml import etree

from ingest.loaders.docx.alternative import (
    EDGE,
    WORD_ART,
    describes,
    descriptions,
    floats,
    set_apart,
)
from ingest.loaders.docx.branches import MC, branch
from ingest.loaders.docx.controls import Controls
from ingest.loaders.docx.drawings import Drawings
from ingest.loaders.docx.elements import (
    BETWEEN_LINKS,
    BREAKS,
    COMMENTED,
    FIELD,
    NOTES,
    UNSEEN,
)
from ingest.loaders.docx.fields import CONTENT_BOX, Field, box_sign
from ingest.loaders.docx.graphics import CONTROL, OBJECTS, REFERENCES
from ingest.loaders.docx.hyperlinks import Hyperlinks
from ingest.loaders.docx.letters import Letters, raised
from ingest.loaders.docx.math import M, equation
from ingest.loaders.docx.package import Relations
from ingest.loaders.docx.ruby import RUBY, Readings
from ingest.loaders.docx.styles import Styles, W, own_text, value

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"

TEXT_BOX = f"{W}txbxContent"
# A control is in one of these, beside a picture of it.
_CONTROLLED = frozenset({f"{W}object", f"{W}pict", CONTROL})
_DEEPEST = 50  # nested fields, links and controls; deeper ones become plain text


@dataclass(frozen=True, slots=True)
class _End:
    """Follows the content of a link, a simple field or a control."""

    element: etree._Element
    began: int
    field: Field | None = None


_Step: TypeAlias = "etree._Element | _End"  # noqa: SLF001 - lxml names its class so


class Inline:
    """The contents of one paragraph besides its text, collected while reading the text."""

    def __init__(
        self, styles: Styles, relations: Relations, controls: Controls, *, plain: bool = False
    ) -> None:
        """Read a paragraph of a part that has these relationships.

        ``plain`` keeps addresses and alternative texts out of headings: they follow the heading
        among the drawings.
        """
        self._styles = styles
        self.relations = relations
        self._controls = controls
        self._plain = plain
        self._letters = Letters(styles)
        self._readings = Readings()
        self._hidden_by_style = False
        self._pieces: list[str] = []
        self._fields: list[Field] = []
        self._too_deep = 0  # fields that are not followed
        self._open = 0  # open links, simple fields and controls
        self.drawings = Drawings()
        self._links = Hyperlinks(self._pieces, relations, self._add_after if plain else None)
        self.comments: dict[str, None] = {}
        self.hidden = 0
        self.notes: list[tuple[str, str]] = []  # ("footnote" or "endnote", id)
        self.boxes: list[etree._Element] = []
        self.objects = 0

    def text(self, element: etree._Element) -> str:
        """Return the visible text below ``element``."""
        style = value(element.find(f"{W}pPr/{W}pStyle"))
        self._hidden_by_style = bool(style) and self._styles.hides(style)
        self._letters.paragraph_style = style
        opened: list[Iterator[_Step]] = [iter(element)]
        while opened:
            step = next(opened[-1], None)
            if step is None:
                opened.pop()
            elif isinstance(step, _End):
                self._links.write()
                self._close(step)
            else:
                if step.tag not in BETWEEN_LINKS:
                    self._links.write()
                inside = self._read(step)
                if inside is not None:
                    opened.append(inside)
        self._pieces.append(self._readings.due())
        self._links.write()
        while self._fields:  # a field that ends in another paragraph
            unfinished = self._fields.pop()
            if unfinished.result is not None:
                self._links.add(unfinished.result, unfinished.address())
        return set_apart("".join(self._pieces))

    @property
    def signs(self) -> int:
        """Signs that were omitted, because nobody knows their font's drawing."""
        return self._letters.unknown

    def _read(self, child: etree._Element) -> Iterator[_Step] | None:
        """Read one element; return its inner elements to read next, if any."""
        tag = child.tag
        if tag in UNSEEN or not isinstance(tag, str):
            return None
        written = self._written(child)
        if written is not None:
            self._pieces += [self._readings.due(), written]
        elif tag in FIELD:
            self._field_part(child)
        elif tag == f"{MC}AlternateContent":
            return self._one_branch(child)
        elif not self._set_aside(child):
            return self._enter(child)
        return None

    def _written(self, child: etree._Element) -> str | None:
        """Return the characters of an element; None if it contains others."""
        tag = str(child.tag)
        if tag == f"{W}t":
            before = next((piece[-1] for piece in reversed(self._pieces) if piece), "")
            return raised(child, self._letters.text(child), before)
        if tag == f"{M}t":
            return own_text(child)
        if tag == f"{M}oMath":
            return equation(child)
        if tag == f"{W}sym":
            return self._letters.single(child)
        return BREAKS.get(tag)

    def _enter(self, child: etree._Element) -> Iterator[_Step]:
        tag = child.tag
        began = len(self._pieces)
        if self._open >= _DEEPEST:
            return iter(child)
        if tag == RUBY:
            self._readings.begin(child)
            return self._until_end(child, _End(child, began))
        if tag == f"{W}hyperlink":
            return self._until_end(child, _End(child, self._links.begin(child)))
        if tag == f"{W}fldSimple":
            instruction = [child.get(f"{W}instr") or ""]
            field = Field(began, child.find(f"{W}ffData"), began, instruction)
            return self._until_end(child, _End(child, began, field))
        if tag == f"{W}sdt" and child.find(CONTENT_BOX) is not None:
            return self._until_end(child, _End(child, began))
        if describes(child):
            self._describe(child)
        if tag == WORD_ART and child.get("string"):
            self._add_after(child.get("string") or "")
        self.drawings.see(child)
        return iter(child)

    def _until_end(self, child: etree._Element, end: _End) -> Iterator[_Step]:
        self._open += 1
        return chain(child, [end])

    def _close(self, end: _End) -> None:
        self._open -= 1
        if end.field is not None:
            self._finish(end.field)
        elif end.element.tag == RUBY:
            self._readings.end()
        elif end.element.tag == f"{W}hyperlink":
            self._links.end(end.element, end.began)
        else:
            shown = "".join(self._pieces[end.began :])
            self._pieces[end.began :] = [box_sign(end.element, shown)]

    # -- fields ---------------------------------------------------------------------------

    def _field_part(self, element: etree._Element) -> None:
        if element.tag == f"{W}instrText":
            if self._fields and self._fields[-1].result is None:
                self._fields[-1].instruction.append(own_text(element))
            return
        kind = element.get(f"{W}fldCharType")
        if kind == "begin" and len(self._fields) < _DEEPEST:
            self._fields.append(Field(len(self._pieces), element.find(f"{W}ffData")))
        elif kind == "begin" or self._too_deep:
            self._too_deep += (kind == "begin") - (kind == "end")
        elif not self._fields:
            return  # a field that began in another paragraph
        elif kind == "separate":
            field = self._fields[-1]
            del self._pieces[field.began :]  # results of fields inside an instruction are invisible
            field.result = field.began
        elif kind == "end":
            self._finish(self._fields.pop())

    def _finish(self, field: Field) -> None:
        result = "".join(self._pieces[field.began :])
        shown = field.form_value(result)
        if shown is None and not result.strip():
            shown = field.drawn() or None
        if shown is not None:
            self._pieces[field.began :] = [shown]
        elif field.result is not None:
            self._links.add(field.result, field.address())

    # -- drawings --------------------------------------------------------------------------

    def _one_branch(self, alternate: etree._Element) -> Iterator[_Step]:
        chosen = branch(alternate)
        for other in alternate.findall(f"{MC}Choice") if chosen.tag != f"{MC}Choice" else ():
            # The older branch must not repeat the newer one's description.
            for each in descriptions(other):
                self._describe(each)
        return iter(chosen)

    def _describe(self, element: etree._Element) -> None:
        text = self.drawings.description(element, self.relations)
        if text and (self._plain or floats(element)):
            self._add_after(text)
        elif text:
            self._pieces.append(f"{EDGE}{text}{EDGE}")

    def _add_after(self, text: str) -> None:
        self.drawings.after.setdefault(text)

    def _set_aside(self, element: etree._Element) -> bool:
        """Set elements aside that are read later or only counted; return False for others."""
        tag = element.tag
        if tag == TEXT_BOX:
            self.boxes.append(element)
        elif tag in NOTES:
            self.notes.append((NOTES[tag], element.get(f"{W}id") or ""))
        elif tag in COMMENTED:
            self.comments[element.get(f"{W}id") or ""] = None
        elif tag in REFERENCES:
            self.drawings.graphics.append(element.get(REFERENCES[tag]) or "")
        elif tag in _CONTROLLED and self._control(element):
            return True
        elif tag in OBJECTS:
            self.objects += 1
        elif tag == f"{W}r" and self._styles.hides_run(element, hidden=self._hidden_by_style):
            self.hidden += sum(len(each.text or "") for each in element.iter(f"{W}t"))
        else:
            return False
        return True

    def _control(self, holder: etree._Element) -> bool:
        """Write the visible text of an ActiveX control; return False if it is unreadable."""
        control = holder if holder.tag == CONTROL else holder.find(CONTROL)
        if control is None:
            return False
        text = self._controls.text(self.relations, control.get(f"{_RELATION}id") or "")
        if text:
            self._pieces.append(f"{EDGE}{text}{EDGE}")
        return text is not None
