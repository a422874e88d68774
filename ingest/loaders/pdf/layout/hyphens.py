"""Hyphens at the ends of lines: those that break a word are removed, those of a compound stay.

Some programs write two signs: U+002D for a hyphen of the word itself, U+2010 for one that breaks
it. Otherwise the document decides, if it has the word elsewhere. Otherwise numbers decide, and
first parts that English rarely joins to a long second part.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Self

from ingest.loaders.pdf.page import Block

_HYPHEN_END = re.compile(r"([^\W\d_]{2,})[-\u2010\u00ad]$")
_COMPOUND_END = re.compile(r"[^\W_][-\u2010][^\W_]+[-\u2010]$")  # date-format-
_WORD_START = re.compile(r"[^\W\d_]+")
_AFTER_SUSPENDED = frozenset(
    {"und", "oder", "bzw", "bis", "beziehungsweise", "sowie", "and", "or", "to"}
)
"""Words before which a hyphen at a line's end stands for a later part."""
_NUMBER = re.compile(
    r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty-"
    r"(?:one|two|three|four|five|six|seven|eight|nine|first|second|third|fourth|fifth|sixth|"
    r"seventh|eighth|ninth)"
)
_FIRST_PART = re.compile(
    r"self|well|high|low|long|short|large|small|half|full|single|double|two|three|four|five|six|"
    r"seven|eight|nine|ten"
)
_LONG = 5  # letters of a second part
_WRITTEN_AS_ONE = re.compile(
    r"(?:highlight|highland|highschool|lowland|longitud|longhand|longstanding|shortcom|shorthand|"
    r"shortbread|wellbeing|wellspring|largeness|fullness|halfpenn|selfless|singleton|tenacious|"
    r"tenement|tensile|tension|tenderly|tendency|tentative)"
)
_FEWEST_BROKEN = 2  # lines that end with the sign of broken words


class Vocabulary(frozenset[str]):
    """The words of a document; ``tells_breaks`` means that broken words have their own sign."""

    __slots__ = ("tells_breaks",)

    tells_breaks: bool

    def __new__(cls, words: Iterable[str] = (), *, tells_breaks: bool = False) -> Self:
        """Create it from the words and the known signs."""
        made = super().__new__(cls, words)
        made.tells_breaks = tells_breaks
        return made


def tells_breaks(pages: Iterable[Sequence[Block]]) -> bool:
    """Whether broken words have U+2010, which occurs nowhere inside a line."""
    ends = 0
    for blocks in pages:
        for block in blocks:
            for line in block.lines:
                text = line.text.rstrip()
                if "\u2010" in text[:-1]:
                    return False
                ends += line.runs_on and text.endswith("\u2010")
    return ends >= _FEWEST_BROKEN


def between_hyphen(line: str, following: str, words: Collection[str]) -> str | None:
    """Return whether a line's last hyphen breaks a word, or belongs to a name or a number.

    Args:
        line: ends with a hyphen.
        following: the line that continues it.
        words: of the whole document, in small letters.

    Returns:
        The separator of the two lines, None to remove the hyphen as well.
    """
    start = _WORD_START.match(following)
    hyphen = _HYPHEN_END.search(line)
    if hyphen is None or start is None or not start[0][0].islower() or _COMPOUND_END.search(line):
        return " " if start is not None and start[0] in _AFTER_SUSPENDED else ""
    whole = (hyphen[1] + start[0]).lower()
    if whole in words:
        return None
    if start[0] in _AFTER_SUSPENDED:
        # "Wasser- und Abwasser", but "trace-to-interpreter"
        return "" if following[start.end() :].startswith("-") else " "
    told = isinstance(words, Vocabulary) and words.tells_breaks and line[-1] == "-"
    written = f"{hyphen[1]}-{start[0]}".lower()
    return "" if told or written in words or _is_compound(hyphen[1].lower(), start[0]) else None


def _is_compound(first: str, second: str) -> bool:
    if _NUMBER.fullmatch(f"{first}-{second}"):
        return True
    long = _FIRST_PART.fullmatch(first) is not None and len(second) >= _LONG
    return long and not _WRITTEN_AS_ONE.match(first + second)
