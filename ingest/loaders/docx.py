"""DOCX: headings, paragraphs, lists, tables, text boxes, notes, headers and footers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from docx.opc.coreprops import CoreProperties
from docx.opc.parts.coreprops import CorePropertiesPart
from lxml import etree

from ingest.errors import DamagedFileError, EmptyDocumentError
from ingest.loaders.base import DocumentBuilder, LoadOptions
from ingest.loaders.docx_package import DocxPackage
from ingest.loaders.docx_styles import Numbering, Styles, W
from ingest.loaders.docx_text import MC, Inline
from ingest.loaders.encoding import decode
from ingest.loaders.html_text import html_to_text
from kb.records import Document, Notice

# Wrappers around blocks: content controls, custom XML, insertions, and more than one body.
_TRANSPARENT = frozenset(
    f"{W}{name}"
    for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "body", "document")
)
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_DEEPEST_NESTING = 30


class DocxLoader:
    """Reads ``.docx`` and ``.docm``; see :class:`ingest.loaders.base.Loader`."""

    extensions = (".docx", ".docm")
    version = 1

    def load(
        self,
        path: Path,
        options: LoadOptions,
        on_progress: Callable[[int, int], None] | None = None,  # noqa: ARG002 - no pages
    ) -> Document:
        """Read a Word document; tracked deletions and hidden text are left out.

        Raises:
            EncryptedFileError: no password given opens it.
            DamagedFileError: it is cut short or no Word document.
            UnsupportedFormatError: it is of Word 97 to 2003.
            FileTooLargeError: it unpacks to more than the limits allow.
            EmptyDocumentError: it holds no text.
        """
        package = DocxPackage(path, options)
        builder = DocumentBuilder(media_type="docx", metadata=_properties(package))
        builder.title = str(builder.metadata.get("title", ""))
        reader = _Reader(package, builder)
        reader.read()
        if not builder.length:
            what = f"only {reader.pictures} pictures" if reader.pictures else "no text"
            msg = f"{path.name} holds {what}; there is nothing to ingest."
            raise EmptyDocumentError(msg)
        if reader.pictures:
            verb = "picture was" if reader.pictures == 1 else "pictures were"
            builder.notices.append(
                Notice(
                    code="pictures_not_read",
                    message=f"{reader.pictures} {verb} not read",
                    values={"pictures": reader.pictures},
                )
            )
        return builder.build()


class _Reader:
    """Walks one document in reading order."""

    def __init__(self, package: DocxPackage, builder: DocumentBuilder) -> None:
        self._package = package
        self._builder = builder
        self._main = package.main_part()
        self._relations = package.related(self._main)
        self._styles = Styles(self._optional("styles"))
        self._numbering = Numbering(self._optional("numbering"))
        self._notes = {kind: self._notes_of(kind) for kind in ("footnote", "endnote")}
        self._in_list = False
        self.pictures = 0

    def read(self) -> None:
        """Read headers, the body, footers."""
        self._margins("header")
        self._blocks(self._package.xml(self._main))
        self._margins("footer")

    def _optional(self, kind: str) -> etree._Element | None:
        for found, part in self._relations.values():
            if found == kind and part in self._package.names:
                try:
                    return self._package.xml(part)
                except DamagedFileError:
                    return None  # a document without its styles can still be read
        return None

    def _notes_of(self, kind: str) -> dict[str, etree._Element]:
        tree = self._optional(f"{kind}s")
        found = () if tree is None else tree.iter(f"{W}{kind}")
        return {note.get(f"{W}id") or "": note for note in found if note.get(f"{W}type") is None}

    def _margins(self, kind: str) -> None:
        """Add headers or footers, each distinct text once: they repeat on every page."""
        seen: set[str] = set()
        for found, part in self._relations.values():
            if found != kind or part not in self._package.names:
                continue
            text = "\n".join(self._plain(self._package.xml(part)))
            # A margin without letters is a page number.
            if text not in seen and any(char.isalpha() for char in text):
                seen.add(text)
                self._builder.add(text)

    def _blocks(self, element: etree._Element, depth: int = 0) -> None:
        for child in element:
            if child.tag == f"{W}p":
                self._paragraph(child)
            elif child.tag == f"{W}tbl":
                rows = [" | ".join(cells) for cells in self._rows(child)]
                self._builder.add("\n".join(row for row in rows if row.strip(" |")), "table")
                self._in_list = False
            elif child.tag == f"{W}altChunk":
                self._builder.add(self._imported(child))
            elif child.tag == f"{MC}AlternateContent" and len(child) and depth < _DEEPEST_NESTING:
                self._blocks(child[0], depth + 1)
            elif child.tag in _TRANSPARENT and depth < _DEEPEST_NESTING:
                self._blocks(child, depth + 1)

    def _paragraph(self, element: etree._Element) -> None:
        inline = Inline()
        text = inline.text(element).strip()
        self.pictures += inline.pictures
        properties = element.find(f"{W}pPr")
        style = "" if properties is None else _value(properties.find(f"{W}pStyle"))
        level = self._styles.heading_level(style, properties)
        if text and self._styles.is_title(style) and not self._builder.length:
            self._builder.title = self._builder.title or text
            self._builder.add(text)
        elif text and level is not None:
            self._builder.heading(level, text)
            self._in_list = False
        elif text:
            marker = self._marker(style, properties)
            separator = "\n" if marker and self._in_list else "\n\n"
            self._in_list = bool(marker)
            self._builder.add(marker + text, separator=separator)
        self._attached(inline)

    def _attached(self, inline: Inline) -> None:
        """Add text boxes and notes right after the paragraph that they belong to."""
        for box in inline.boxes:
            self._blocks(box)
        for kind, note_id in inline.notes:
            note = self._notes[kind].get(note_id)
            if note is not None:
                self._builder.add("\n".join(self._plain(note)))

    def _marker(self, style: str, properties: etree._Element | None) -> str:
        found = None if properties is None else properties.find(f"{W}numPr")
        found = self._styles.numbering(style) if found is None else found
        return "" if found is None else self._numbering.marker(found)

    def _rows(self, table: etree._Element) -> Iterator[list[str]]:
        for row in _within(table, f"{W}tr"):
            cells = []
            for cell in _within(row, f"{W}tc"):
                merged = cell.find(f"{W}tcPr/{W}vMerge")
                # A cell merged with the one above repeats nothing.
                if merged is None or merged.get(f"{W}val") == "restart":
                    cells.append(" ".join(self._plain(cell)))
                else:
                    cells.append("")
            yield cells

    def _plain(self, element: etree._Element) -> list[str]:
        """Return the paragraphs below ``element`` as lines, text boxes and notes included."""
        lines = []
        for paragraph in _outermost(element, f"{W}p"):
            inline = Inline()
            lines.append(" ".join(inline.text(paragraph).split()))
            self.pictures += inline.pictures
            for box in inline.boxes:
                lines += self._plain(box)
            for kind, note_id in inline.notes:
                note = self._notes[kind].get(note_id)
                if note is not None:
                    lines += self._plain(note)
        return [line for line in lines if line]

    def _imported(self, element: etree._Element) -> str:
        """Return the text of a part in another format that Word would import."""
        _, part = self._relations.get(element.get(_RELATION_ID) or "", ("", ""))
        if part not in self._package.names:
            return ""
        text = decode(self._package.read(part)).text
        return text if part.endswith(".txt") else html_to_text(text)


def _within(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Yield the children ``tag``, also those inside content controls."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in _TRANSPARENT:
            yield from _within(child, tag)


def _outermost(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Yield descendants ``tag`` that are inside no other one."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag not in (f"{W}del", f"{W}moveFrom"):
            yield from _outermost(child, tag)


def _value(element: etree._Element | None) -> str:
    return "" if element is None else element.get(f"{W}val") or ""


def _properties(package: DocxPackage) -> dict[str, str | int | float | bool]:
    """Return title, author, keywords, language and dates, read by python-docx."""
    part = next((p for k, p in package.related("").values() if k == "core-properties"), "")
    if part not in package.names:
        return {}
    try:
        blob = etree.tostring(package.xml(part))
        loaded = CorePropertiesPart.load("/docProps/core.xml", "", blob, None)  # type: ignore[arg-type] # the package is not needed to read them
        core: CoreProperties = loaded.core_properties
        values = {
            "title": core.title,
            "author": core.author,
            "keywords": core.keywords,
            "language": core.language,
            "created": core.created.isoformat() if core.created else "",
            "modified": core.modified.isoformat() if core.modified else "",
        }
    except (DamagedFileError, ValueError, AttributeError, TypeError):
        return {}  # broken properties say nothing, and the text is still there
    return {key: value.strip() for key, value in values.items() if value and value.strip()}
