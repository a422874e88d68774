"""Prepares HTML for parsing: pieces of tables, raw text elements, excessive nesting."""

from __future__ import annotations

import re
from collections import Counter

MAX_DEPTH = 500
"""Most nested elements of one name, about as many as browsers build: for each one more the parser
looks through all open ones. Only names with a required end tag count."""

# Markdown passes pieces of tables; their tags mean nothing outside one.
_FIRST_TAG = re.compile(r"\s*+(?:(?><!--.*?-->)\s*+)*+</?([a-z]+)", re.IGNORECASE | re.DOTALL)
_AROUND = {
    **dict.fromkeys(("tr", "tbody", "thead", "tfoot", "caption", "colgroup", "col"), "<table>"),
    **dict.fromkeys(("td", "th"), "<table><tr>"),
}
_NESTING_TAG = re.compile(
    r"<(/?)(div|section|article|main|aside|nav|header|footer|blockquote|center|form|fieldset|ul|ol"
    r"|dl|dir|menu|details|figure|address|pre|listing|hgroup|search|button)\b"
    r"(?:[^\"'<>]++|\"[^\"]*+\"|'[^']*+')*+>?",
    re.IGNORECASE,
)
# "<script src=… />" of component templates: HTML takes the following text for its content.
_RAW_TAG = re.compile(
    r"<(?:script|style|template|noscript|title|textarea|iframe|noframes|noembed|object|xmp)\b"
    r"(?:[^\"'<>]++|\"[^\"]*+\"|'[^']*+')*+>?",
    re.IGNORECASE,
)


def parsable(markup: str) -> str:
    """Return a page or a fragment of one in a form that the parser reads well."""
    first = _FIRST_TAG.match(markup)
    around = _AROUND.get(first[1].lower(), "") if first else ""
    markup = _RAW_TAG.sub(_unless_self_closed, markup)
    if markup.count("<") > MAX_DEPTH:
        markup = _NESTING_TAG.sub(_Nesting(), markup)
    return around + markup


class _Nesting:
    """Replaces the tags of elements beyond :data:`MAX_DEPTH` by line breaks."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def __call__(self, tag: re.Match[str]) -> str:
        """Return a tag, or its replacement."""
        name = tag[2].lower()
        if not tag[1]:
            self._open[name] += 1
            return tag[0] if self._open[name] <= MAX_DEPTH else "<br>"
        too_deep = self._open[name] > MAX_DEPTH
        self._open[name] = max(0, self._open[name] - 1)
        return "<br>" if too_deep else tag[0]


def _unless_self_closed(tag: re.Match[str]) -> str:
    return "" if tag[0].endswith("/>") else tag[0]
