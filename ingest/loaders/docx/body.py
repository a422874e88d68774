"""Walks a Word document in reading order and passes its blocks to the builder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import TypeAlias

from lxml import etree

from ingest.errors import DamagedFileError
from ingest.loaders.base import DocumentBuilder
from ingest.loaders.docx.branches import MC, branch
from ingest.loaders.docx.chunks import chunk_text
from ingest.loaders.docx.code import CodeBuilder, CodeParagraphs, indent
from ingest.loaders.docx.comments import threads
from ingest.loaders.docx.controls import Controls
from ingest.loaders.docx.graphics import graphic_text
from ingest.loaders.docx.notices import Unread
from ingest.loaders.docx.numbering import Numbering
from ingest.loaders.docx.package import DocxPackage
from ingest.loaders.docx.pictures import PictureReader
from ingest.loaders.docx.styles import Styles, W, goes_on, value
from ingest.loaders.docx.tables import (
    Row,
    cell_text,
    continues,
    place_of,
    table_rows,
)
from ingest.loaders.docx.text import Inline
from ingest.loaders.docx.walk import TRANSPARENT, outermost, stays, within
from kb.records import SectionKind

_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ATTACHED = frozenset({"oleObject", "package", "control"})
_LONGEST_HEADING = 300  # beyond it, a paragraph got an outline level by mistake

_Step: TypeAlias = "etree._Element | Callable[[], None]"  # noqa: SLF001 - lxml names its class so


class BodyReader:
    """Reads one document; fills in ``unread``, ``pictures`` and ``title`` on the way."""

    def __init__(
        self, package: DocxPackage, builder: DocumentBuilder, pictures: PictureReader
    ) -> None:
        self._package = package
        self._builder = CodeBuilder(builder)
        self._main = package.main_part()
        self._parts: dict[etree._Element, str] = {}  # the part of each tree, by its root
        self._body = self._known(package.body(self._main), self._main)
        self._relations = package.relations(self._main).inside
        self._styles = Styles(self._optional("styles"))
        self._code = CodeParagraphs(self._styles)
        self._numbering = Numbering(self._optional("numbering"))
        self._notes = {kind: self._notes_of(kind) for kind in ("footnote", "endnote")}
        self._comments = threads(self._optional("comments"), self._optional("commentsExtended"))
        self._controls = Controls(package)
        self._told: set[etree._Element] = set()
        self._in_list = False
        self._carried = ""  # beginning of the next paragraph
        self.pictures = pictures
        self.unread = Unread()
        self.title = ""

    def read(self) -> None:
        """Read headers, the body, footers."""
        self._margins("header")
        self._blocks(self._body)
        self._settle()
        self._builder.heading(1, "")  # footers are below no heading
        self._margins("footer")
        self._builder.flush()
        # Attached files that nothing in the text shows.
        attached = sum(
            kind in _ATTACHED and part not in self._controls.read
            for kind, part in self._relations.values()
        )
        self.unread.objects = max(self.unread.objects, attached)

    def _optional(self, kind: str) -> etree._Element | None:
        for found, part in self._relations.values():
            if found == kind and part in self._package.names:
                return self._tree(part)
        return None

    def _tree(self, part: str) -> etree._Element | None:
        try:
            return self._known(self._package.xml(part), part)
        except DamagedFileError:
            self._package.damaged.add(part)  # the rest of the document is still readable
            return None

    def _known(self, tree: etree._Element, part: str) -> etree._Element:
        """Remember a tree's part, which lists the targets of its elements' references."""
        self._parts[tree] = part
        return tree

    def _notes_of(self, kind: str) -> dict[str, etree._Element]:
        tree = self._optional(f"{kind}s")
        found = () if tree is None else tree.iter(f"{W}{kind}")
        return {note.get(f"{W}id") or "": note for note in found if note.get(f"{W}type") is None}

    def _margins(self, kind: str) -> None:
        """Add headers or footers, each different text once: they repeat on every page."""
        seen: set[str] = set()
        for found, part in self._relations.values():
            if found != kind or part not in self._package.names:
                continue
            tree = self._tree(part)
            text = "" if tree is None else "\n".join(self._plain(tree))
            # A margin without letters is a page number.
            if text not in seen and any(char.isalpha() for char in text):
                seen.add(text)
                self._builder.add(text)

    def _blocks(self, elements: Iterable[etree._Element]) -> None:
        """Read blocks and the blocks inside them, in order: a table's cells, a box's paragraphs.

        Work for after the inner blocks is queued behind them.
        """
        opened: list[Iterator[_Step]] = [iter(elements)]
        while opened:
            step = next(opened[-1], None)
            if step is None:
                opened.pop()
            elif callable(step):
                step()
            elif step.tag == f"{W}p":
                opened.append(self._paragraph(step))
            elif step.tag == f"{W}tbl":
                opened.append(self._table(step))
            elif step.tag in (f"{W}altChunk", f"{W}subDoc"):
                self._import(step)
            elif step.tag == f"{MC}AlternateContent":
                opened.append(iter(branch(step)))
            elif step.tag in TRANSPARENT:
                opened.append(iter(step))

    def _paragraph(self, element: etree._Element) -> Iterator[_Step]:
        """Add a paragraph's text; return the blocks of its boxes, and the blocks after them."""
        properties = element.find(f"{W}pPr")
        style = "" if properties is None else value(properties.find(f"{W}pStyle"))
        level = self._styles.heading_level(style, properties)
        is_title = self._styles.is_title(style)
        inline, written = self._inline(element, plain=is_title or level is not None)
        written, self._carried = self._carried + written, ""
        text = written.strip()
        if text and goes_on(properties):
            self._carried = written
            return chain(*inline.boxes, [partial(self._after_boxes, inline)])
        # An emptied item still counts, as in Word; a deleted one does not.
        marker = "" if goes_on(properties) else self._marker(style, properties)
        if text and is_title:
            self.title = self.title or " ".join(text.split())
            self._builder.add(text)
            self._in_list = False
        elif text and level is not None and len(text) <= _LONGEST_HEADING:
            self._builder.heading(level, marker.strip().removeprefix("-") + " " + text)
            self._in_list = False
        elif text and not marker and (code := self._code.sign(element, style)):
            self._builder.code(written, indent(properties), code)
            self._in_list = False
        elif text:
            separator = "\n" if marker and self._in_list else "\n\n"
            self._in_list = bool(marker)
            self._builder.add(marker + text, separator=separator)
        else:
            self._builder.empty()
        return chain(*inline.boxes, [partial(self._after_boxes, inline)])

    def _after_boxes(self, inline: Inline) -> None:
        for kind, text in self._drawn_in(inline):
            self._builder.add(text, kind)
        for note in self._notes_in(inline):
            self._builder.add("\n".join(self._plain(note)))

    def _inline(self, paragraph: etree._Element, *, plain: bool = False) -> tuple[Inline, str]:
        part = self._parts.get(paragraph.getroottree().getroot(), self._main)
        inline = Inline(self._styles, self._package.relations(part), self._controls, plain=plain)
        text = inline.text(paragraph)
        self.unread.objects += inline.objects
        self.unread.hidden += inline.hidden
        self.unread.signs += inline.signs
        return inline, text

    def _drawn_in(self, inline: Inline) -> Iterator[tuple[SectionKind, str]]:
        """Yield the texts of a paragraph's drawings, and count drawings without text."""
        for text in inline.drawings.after:
            yield "text", text
        known = inline.relations.inside
        for relation in inline.drawings.graphics:
            _, part = known.get(relation, ("", ""))
            tree = self._tree(part) if part in self._package.names else None
            text = "" if tree is None else graphic_text(tree)
            if text:
                yield "table", text
            else:
                self.unread.graphics += 1
        for picture in inline.drawings.pictures:
            text = self.pictures.text(picture, known.get(picture.relation, ("", ""))[1])
            if text:
                yield "text", text

    def _notes_in(self, inline: Inline) -> Iterator[etree._Element]:
        """Yield the notes and comments of a paragraph, each once in a document."""
        for kind, note_id in inline.notes:
            note = self._notes[kind].pop(note_id, None)
            if note is not None:
                yield note
        for comment_id in inline.comments:
            thread = self._comments.get(comment_id)
            if thread is None:
                self.unread.comments += 1
            elif thread not in self._told:
                self._told.add(thread)
                yield thread

    def _marker(self, style: str, properties: etree._Element | None) -> str:
        found = None if properties is None else properties.find(f"{W}numPr")
        found = self._styles.numbering(style) if found is None else found
        return "" if found is None else self._numbering.marker(found, style)

    def _table(self, table: etree._Element) -> Iterator[_Step]:
        """Add a table, or return the blocks of a frame around text."""
        self._settle()
        rows: list[Row] = [
            (row, list(within(row, f"{W}tc"))) for row in within(table, f"{W}tr") if stays(row)
        ]
        if all(len(cells) <= 1 for _, cells in rows):
            # A single column is a frame around text: its paragraphs, lists and headings stay such.
            framed = (cell for _, cells in rows for cell in cells if not continues(cell))
            return chain(*framed, [self._leave_list])
        lines = table_rows(rows, self._cell)
        self._builder.add("\n".join(line for line in lines if line.strip(" |")), "table")
        return iter((self._leave_list,))

    def _settle(self) -> None:
        """Add the blocks that wait for a paragraph that does not come."""
        carried, self._carried = self._carried.strip(), ""
        self._builder.add(carried)

    def _cell(self, cell: etree._Element) -> str:
        return cell_text(
            (place_of(paragraph, cell), " ".join(self._lines([paragraph])))
            for paragraph in outermost(cell)
        )

    def _leave_list(self) -> None:
        self._in_list = False

    def _plain(self, element: etree._Element) -> list[str]:
        """Return the paragraphs below ``element`` as lines, text boxes and notes included."""
        return self._lines(outermost(element))

    def _lines(self, paragraphs: Iterable[etree._Element]) -> list[str]:
        lines: list[str] = []
        opened: list[Iterator[etree._Element | Inline]] = [iter(paragraphs)]
        while opened:
            step = next(opened[-1], None)
            if step is None:
                opened.pop()
            elif isinstance(step, Inline):  # a paragraph after its boxes and notes
                for _, drawn in self._drawn_in(step):
                    lines += drawn.splitlines()
            else:
                inline, text = self._inline(step)
                lines.append(" ".join(text.split()))
                parts = (*inline.boxes, *self._notes_in(inline))
                opened.append(chain(chain.from_iterable(map(outermost, parts)), [inline]))
        return [line for line in lines if line]

    def _import(self, element: etree._Element) -> None:
        owner = self._parts.get(element.getroottree().getroot(), self._main)
        relations = self._package.relations(owner).inside
        _, part = relations.get(element.get(_RELATION_ID) or "", ("", ""))
        known = part in self._package.names
        text = chunk_text(part, self._package.read(part)) if known else None
        if text is None:
            self.unread.imports += 1
        else:
            self._builder.add(text)
