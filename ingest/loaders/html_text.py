"""Turns HTML into readable lines: for HTML inside Markdown and for HTML parts of DOCX files.

The text of tags stays without the tags. Block elements begin lines, and table rows become ``cell |
cell``. Comments, scripts and style sheets are dropped. Lexbor builds the same tree as a browser,
also from broken HTML (implied end tags, misplaced text). The walk through it does not recurse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.loaders.html_markup import parsable
from ingest.loaders.html_tables import HtmlTable
from ingest.loaders.web_links import MOST_PARTS, link_address, picture_name

_DROPPED = frozenset(
    (  # noqa: SIM905 - a dozen quoted words say less
        "script style template noscript head title iframe noframes noembed object"
    ).split(),
)
_DROPPED_IN_SVG = frozenset({"desc", "metadata", "defs"})
_BLOCKS_IN_SVG = frozenset({"text", "foreignObject"})
_BLOCKS = frozenset(
    (  # noqa: SIM905 - forty quoted words say less
        "address article aside blockquote body caption center dd details dialog dir div dl dt "
        "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li "
        "listing main menu nav ol optgroup option p plaintext pre search section summary table "
        "tbody tfoot thead tr ul xmp"
    ).split(),
)
_GROUPS = frozenset({"tbody", "thead", "tfoot"})
_OF_TABLES = _GROUPS | {"table", "tr", "td", "th"}
_PREFORMATTED = frozenset({"pre", "listing", "xmp", "plaintext"})
# Drawn apart from neighbours, with or without a space.
_APART = frozenset({"button", "select", "textarea", "input", "tspan"})
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_HEADING = re.compile(r"h([1-6])$")


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlBlock:
    """A piece of a page: ``level`` is 1–6 for headings, else 0; tables are one block each."""

    text: str
    level: int = 0
    is_table: bool = False


class _Reader:
    def __init__(self) -> None:
        self.blocks: list[HtmlBlock] = []
        self._parts: list[str] = []
        self._rows: list[str] = []
        self._tables: list[HtmlTable] = []
        self._level = 0
        self._preformatted = 0
        self._svg = 0
        self._keeps_indent = False
        # For each link its address, and the range of parts that are its text.
        self._links: list[tuple[str, list[str], int]] = []
        self._apart = ""  # addresses in a heading

    def read(self, root: LexborNode) -> list[HtmlBlock]:
        """Walk through ``root`` in document order."""
        opened: list[LexborNode] = []
        node: LexborNode | None = root
        while node is not None or opened:
            if node is None:
                closed = opened.pop()
                self._end(closed.tag or "")
                node = closed.next
            elif node.is_text_node:
                self._data(node.text_content or "")
                node = node.next
            elif node.is_element_node and not self._drops(node.tag or ""):
                self._start(node.tag or "", node)
                opened.append(node)
                node = node.first_child
            else:
                node = node.next
        return self._finish()

    def _drops(self, tag: str) -> bool:
        return tag in _DROPPED or (self._svg > 0 and tag in _DROPPED_IN_SVG)

    def _start(self, tag: str, node: LexborNode) -> None:
        if tag == "table":
            self._break()
            if not self._tables:
                self._flush()
            self._tables.append(HtmlTable())
        elif tag in ("td", "th") and self._tables:
            self._end_cell()
            spans = node.attributes.get("colspan"), node.attributes.get("rowspan")
            self._tables[-1].start_cell(*spans)
        elif tag in ("br", "img", "a"):
            self._start_inline(tag, node)
        elif tag in _BLOCKS or (self._svg and tag in _BLOCKS_IN_SVG):
            self._break()
            self._start_block(tag)
        elif tag in _APART:
            self._write(" ")
        elif tag == "svg":
            self._svg += 1

    def _end(self, tag: str) -> None:
        if tag in _OF_TABLES and self._tables:
            self._end_in_table(tag)
        elif tag in _BLOCKS or (self._svg and tag in _BLOCKS_IN_SVG):
            self._break()
            if tag in _PREFORMATTED:
                self._preformatted -= 1
            if _HEADING.match(tag) and not self._tables:
                self._flush()
        elif tag in _APART:
            self._write(" ")
        elif tag in ("svg", "a"):
            self._end_inline(tag)

    def _end_in_table(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._end_cell()
        elif tag in _GROUPS:
            self._tables[-1].end_group()
            self._break()
        else:
            self._end_row()
        if tag == "table":
            self._tables.pop()
            if not self._tables:
                self._end_table()

    def _end_inline(self, tag: str) -> None:
        if tag == "svg":
            self._svg -= 1
        else:
            self._end_link()

    def _start_inline(self, tag: str, node: LexborNode) -> None:
        if tag == "br":
            self._write("\n")
        elif tag == "img":
            self._picture(node.attributes.get("alt") or "", node.attributes.get("src") or "")
        else:
            target = self._target()
            self._links.append((node.attributes.get("href") or "", target, len(target)))

    def _picture(self, shown: str, address: str) -> None:
        self._write(shown)
        if not self._links:  # a badge: its target says more
            self._write(picture_name(shown, address))

    def _end_link(self) -> None:
        address, target, first = self._links.pop()
        same = target is self._target() and len(target) - first <= MOST_PARTS
        text = "".join(target[first:]) if same else ""
        shown = link_address(text, address)
        if self._level:
            self._apart += shown
        else:
            self._write(shown)

    def _data(self, data: str) -> None:
        self._write(data if self._preformatted else _SPACE.sub(" ", data))

    def _finish(self) -> list[HtmlBlock]:
        self._end_table()
        self._flush()
        return self.blocks

    def _start_block(self, tag: str) -> None:
        heading = _HEADING.match(tag)
        if heading and not self._tables:
            self._flush()
            self._level = int(heading[1])
        elif tag == "li":
            self._write("- ")
        elif tag == "thead" and self._tables:
            self._tables[-1].in_head = True
        elif tag in _PREFORMATTED:
            self._preformatted += 1
            self._keeps_indent = True
        elif tag in ("p", "hr") and not self._tables:
            self._write("\n")

    def _write(self, text: str) -> None:
        target = self._target()
        if not self._preformatted and (not target or target[-1].endswith((" ", "\n"))):
            text = text.removeprefix(" ")
        if text:
            target.append(text)

    def _target(self) -> list[str]:
        return self._tables[-1].text if self._tables and self._tables[-1].is_open else self._parts

    def _break(self) -> None:
        target = self._target()
        if target and not target[-1].endswith("\n"):
            target.append("\n")

    def _end_cell(self) -> None:
        cell = self._tables[-1]
        if cell.is_open:
            cell.end_cell(_SPACE.sub(" ", "".join(cell.text)).strip().removesuffix(";"))

    def _end_row(self) -> None:
        self._end_cell()
        row = " | ".join(self._tables[-1].end_row()).rstrip(" |")
        if not row.strip(" |"):
            return
        outer = self._tables[-2] if len(self._tables) > 1 else None
        if outer is not None and outer.is_open:
            outer.text.append(f"{row}; ")
        else:
            self._rows.append(row)

    def _end_table(self) -> None:
        if self._parts:
            # text between the cells' tags, such as a caption, comes before the rows
            self._flush()
        if self._rows:
            self.blocks.append(HtmlBlock(text="\n".join(self._rows), is_table=True))
            self._rows.clear()

    def _flush(self) -> None:
        lines = [
            line.rstrip(" \t") if self._keeps_indent else line.strip(" \t")
            for line in "".join(self._parts).split("\n")
        ]
        text = _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")
        if text.strip():
            self.blocks.append(HtmlBlock(text=text, level=self._level))
        self._parts.clear()
        if self._apart:
            self._parts.append(f"{self._apart.strip()}\n")
            self._apart = ""
        self._level = 0
        self._keeps_indent = self._preformatted > 0


def read_html(markup: str) -> list[HtmlBlock]:
    """Return the readable blocks of a page or of a fragment of one."""
    root = LexborHTMLParser(parsable(markup)).root
    return [] if root is None else _Reader().read(root)


def html_to_text(markup: str) -> str:
    """Return these blocks as one text, with blank lines between them."""
    return "\n\n".join(block.text for block in read_html(markup))
