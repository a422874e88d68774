"""Fields of a Word document: legacy form fields, links and signs, as a reader sees them.

A field is an instruction and usually its last result. Word draws some fields only from the
instruction or from the form's data. This module puts those into words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from ingest.loaders.docx.ruby import in_brackets
from ingest.loaders.docx.styles import W, is_on, number, value
from ingest.loaders.symbols import CHECKED, UNCHECKED, sign, symbol_font

_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
CONTENT_BOX = f"{W}sdtPr/{_W14}checkbox"
"""Element that makes a content control a check box."""

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_ESCAPED = re.compile(r'\\([\\"])')
_WITH_VALUE = frozenset({"\\l", "\\t", "\\o", "\\f", "\\s"})
# Word's older ways to draw "enclosed characters", the "phonetic guide" and fractions.
_RINGED = re.compile(r"\\o\s*\\a[a-z]\s*\(\s*([○◯□△◇])\s*[,;]([^,;()]*)\)", re.IGNORECASE)
_RUBY = re.compile(r"\\s\s*\\up\s*\d+\s*\(([^()]*)\)\s*[,;]([^()]*)\)", re.IGNORECASE)
_FRACTION = re.compile(r"\\f\s*\(([^,;()]*)[,;]([^,;()]*)\)", re.IGNORECASE)
_FORMULA_MARKS = re.compile(r"\\\*\s*\w+|\\[a-z]+\d*|[(),;]", re.IGNORECASE)
_LONGEST_FORMULA = 1_000
_LARGEST_CODE = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


@dataclass(slots=True)
class Field:
    """A field during reading.

    ``began`` and ``result`` are indexes in the paragraph's pieces: the field's beginning, and its
    result's beginning (None before that).
    """

    began: int
    form: etree._Element | None = None
    result: int | None = None
    instruction: list[str] = field(default_factory=list)

    def words(self) -> list[str]:
        """Return the words of the instruction, those in quotes as one."""
        found = _WORD.findall("".join(self.instruction))
        return [_ESCAPED.sub(r"\1", quoted) if quoted else bare for quoted, bare in found]

    def form_value(self, result: str) -> str | None:
        """Return a legacy form field's visible text; None if its result has it, or for others.

        A text field without a result shows its preset text.
        """
        if self.form is None:
            return None
        box = self.form.find(f"{W}checkBox")
        if box is not None:
            checked = box.find(f"{W}checked")
            checked = box.find(f"{W}default") if checked is None else checked
            return CHECKED if checked is not None and is_on(checked) else UNCHECKED
        choices = self.form.find(f"{W}ddList")
        if choices is not None:
            return _chosen(choices)
        preset = value(self.form.find(f"{W}textInput/{W}default"))
        return preset if preset and self.result is None and not result.strip() else None

    def drawn(self) -> str:
        """Return the text of a field without a result: a sign, a formula, a button's text."""
        words = self.words()
        kind = words[0].upper() if words else ""
        if kind == "SYMBOL":
            return _symbol(words)
        if kind == "EQ":
            return _formula("".join(self.instruction).strip()[2:].strip())
        if kind == "MACROBUTTON":
            shown = re.sub(r"^\s*\S+\s+\S+\s*", "", "".join(self.instruction))
            return shown.strip()
        return ""

    def address(self) -> str:
        """Return the target of a ``HYPERLINK`` field, "" for other fields."""
        words = self.words()
        if not words or words[0].upper() != "HYPERLINK":
            return ""
        address = anchor = ""
        rest = iter(words[1:])
        for word in rest:
            if word.lower() in _WITH_VALUE:
                given = next(rest, "")
                anchor = given if word.lower() == "\\l" else anchor
            elif not word.startswith("\\") or word.startswith("\\\\"):
                address = address or word
        return f"{address}#{anchor}" if address and anchor else address


def box_sign(control: etree._Element, shown: str) -> str:
    """Return the sign of a content control's check box, if no font here can draw its own."""
    if shown.strip() and not any("\ue000" <= char <= "\uf8ff" for char in shown):
        return shown
    checked = control.find(f"{CONTENT_BOX}/{_W14}checked")
    on = checked is not None and (checked.get(f"{_W14}val") or "1") not in ("0", "false")
    return CHECKED if on else UNCHECKED


def _chosen(choices: etree._Element) -> str:
    """Return the chosen entry of a drop-down list: the first by default."""
    entries = [value(entry) for entry in choices.findall(f"{W}listEntry")]
    chosen = choices.find(f"{W}result")
    chosen = choices.find(f"{W}default") if chosen is None else chosen
    place = number(value(chosen), 0)
    return entries[place] if 0 <= place < len(entries) else ""


def _symbol(words: list[str]) -> str:
    """Return the sign of a field ``SYMBOL 109``: a code in its font, or one of Unicode."""
    code = _code(words[1]) if len(words) > 1 else None
    if code is None:
        return ""
    lowered = [word.lower() for word in words]
    font = ""
    if "\\f" in lowered[:-1]:
        font = symbol_font(words[lowered.index("\\f") + 1])
    if font:
        return sign(font, code)
    private = 0xE000 <= code <= 0xF8FF  # noqa: PLR2004 - Unicode's bounds
    if private or code in _SURROGATES or not 0 < code <= _LARGEST_CODE:
        return ""
    if "\\u" in lowered or code < 0x80:  # noqa: PLR2004 - ASCII's end
        return chr(code)
    return bytes([code]).decode("cp1252", "replace") if code <= 0xFF else chr(code)  # noqa: PLR2004 - one byte


def _formula(instruction: str) -> str:
    r"""Return the text of an ``EQ`` field: letters in rings, under ruby or in fractions.

    >>> _formula(r"\o\ac(○,3)"), _formula(r"\f(1,2)")
    ('③', '1/2')
    """
    instruction = instruction[:_LONGEST_FORMULA]
    ringed = _RINGED.fullmatch(instruction)
    if ringed:
        ring, inner = ringed[1], ringed[2].strip()
        count = int(inner) if inner.isascii() and inner.isdigit() else 0
        # Unicode has the numbers 1 to 20 in rings.
        return chr(0x2460 + count - 1) if ring in "○◯" and 0 < count <= 20 else inner  # noqa: PLR2004
    ruby = _RUBY.search(instruction)
    if ruby:
        return ruby[2].strip() + in_brackets([ruby[1]])
    fraction = _FRACTION.fullmatch(instruction)
    if fraction:
        return f"{fraction[1].strip()}/{fraction[2].strip()}"
    return " ".join(_FORMULA_MARKS.sub(" ", instruction).split())


def _code(word: str) -> int | None:
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,6}", word):
        return int(word, 16)
    if re.fullmatch(r"\d{1,7}", word):
        return int(word)
    return ord(word) if len(word) == 1 else None
