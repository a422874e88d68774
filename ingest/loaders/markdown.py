"""Markdown: front matter, heading tree, tables and code, without the markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from ingest.errors import EmptyDocumentError
from ingest.loaders.base import DocumentBuilder, LoadOptions
from ingest.loaders.front_matter import parse_front_matter
from ingest.loaders.html_text import html_to_text
from ingest.loaders.text import read_text
from kb.records import Document

_CONTAINER = ":::"
# Attributes after a heading, as Pandoc and VitePress write them: ``{#anchor .class}``.
_HEADING_ATTRIBUTES = re.compile(r"\s*\{[#.][^{}]*\}$")


class MarkdownLoader:
    """Reads Markdown (CommonMark with tables, footnotes and front matter)."""

    extensions = (".md", ".markdown")
    version = 1

    def load(
        self,
        path: Path,
        options: LoadOptions,  # noqa: ARG002 - the protocol's; Markdown needs none
        on_progress: Callable[[int, int], None] | None = None,  # noqa: ARG002 - no pages
    ) -> Document:
        """Read a Markdown file.

        Raises:
            DamagedFileError: the bytes are no text.
            EmptyDocumentError: nothing but markup and white space.
            UnreadableFileError: the file cannot be opened.
        """
        text, notices, metadata = read_text(path)
        tokens = _parser().parse(text)
        builder = DocumentBuilder(media_type="markdown", notices=list(notices), metadata=metadata)
        if tokens and tokens[0].type == "front_matter":
            found, notice = parse_front_matter(tokens[0].content)
            builder.metadata.update(found)
            if notice is not None:
                builder.notices.append(notice)
        builder.title = str(builder.metadata.get("title", "")) or _only_heading(tokens)
        _Blocks(builder).add(tokens)
        document = builder.build()
        if not document.text.strip():
            msg = f"{path.name} holds markup but no text; there is nothing to ingest."
            raise EmptyDocumentError(msg)
        return document


def _parser() -> MarkdownIt:
    # The typographer would change characters that people search for.
    parser = MarkdownIt("commonmark", {"html": True, "typographer": False})
    return parser.enable(["table", "strikethrough"]).use(front_matter_plugin).use(footnote_plugin)


def _only_heading(tokens: Sequence[Token]) -> str:
    """Return the level-1 heading if there is exactly one: then it is the title."""
    found = [
        _heading(following)
        for token, following in pairwise(tokens)
        if token.type == "heading_open" and token.tag == "h1"
    ]
    return found[0] if len(found) == 1 else ""


class _Blocks:
    """Walks the block tokens once, in order, and hands text to the builder."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._lists: list[int | None] = []  # the next number, None for bullets
        self._marker = ""
        self._after_item = False

    def add(self, tokens: Sequence[Token]) -> None:
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type == "heading_open":
                self._builder.heading(int(token.tag[1:]), _heading(tokens[at + 1]))
                at += 2
            elif token.type == "table_open":
                end = _closing(tokens, at, "table_close")
                rows = [" | ".join(row) for row in _rows(tokens[at:end])]
                self._builder.add("\n".join(rows), "table")
                at = end
            else:
                self._block(token)
            at += 1

    def _block(self, token: Token) -> None:
        kind = token.type
        if kind in ("fence", "code_block"):
            self._builder.add(token.content, "code")
        elif kind == "html_block":
            self._builder.add(html_to_text(token.content))
        elif kind in ("bullet_list_open", "ordered_list_open"):
            start = int(token.attrGet("start") or 1) if kind[0] == "o" else None
            self._lists.append(start)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            self._after_item = bool(self._lists)
        elif kind == "list_item_open":
            self._open_item()
        elif kind == "footnote_open":
            self._marker = f"[{int(token.meta.get('id', 0)) + 1}] "
        elif kind == "inline":
            self._paragraph(token)

    def _open_item(self) -> None:
        number = self._lists[-1]
        indent = "  " * (len(self._lists) - 1)
        if number is None:
            self._marker = f"{indent}- "
        else:
            self._marker = f"{indent}{number}. "
            self._lists[-1] = number + 1

    def _paragraph(self, token: Token) -> None:
        lines = [line for line in _inline(token).split("\n") if not line.startswith(_CONTAINER)]
        text = "\n".join(lines)
        if not text.strip():
            return
        # Items of a list stand on lines of their own, without a blank line between them.
        separator = "\n" if self._after_item and self._marker else "\n\n"
        self._builder.add(self._marker + text, separator=separator)
        self._after_item = bool(self._lists)
        self._marker = ""


def _closing(tokens: Sequence[Token], at: int, kind: str) -> int:
    return next(i for i in range(at, len(tokens)) if tokens[i].type == kind)


def _rows(tokens: Sequence[Token]) -> Iterator[list[str]]:
    row: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(_inline(token).replace("\n", " "))
        elif token.type == "tr_close":
            yield row


def _heading(token: Token) -> str:
    return _HEADING_ATTRIBUTES.sub("", _inline(token))


def _inline(token: Token) -> str:
    """Return the text of an inline token: links their text, pictures their description."""
    parts = []
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type == "image":
            parts.append(_inline(child) or child.content)
        elif child.type == "html_inline":
            parts.append("\n" if child.content.lower().startswith("<br") else "")
        elif child.type == "footnote_ref":
            parts.append(f"[{int(child.meta.get('id', 0)) + 1}]")
        else:
            parts.append(child.content)
    return "".join(parts).strip()
