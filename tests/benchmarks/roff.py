"""Read a manual page's source (roff, the ``man`` macros) into its sections of plain text.

Enough of the language for pages as translators keep them: fonts, paragraphs, lists, examples and
special characters. Tables, equations and pages that only include another are left out.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

_CHARACTERS = {
    "aq": "'", "dq": '"', "lq": "“", "rq": "”", "oq": "‘", "cq": "’", "ga": "`", "ha": "^",
    "ti": "~", "em": "—", "en": "–", "hy": "-", "mi": "-", "bu": "•", "co": "©", "rg": "®",
    "tm": "™", "de": "°", "mu": "×", "+-": "±", "<=": "≤", ">=": "≥", "!=": "≠", "->": "→",
    "<-": "←", "Fo": "«", "Fc": "»", "fo": "‹", "fc": "›", "Bq": "„", "rs": "\\", "la": "⟨",
    "ra": "⟩", "lB": "[", "rB": "]", "lC": "{", "rC": "}", "at": "@", "sh": "#", "Do": "$",
    "ss": "ß", ":a": "ä", ":o": "ö", ":u": "ü", ":A": "Ä", ":O": "Ö", ":U": "Ü", "'e": "é",
    "aa": "´", "ba": "|", "or": "|", "br": "|", "sl": "/", "12": "½", "14": "¼", "34": "¾",
    "*m": "μ", "*a": "α", "pc": "·", "sc": "§", "Eu": "€", "eu": "€", "Po": "£", "S2": "²",
}  # fmt: skip
_STRINGS = {"lq": "“", "rq": "”", "Aq": "'", "R": "®", "Tm": "™", "dq": '"'}
_ESCAPE = re.compile(
    r"\\(?:f(?:\[[^\]]*\]|\(..|.)"  # fonts
    r"|\[(?P<long>[^\]]+)\]|\((?P<two>..)|\*(?:\[(?P<named>[^\]]+)\]|\((?P<string>..)|(?P<one>.))"
    r"|[mMn](?:\[[^\]]*\]|\(..|.)"  # colours and registers
    r"|s(?:\[[^\]]*\]|\([-+]?\d\d|[-+]?\d)"  # sizes
    r"|[hvwlLbodDX]'[^']*'"  # movements, widths, drawings
    r'|"(?P<comment>.*)$'
    r"|(?P<kept>[-.'`~ 0e\\])"
    r"|.|$)"
)
_KEPT = {"-": "-", ".": ".", "'": "´", "`": "`", "~": "\u00a0", " ": " ", "0": " ", "e": "\\"}
_MIXED = {"BR", "RB", "BI", "IB", "RI", "IR"}
_SHOWN = _MIXED | {"B", "I", "R", "SM", "SB", "OP", "SY", "UR", "MT", "TQ"}
_VERBATIM, _FILLED = {"nf", "EX"}, {"fi", "EE"}
_LISTS = {"TP", "IP", "HP", "RS", "RE"}
_PARTED = _VERBATIM | _FILLED | _LISTS | {"PP", "P", "LP", "YS", "sp", "br"}
_SKIPPED = {"TS": "TE", "EQ": "EN", "de": ".", "de1": ".", "ig": ".", "am": "."}
_CJK = "\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"
_BROKEN_CJK = re.compile(f"(?<=[{_CJK}])\n(?=[{_CJK}])")


@dataclass(slots=True)
class Section:
    """A section of a page: ``level`` 1 is ``.SH``, 2 is ``.SS``."""

    level: int
    heading: str
    text: str = ""


@dataclass(slots=True)
class _Reader:
    sections: list[Section] = field(default_factory=list)
    paragraphs: list[list[str]] = field(default_factory=lambda: [[]])
    verbatim: bool = False
    awaited: str = ""  # what the next line of text is: a heading's macro, or a list's tag
    includes: bool = False

    def take(self, line: str) -> None:
        if not line.startswith((".", "'")):
            self._text(plain(line))
            return
        name, _, rest = line[1:].strip().partition(" ")
        arguments = [plain(each) for each in _arguments(rest.strip())]
        if name in {"SH", "SS"}:
            self._end()
            if arguments:
                self._begin(name, " ".join(arguments))
            else:
                self.awaited = name
        elif name in _SHOWN:
            self._text(("" if name in _MIXED else " ").join(arguments))
        elif name in _PARTED:
            self._part()
            self.verbatim = name in _VERBATIM or (self.verbatim and name not in _FILLED)
            self.awaited = name if name == "TP" else ""
            if name == "IP" and arguments:
                self._text(arguments[0])
        self.includes = self.includes or name == "so"

    def _text(self, text: str) -> None:
        if not self.verbatim:
            text = text.strip()
        if not text.strip():
            if not self.verbatim:
                self._part()
        elif self.awaited in {"SH", "SS"}:
            self._begin(self.awaited, text)
        else:
            self.paragraphs[-1].append(text)
            if self.awaited or self.verbatim:
                self._part()
        self.awaited = ""

    def _part(self) -> None:
        if self.paragraphs[-1]:
            self.paragraphs.append([])

    def _begin(self, name: str, heading: str) -> None:
        self.awaited = ""
        self.sections.append(Section(1 if name == "SH" else 2, heading.strip()))

    def _end(self) -> None:
        self.verbatim = False
        if self.sections:
            lines = ("\n".join(part) for part in self.paragraphs if part)
            joined = (_BROKEN_CJK.sub("", text).replace("\n", " ") for text in lines)
            self.sections[-1].text = "\n".join(joined)
        self.paragraphs = [[]]


def sections(source: str) -> list[Section]:
    """Return a page's sections in order; none where the page is made in another way."""
    reader = _Reader()
    until = ""
    for line in source.replace("\\\n", "").splitlines():
        if until:
            if line.startswith("." + until):
                until = ""
            continue
        name = line[1:].strip().partition(" ")[0] if line.startswith((".", "'")) else ""
        if name in _SKIPPED:
            until = _SKIPPED[name]
            continue
        reader.take(line)
    reader._end()
    return [] if reader.includes else reader.sections


def plain(text: str) -> str:
    """Return a line without its escapes."""
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    if name := match["long"] or match["two"]:
        if re.fullmatch(r"u[0-9A-F]{4,6}", name):
            return chr(int(name[1:], 16))
        return _CHARACTERS.get(name, "")
    if name := match["named"] or match["string"] or match["one"]:
        return _STRINGS.get(name, "")
    if match["kept"]:
        return _KEPT.get(match["kept"], match["kept"])
    return ""


def _arguments(rest: str) -> list[str]:
    lexer = shlex.shlex(rest, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    lexer.escape, lexer.quotes = "", '"'
    try:
        return list(lexer)
    except ValueError:  # a quotation mark alone
        return rest.split()
