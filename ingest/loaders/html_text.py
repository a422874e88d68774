"""The text of a piece of HTML: what a reader would see, without the tags."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    """address article blockquote br dd details div dl dt figcaption footer h1 h2 h3 h4 h5 h6
    header hr li main ol p pre section summary table tbody thead tr ul""".split()  # noqa: SIM905 - reads better than 28 quoted names
)
_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset({"script", "style", "template", "head"})
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def html_to_text(html: str) -> str:
    """Return the visible text, a line for each block, cells separated by ``|``.

    Comments, scripts and styles are dropped; a picture gives its ``alt`` text.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = _LINES.sub("\n", _SPACES.sub(" ", "".join(reader.parts)))
    lines = (line.strip(" |") for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _CELLS:
            self.parts.append(" | ")
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data.replace("\n", " "))
