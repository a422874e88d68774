"""Prepares untrusted text for the browser: names and passages never become markup.

Streamlit reads Markdown in every label and HTML in ``st.html``. File names, headings and document
text come from strangers. So every such text passes through :func:`plain` for a label, or through
one of the other functions here for HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape as _escape
from pathlib import Path

from markdown_it import MarkdownIt

from ingest.loaders.markdown.nesting import deep_nesting

Span = tuple[int, int]

STYLE_SHEET = Path(__file__).parent / "style.css"

WIDE = (
    '<style>[data-testid="stMainBlockContainer"]'
    " { max-width: 84rem; padding-inline: clamp(1rem, 2.5vw, 5rem); }</style>"
)
"""For tables; text has narrower columns."""

EXCERPT_CHARACTERS = 560
_LEAD_CHARACTERS = 120

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Streamlit recognises emoji names and bare addresses after it has removed backslashes. An invisible
# character without a line break (word joiner) separates them.
_JOINER = "\u2060"


def plain(text: str) -> str:
    """Return ``text`` as Markdown that shows exactly its characters, on one line."""
    escaped = _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))
    return escaped.replace("\\:", f"\\:{_JOINER}").replace("\\@", f"\\@{_JOINER}")


def escape(text: str) -> str:
    """Return ``text`` for an element's content or a quoted attribute."""
    return _escape(text, quote=True)


def marked(text: str, spans: Iterable[Span], words: Sequence[Span] = ()) -> str:
    """Return ``text`` as HTML with ``spans`` marked; overlapping spans become one.

    ``words`` stand out inside a marked span that is longer than one of them.
    """
    parts: list[str] = []
    at = 0
    for start, end in sorted(spans):
        left, right = max(start, at), min(end, len(text))
        if left >= right:
            continue
        inside = [(max(a, left), min(b, right)) for a, b in words if a < right and b > left]
        parts += [escape(text[at:left]), "<mark>"]
        for a, b in inside if inside != [(left, right)] else ():
            parts += [escape(text[left:a]), "<b>", escape(text[a:b]), "</b>"]
            left = b
        parts += [escape(text[left:right]), "</mark>"]
        at = right
    parts.append(escape(text[at:]))
    return "".join(parts)


def header_html(header: str) -> str:
    """Return the header row of a passage as a line above it; empty without one."""
    return f'<span class="kb-around">{escape(header)}</span>\n' if header else ""


def excerpt(
    text: str, spans: Sequence[Span], words: Sequence[Span] = (), around: Span | None = None
) -> str:
    """Return the part of a passage around its answer as HTML; a short passage whole.

    The answer is ``around``, else the first marked span. Ellipses show where the passage continues.
    """
    if len(text) <= EXCERPT_CHARACTERS * 1.25:
        return marked(text, spans, words)
    first = min((start for start, _ in spans), default=0) if around is None else around[0]
    start = max(0, min(first - _LEAD_CHARACTERS, len(text) - EXCERPT_CHARACTERS))
    start = _word_start(text, start)
    end = min(len(text), start + EXCERPT_CHARACTERS)
    body = marked(text[start:end], _cut(spans, start, end), _cut(words, start, end))
    return ("… " if start else "") + body + (" …" if end < len(text) else "")


def _cut(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """Return the parts of spans inside a part of a text, counted from its start."""
    inside = ((max(a, start) - start, min(b, end) - start) for a, b in spans)
    return [(a, b) for a, b in inside if a < b]


# Neither links nor pictures: a document could make a model write a link that leaks text.
_ANSWERS = MarkdownIt("commonmark", {"html": False}).enable("table")
_ANSWERS.use(deep_nesting)
_ANSWERS.disable(["link", "image", "autolink", "reference", "html_block", "html_inline"])
_CITED = re.compile(r"\[(\d{1,4})\]")


def answer_html(text: str, beside: Mapping[int, str] | None = None, *, turn: int = 0) -> str:
    """Return a chat model's Markdown as HTML: paragraphs, lists, tables, code and emphasis only.

    Citations such as ``[1]`` are distinct from the text. Citations of passages beside the answer
    are buttons that lead to the passage.

    Args:
        text: the model's text.
        beside: names of those passages, by number.
        turn: the answer's number in the conversation.
    """
    named = beside or {}

    def citation(found: re.Match[str]) -> str:
        number = int(found[1])
        if number not in named:
            return f'<span class="kb-cited">{number}</span>'
        return (
            f'<button type="button" class="kb-cited" data-cite="{turn}-{number}"'
            f' title="{escape(named[number])}">{number}</button>'
        )

    body = _CITED.sub(citation, str(_ANSWERS.render(text)))
    return f'<div class="kb-answer">{body}</div>'


def beside_css(turn: int, numbers: Iterable[int]) -> str:
    """Return CSS rules that highlight a passage with its citation, and the other way round."""
    rules = []
    for number in numbers:
        cite, passage = f'[data-cite="{turn}-{number}"]', f".st-key-beside-{turn}-{number}"
        rules.append(
            f".st-key-turn-{turn}:has({cite}:is(:hover, :focus)) {passage},"
            f" .st-key-turn-{turn}:has({passage}:hover) {cite}"
            " { outline: 2px solid #2c7a68; outline-offset: 3px; border-radius: .4rem; }"
        )
    return f"<style>{' '.join(rules)}</style>"


def bar(share: float, *, label: str = "", kind: str = "") -> str:
    """Return a bar filled to ``share`` of its width, with a text for screen readers."""
    percent = round(100 * min(1.0, max(0.0, share)))
    return (
        f'<span class="kb-bar {escape(kind)}" role="img" aria-label="{escape(label)}">'
        f'<span style="width:{percent}%"></span></span>'
    )


def _word_start(text: str, at: int) -> int:
    """Move ``at`` back to the start of a word or line, if it is near."""
    for back in range(at, max(0, at - 24), -1):
        if text[back - 1].isspace():
            return back
    return at
