"""Code in a Word document: paragraphs, one per line, in a style or a font for code.

Such paragraphs form one block, with their indentation and their empty lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree

from ingest.loaders.base import BLOCK_BREAK, DocumentBuilder
from ingest.loaders.docx.styles import Styles, W, number
from kb.records import SectionKind

CodeSign = Literal["style", "font", ""]
"""The sign that a paragraph is code: its style's name, the font of all its letters, or nothing."""

# The names in Word, LibreOffice, Google Docs and pandoc, in their interfaces' languages.
_STYLE = re.compile(
    r"(?:source ?code|code|code ?(?:block|listing|snippet|sample|example|text)|listings?|verbatim|"
    r"(?:block )?preformatted(?: text)?|html preformatted|program ?listing|quell(?:code|text)|"
    r"(?:html )?vorformatiert(?:er text)?|(?:html )?préformaté|texte? préformaté|"
    r"html con formato previo|texto preformateado|preformattato(?: html)?|"
    r"html 预设格式|html 書式付き|html 預設格式|预格式(?:化的)?文(?:本|字)|代码(?:块)?|源代码|"
    r"程式碼)",
    re.IGNORECASE,
)
_FONT = re.compile(
    r"courier|consolas|mono\b|monospace|menlo|monaco|lucida (?:console|sans typewriter)|"
    r"lettergothic|letter gothic|andale|fixedsys|source code|fira code|cascadia|inconsolata|"
    r"typewriter|jetbrains|dejavusansmono",
    re.IGNORECASE,
)
_SIGNS = frozenset("{}()[]<>=;_#/\\|&*+$@\"'`~^%:")
_SIGNS_OF_CODE = 0.06
_LEAST_LINES = 2
_WORDS_OF_PROSE = 12
_COLUMN = 120  # twentieths of a point: a letter of Courier in 10 points
_MOST_COLUMNS = 40


@dataclass(slots=True)
class CodeParagraphs:
    """Tells which paragraphs of a document are code."""

    styles: Styles
    _by_style: dict[str, bool] = field(default_factory=dict)

    def sign(self, paragraph: etree._Element, style: str) -> CodeSign:
        """Return the sign that a paragraph is code; a document in typewriter letters has none."""
        if style not in self._by_style:
            names = self.styles.names(style)
            self._by_style[style] = any(_STYLE.fullmatch(name.replace("_", " ")) for name in names)
        if self._by_style[style]:
            return "style"
        if _FONT.search(self.styles.font(None, "")):
            return ""
        fonts = [
            self.styles.font(run.find(f"{W}rPr"), style)
            for run in paragraph.iter(f"{W}r")
            if any((each.text or "").strip() for each in run.findall(f"{W}t"))
        ]
        return "font" if fonts and all(map(_FONT.search, fonts)) else ""


def indent(properties: etree._Element | None) -> int:
    """Return the indentation of a paragraph's line, in twentieths of a point."""
    found = None if properties is None else properties.find(f"{W}ind")
    if found is None:
        return 0
    left = found.get(f"{W}left") or found.get(f"{W}start")
    first = number(found.get(f"{W}firstLine"), 0) - number(found.get(f"{W}hanging"), 0)
    return number(left, 0) + first


@dataclass(slots=True)
class CodeBuilder:
    """Adds blocks to a document; lines of code wait for the end of their listing."""

    builder: DocumentBuilder
    _lines: list[tuple[str, int]] = field(default_factory=list)
    _sign: CodeSign = ""

    def add(self, text: str, kind: SectionKind = "text", *, separator: str = BLOCK_BREAK) -> None:
        """Add a block after the waiting code."""
        self.flush()
        self.builder.add(text, kind, separator=separator)

    def heading(self, level: int, title: str) -> None:
        """Open a section after the waiting code."""
        self.flush()
        self.builder.heading(level, title)

    def code(self, text: str, indented: int, sign: CodeSign) -> None:
        """Receive a paragraph of code: one line, or several."""
        if self._lines and sign != self._sign:
            self.flush()
        self._sign = sign
        self._lines.append((text, indented))

    def empty(self) -> None:
        """Receive an empty paragraph, which is a line inside a listing."""
        if self._lines:
            self._lines.append(("", 0))

    def flush(self) -> None:
        """Add the waiting code; if only its font is a sign, it must also look like code."""
        lines, self._lines = self._lines, []
        while lines and not lines[-1][0].strip():
            lines.pop()
        if not lines:
            return
        if self._sign == "font" and not _is_code([text for text, _ in lines]):
            for text, _ in lines:
                self.builder.add(text.strip())
            return
        least = min(indented for text, indented in lines if text.strip())
        written = []
        for text, indented in lines:
            columns = min(max((indented - least) // _COLUMN, 0), _MOST_COLUMNS)
            written += [" " * columns + line.rstrip() for line in text.split("\n")]
        self.builder.add("\n".join(written), "code")


def _is_code(paragraphs: list[str]) -> bool:
    lines = [line for text in paragraphs for line in text.split("\n") if line.strip()]
    text = "".join("".join(lines).split())
    signs = sum(char in _SIGNS for char in text) >= _SIGNS_OF_CODE * len(text)
    indented = any(line[0] in " \t" for line in lines)
    words = sum(len(line.split()) for line in lines) / len(lines)
    return len(lines) >= _LEAST_LINES and (signs or indented) and words <= _WORDS_OF_PROSE
