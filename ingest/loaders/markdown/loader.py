"""Reads Markdown: the heading tree, and the text as a reader sees it, without markup.

Understands CommonMark, GitHub's tables, footnotes, definition lists, ``$math$``, ``:::``
containers, front matter, and Pandoc's drawn tables. Only this package and ``ui/markup.py`` import
markdown_it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from ingest.errors import EmptyDocumentError
from ingest.loaders.base import DocumentBuilder, LoadOptions
from ingest.loaders.markdown.front_matter import split_front_matter
from ingest.loaders.markdown.html import ended_html
from ingest.loaders.markdown.nesting import MAX_DEPTH, deep_nesting, lines_too_deep
from ingest.loaders.markdown.pandoc_tables import pandoc_tables
from ingest.loaders.markdown.rows import whole_rows
from ingest.loaders.markdown.text import MarkdownText
from ingest.loaders.text.reading import read_text
from kb.metadata import DATE_KEYS, LANGUAGE_KEYS, TAG_KEYS
from kb.records import Document, MetadataValue, Notice
from kb.text import normalise

_PANDOC_TITLE = re.compile(
    r"\A% ?(?P<title>[^\n]+)\n(?:% ?(?P<author>[^\n]*)\n)?(?:% ?(?P<date>[^\n]*)\n)?"
)
# Keys that other programs look for get one spelling.
_KNOWN_KEYS = frozenset({"title", "author", *LANGUAGE_KEYS, *TAG_KEYS, *DATE_KEYS})


class MarkdownLoader:
    """Reads .md and .markdown files of any common encoding."""

    extensions = (".md", ".markdown")
    version = 6

    def load(
        self,
        path: Path,
        options: LoadOptions,  # noqa: ARG002 - the contract's; Markdown has no limits to set
        on_progress: Callable[[int, int], None] | None = None,  # noqa: ARG002 - no pages
    ) -> Document:
        """Read ``path`` into sections under its headings.

        Raises:
            LoadError: the file is empty, not text, or cannot be opened.
        """
        text, metadata, notices = read_text(path)
        whole = normalise(text)
        front = split_front_matter(whole)
        body, values = _pandoc_title_block(front.body, front.values)
        builder = DocumentBuilder(media_type="markdown", notices=[*notices, *front.notices])
        written = MarkdownText(builder)
        env: dict[str, Any] = {}
        written.write(_parser().parse(body, env))
        before = whole.count("\n", 0, len(whole) - len(body))
        builder.notices += _too_deep([before + line + 1 for line in lines_too_deep(env)])
        title = values.get("title")
        builder.title = str(title) if title is not None else written.only_title
        if written.languages:
            values["code_languages"] = ", ".join(sorted(written.languages))
        builder.metadata.update(metadata | values)
        if not builder.length:
            message = f"{path.name} holds no text besides markup; there is nothing to index."
            raise EmptyDocumentError(message)
        return builder.build()


def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    md.use(footnote_plugin, inline=True, move_to_end=True)
    md.use(deflist_plugin)
    # "$5 and $10" is money: no space inside, no digit right after
    md.use(dollarmath_plugin, allow_space=False, allow_digits=False)
    # any name: every site generator has its own kinds of boxes
    md.use(container_plugin, name="box", validate=_any_container)
    md.use(pandoc_tables)
    md.use(whole_rows)
    md.use(deep_nesting)
    md.use(ended_html)
    return md


def _too_deep(lines: list[int]) -> Iterator[Notice]:
    """Return a notice about quotes and lists beyond the nesting limit."""
    if lines:
        message = (
            f"Quotes or lists are nested more than {MAX_DEPTH} levels deep in line {lines[0]}"
            f"{f' and {len(lines) - 1} more' if len(lines) > 1 else ''}; "
            "what is deeper was read as plain text."
        )
        values = {"line": lines[0], "places": len(lines), "levels": MAX_DEPTH}
        yield Notice(code="nested_too_deep", message=message, values=values)


def _any_container(params: str, markup: str) -> bool:  # noqa: ARG001 - markdown-it's signature
    return True


def _pandoc_title_block(
    body: str,
    values: dict[str, MetadataValue],
) -> tuple[str, dict[str, MetadataValue]]:
    """Read Pandoc's ``% title`` lines, and give known keys one spelling."""
    named = {key.lower() if key.lower() in _KNOWN_KEYS else key: v for key, v in values.items()}
    found = _PANDOC_TITLE.match(body)
    if not found:
        return body, named
    for key in ("title", "author", "date"):
        if found[key] and found[key].strip():
            named.setdefault(key, found[key].strip())
    return body[found.end() :], named
