"""Writes the tokens of a parsed Markdown file as readable text into a DocumentBuilder."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

from ingest.loaders.base import BLOCK_BREAK, DocumentBuilder
from ingest.loaders.html_text import read_html
from ingest.loaders.markdown.inline import Citation, read_inline
from ingest.loaders.markdown.tags import closed_names, only_markup
from kb.records import SectionKind

_ATTRIBUTES = re.compile(r"[ \t]*\{[ \t]*[#.:=\w][^{}\n]*\}[ \t]*$")
_BRACES = re.compile(r"\{[^{}]*\}")
_LANGUAGE = re.compile(r"[\w+#.-]+")
_INDENT = "  "


@dataclass(slots=True)
class _List:
    ordered: bool
    number: int = 1


@dataclass(slots=True)
class MarkdownText:
    """Walks the flat token stream once; lists keep markers, all other markup is removed."""

    builder: DocumentBuilder
    languages: set[str] = field(default_factory=set)
    _lists: list[_List] = field(default_factory=list)
    _marker: str = ""
    _item_before: bool = False
    _top_titles: list[str] = field(default_factory=list)
    _footnotes: dict[int, tuple[str, list[Citation]]] = field(default_factory=dict)
    _cited: list[Citation] = field(default_factory=list)
    _closed: frozenset[str] = frozenset()

    @property
    def only_title(self) -> str:
        """The first-level heading if there is exactly one, else empty."""
        return self._top_titles[0] if len(self._top_titles) == 1 else ""

    def write(self, tokens: Sequence[Token]) -> None:
        """Write a whole document's tokens."""
        body, notes = _split_footnotes(tokens)
        self._closed = closed_names([each.content for each in tokens if each.type == "html_block"])
        self._footnotes = {number: _plain(block) for number, block in notes.items()}
        at = 0
        while at < len(body):
            at = self._token(body, at)

    def _token(self, tokens: Sequence[Token], at: int) -> int:
        """Write the token at ``at`` and return the index of the next one."""
        token = tokens[at]
        kind = token.type
        if kind == "heading_open":
            self._heading(int(token.tag[1:]), tokens[at + 1])
            return at + 3
        if kind == "table_open":
            return self._table(tokens, at)
        if kind == "inline":
            self._paragraph(self._inline(token))
        elif kind in ("fence", "code_block"):
            self._code(token)
        elif kind == "html_block":
            self._html(token.content)
        elif kind == "pandoc_table":
            self._add(token.content, "table")
        elif kind in ("math_block", "math_block_label"):
            self._paragraph(token.content.strip())
        elif kind == "container_box_open":
            # the first word is the kind of box ("tip"), the rest its title
            _, _, title = _BRACES.sub("", token.info).strip().partition(" ")
            self._paragraph(title.strip())
        else:
            self._structure(token)
        return at + 1

    def _structure(self, token: Token) -> None:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            start = int(token.attrs.get("start", 1))
            self._lists.append(_List(ordered=kind == "ordered_list_open", number=start))
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            self._item_before = bool(self._lists)
        elif kind == "list_item_open":
            top = self._lists[-1]
            self._marker = f"{top.number}. " if top.ordered else "- "
            top.number += 1
        elif kind == "dd_open":
            self._marker = _INDENT

    def _heading(self, level: int, inline: Token) -> None:
        found = read_inline(inline, addresses_apart=True)
        self._cited += found.cited
        title = _ATTRIBUTES.sub("", found.text.replace("\n", " ")).strip()
        self._item_before = False
        if level == 1 and title:
            self._top_titles.append(title)
        self.builder.heading(level, title)
        self.builder.add("".join(found.addresses).strip(), separator="\n")
        self._add_cited()

    def _paragraph(self, text: str) -> None:
        if not text.strip():
            return
        depth = max(0, len(self._lists) - 1)
        marker, self._marker = self._marker, ""
        if self._lists or marker:
            rest = " " * len(marker) if marker else _INDENT
            first, *others = text.split("\n")
            lines = [marker + first if marker else rest + first, *(rest + line for line in others)]
            text = "\n".join(_INDENT * depth + line for line in lines)
        self._add(text, in_list=bool(self._lists) or marker == _INDENT)
        self._add_cited()

    def _add(self, text: str, kind: SectionKind = "text", *, in_list: bool = False) -> None:
        separator = "\n" if in_list and self._item_before else BLOCK_BREAK
        self.builder.add(text, kind, separator=separator)
        self._item_before = in_list

    def _add_cited(self) -> None:
        """Put footnotes right after the block that refers to them, where readers need them."""
        cited, self._cited = deque(self._cited), []
        while cited:
            number, label = cited.popleft()
            note, inner = self._footnotes.pop(number, ("", []))
            if note:
                self.builder.add(f"[{label}] {note}", separator="\n")
            cited.extendleft(reversed(inner))

    def _code(self, token: Token) -> None:
        found = _LANGUAGE.search(token.info.strip().lstrip("{").lstrip("."))
        if found:
            self.languages.add(found[0])
        if self._marker:
            self._paragraph_marker_alone()
        self._add(token.content.rstrip("\n"), "code")

    def _paragraph_marker_alone(self) -> None:
        """Keep an item's number if the item contains only code."""
        marker, self._marker = self._marker.strip(), ""
        if marker not in ("-", ""):
            self._add(_INDENT * max(0, len(self._lists) - 1) + marker, in_list=True)

    def _html(self, written: str) -> None:
        markup, is_html = only_markup(written, self._closed)
        if not is_html:
            self._paragraph(markup.strip("\n"))
            return
        for block in read_html(markup):
            if block.level:
                self._item_before = False
                if block.level == 1:
                    self._top_titles.append(" ".join(block.text.split()))
                self.builder.heading(block.level, block.text)
            elif block.is_table:
                self._add(block.text, "table")
            else:
                self._paragraph(block.text)

    def _table(self, tokens: Sequence[Token], at: int) -> int:
        rows: list[str] = []
        cells: list[str] = []
        while tokens[at].type != "table_close":
            token = tokens[at]
            if token.type == "inline":
                cells.append(self._inline(token).replace("\n", " "))
            elif token.type == "tr_close":
                rows.append(" | ".join(cells).rstrip(" |"))
                cells = []
            at += 1
        self._add("\n".join(row for row in rows if row), "table")
        self._add_cited()
        return at + 1

    def _inline(self, token: Token) -> str:
        found = read_inline(token)
        self._cited += found.cited
        return found.text


def _split_footnotes(
    tokens: Sequence[Token],
) -> tuple[Sequence[Token], dict[int, Sequence[Token]]]:
    """Separate the footnotes, which the plugin collects at the end, from the text before them."""
    start = next(
        (at for at, token in enumerate(tokens) if token.type == "footnote_block_open"), None
    )
    if start is None:
        return tokens, {}
    notes: dict[int, Sequence[Token]] = {}
    opened = 0
    for at in range(start, len(tokens)):
        if tokens[at].type == "footnote_open":
            opened = at
        elif tokens[at].type == "footnote_close":
            notes[int(tokens[opened].meta["id"])] = tokens[opened + 1 : at]
    return tokens[:start], notes


def _plain(tokens: Sequence[Token]) -> tuple[str, list[Citation]]:
    """Return a footnote's paragraphs and code in order, and the notes that it refers to."""
    parts: list[str] = []
    cited: list[Citation] = []
    for token in tokens:
        if token.type == "inline":
            found = read_inline(token)
            parts.append(found.text)
            cited += found.cited
        elif token.type in ("fence", "code_block"):
            parts.append(token.content.strip("\n"))
    return "\n".join(part for part in parts if part.strip()), cited
