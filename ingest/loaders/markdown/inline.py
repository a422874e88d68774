"""Reads one block of Markdown text: its words, addresses of links, and marks of footnotes."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import unescape

from markdown_it.token import Token

from ingest.loaders.markdown.tags import Tag, inline_tags
from ingest.loaders.web_links import MOST_PARTS, link_address, picture_name

Citation = tuple[int, str]
"""A footnote's number and its label in the text."""

_ENDS = frozenset({"p", "div", "li", "tr"})
_HIDDEN = frozenset({"script", "style", "template"})


@dataclass(frozen=True, slots=True)
class Inline:
    """A block's text, its footnotes, and addresses that the text does not contain."""

    text: str
    cited: list[Citation]
    addresses: list[str]


def read_inline(token: Token, *, addresses_apart: bool = False) -> Inline:
    """Read an inline token; addresses come at its end, so that sentences with links stay whole.

    ``addresses_apart`` keeps them out of headings, which are in the path of everything below them.
    """
    reader = _Reader()
    reader.read(token)
    words, addresses = "".join(reader.words()), reader.addresses()
    if addresses_apart:
        return Inline(words, reader.cited, addresses)
    return Inline(words + "".join(dict.fromkeys(addresses)), reader.cited, [])


@dataclass(slots=True)
class _Reader:
    parts: list[str] = field(default_factory=list)
    cited: list[Citation] = field(default_factory=list)
    _links: list[tuple[str, int]] = field(default_factory=list)  # address, first part of its text
    _added: set[int] = field(default_factory=set)  # parts that are addresses
    _hidden: int = 0

    def words(self) -> list[str]:
        """Return the parts that are not addresses."""
        return [part for at, part in enumerate(self.parts) if at not in self._added]

    def addresses(self) -> list[str]:
        """Return the parts that are addresses."""
        return [self.parts[at] for at in sorted(self._added)]

    def read(self, token: Token) -> None:
        """Read the whole block."""
        children = token.children or ()
        tags = iter(inline_tags([each.content for each in children if each.type == "html_inline"]))
        for child in children:
            if child.type == "html_inline":
                self._html(next(tags), child.content)
            elif not self._hidden:
                self._markdown(child)

    def _markdown(self, child: Token) -> None:
        if child.type in ("softbreak", "hardbreak"):
            self.parts.append("\n")
        elif child.type == "footnote_ref":
            number = int(child.meta["id"])
            label = str(child.meta.get("label") or number + 1)
            self.parts.append(f"[{label}]")
            self.cited.append((number, label))
        elif child.type == "link_open":
            self._open(str(child.attrs.get("href", "")))
        elif child.type == "link_close":
            self._close()
        elif child.type == "image":
            self._picture(child.content, str(child.attrs.get("src", "")))
        elif child.content:
            self.parts.append(child.content)

    def _html(self, tag: Tag, written: str) -> None:
        if tag.is_markup and tag.name in _HIDDEN and not tag.ends_itself:
            self._hidden += -1 if tag.is_close else 1
        elif self._hidden:
            return
        elif not tag.is_markup:
            self.parts.append(written)
        elif tag.name == "br" or (tag.is_close and tag.name in _ENDS):
            self.parts.append("\n")
        elif tag.name == "img":
            self._picture(*(unescape(tag.attributes.get(name, "")) for name in ("alt", "src")))
        elif tag.name == "a" and not tag.ends_itself:
            if tag.is_close:
                self._close()
            else:
                self._open(unescape(tag.attributes.get("href", "")))

    def _open(self, address: str) -> None:
        self._links.append((address, len(self.parts)))

    def _close(self) -> None:
        if self._links:
            address, first = self._links.pop()
            text = "".join(self.parts[first:]) if len(self.parts) - first <= MOST_PARTS else ""
            self._add_address(link_address(text, address))

    def _picture(self, shown: str, address: str) -> None:
        self.parts.append(shown)
        if not self._links:  # a badge: its target says more
            self._add_address(picture_name(shown, address))

    def _add_address(self, shown: str) -> None:
        if shown:
            self._added.add(len(self.parts))
            self.parts.append(shown)
