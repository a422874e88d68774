"""Turns HTML into readable lines: for HTML inside Markdown and for HTML parts of DOCX files.

Tags go, their text stays. Block elements begin lines, table rows become ``cell | cell``,
comments, scripts and style sheets are dropped. Built on the standard library's parser, which
loads nothing and accepts any broken markup; one pass, no recursion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_DROPPED = frozenset({"script", "style", "template", "noscript", "head", "iframe", "svg", "object"})
_BLOCKS = frozenset(
    (  # noqa: SIM905 - thirty quoted words say less
        "address article aside blockquote body caption center dd details dialog div dl dt "
        "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main "
        "nav ol p pre section summary table tbody tfoot thead tr ul"
    ).split(),
)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_HEADING = re.compile(r"h([1-6])$")


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlBlock:
    """A piece of a page: ``level`` is 1–6 for headings, else 0; tables are one block each."""

    text: str
    level: int = 0
    is_table: bool = False


@dataclass(slots=True)
class _Cell:
    """The cell being read, one per nesting level of tables."""

    row: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    is_open: bool = False


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[HtmlBlock] = []
        self._parts: list[str] = []
        self._rows: list[str] = []
        self._tables: list[_Cell] = []
        self._dropped = 0
        self._level = 0
        self._preformatted = 0
        self._keeps_indent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropped += 1
        elif tag == "table":
            self._break()
            if not self._tables:
                self._flush()
            self._tables.append(_Cell())
        elif tag == "tr" and self._tables:
            self._end_row()
        elif tag in ("td", "th") and self._tables:
            self._end_cell()
            self._tables[-1].is_open = True
        elif tag == "br":
            self._write("\n")
        elif tag == "img":
            self._write(dict(attrs).get("alt") or "")
        elif tag in _BLOCKS:
            self._break()
            self._start_block(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # "<script src=… />" of component templates: must not swallow what follows
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
        elif tag == "table" and self._tables:
            self._end_row()
            self._tables.pop()
            if not self._tables:
                self._end_table()
        elif tag == "tr" and self._tables:
            self._end_row()
        elif tag in ("td", "th") and self._tables:
            self._end_cell()
        elif tag in _BLOCKS:
            self._break()
            if tag == "pre":
                self._preformatted = max(0, self._preformatted - 1)
            if _HEADING.match(tag) and not self._tables:
                self._flush()

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self._write(data if self._preformatted else _SPACE.sub(" ", data))

    def finish(self) -> list[HtmlBlock]:
        self.close()
        while self._tables:
            self._end_row()
            self._tables.pop()
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
        elif tag == "pre":
            self._preformatted += 1
            self._keeps_indent = True
        elif tag in ("p", "hr") and not self._tables:
            self._write("\n")

    def _write(self, text: str) -> None:
        target = self._target()
        if text == " " and (not target or target[-1].endswith((" ", "\n"))):
            return
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
            cell.row.append(_SPACE.sub(" ", "".join(cell.text)).strip().removesuffix(";"))
            cell.text.clear()
            cell.is_open = False

    def _end_row(self) -> None:
        self._end_cell()
        cell = self._tables[-1]
        row = " | ".join(cell.row).rstrip(" |")
        cell.row.clear()
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
        self._level = 0
        self._keeps_indent = self._preformatted > 0


def read_html(markup: str) -> list[HtmlBlock]:
    """Return the readable blocks of a page or of any fragment of one."""
    reader = _Reader()
    reader.feed(markup)
    return reader.finish()


def html_to_text(markup: str) -> str:
    """Return the same blocks as one text, a blank line between them."""
    return "\n\n".join(block.text for block in read_html(markup))
