"""Plain text of the rich text in PDF: fields and notes write it as XHTML."""

from __future__ import annotations

from html.parser import HTMLParser

_PARAGRAPHS = frozenset({"p", "div", "li", "tr", "br", "body"})


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as is called
        if tag in _PARAGRAPHS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(rich: str) -> str:
    """Return the text of XHTML, a paragraph a line.

    >>> plain("<body><p>Rail <b>Nord</b> &amp; Co</p></body>")
    'Rail Nord & Co'
    """
    parser = _Plain()
    parser.feed(rich)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)
