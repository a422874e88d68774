"""Codes in a query, such as ``DW-301`` and ``F82``, and their places among its terms.

A part of a code has no meaning alone: a passage on ``DW-300`` does not answer for ``DW-301``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.words.terms import Term, token

_RUN = re.compile(r"[^\W\d_]+|\d+")
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}|\d{4}\.\d{1,2}\.\d{1,2}")
# "python3" and "covid-19" are words with a number; "shop-899" is a code.
_FEWEST_IN_WORD, _MOST_DIGITS = 4, 2


@dataclass(frozen=True, slots=True)
class Code:
    """The places of a code among the terms of a query.

    Attributes:
        wholes: places of the code and of its other spellings: dw_301, dw301.
        parts: places of its parts.
        runs: its runs of letters and digits in order, in the spelling of the index.
    """

    wholes: tuple[int, ...]
    parts: tuple[int, ...]
    runs: tuple[str, ...]

    @property
    def sequence(self) -> str:
        """FTS5 phrase that finds the code with spaces, as in ``DW 301``."""
        return f'"{" ".join(self.runs)}"'


def codes_in(text: str, found: Sequence[Term]) -> Iterator[Code]:
    """Yield the codes among the terms of a text."""
    for at, name in enumerate(found):
        written = text[name.start : name.end]
        if not (name.compound and is_code(written)):
            continue
        runs = tuple(token(each.casefold()) for each in _RUN.findall(written))
        wholes = [at]
        parts: list[int] = []
        for place, term in enumerate(found):
            if place == at or not (name.start <= term.start and term.end <= name.end):
                continue
            (wholes if term.form and not term.part else parts).append(place)
        yield Code(tuple(wholes), tuple(parts), runs)


def is_code(word: str) -> bool:
    """Return whether a word of several parts is a code: letters with digits, or a version."""
    runs = _RUN.findall(word)
    digits = sum(map(len, filter(str.isdecimal, runs)))
    letters = [run for run in runs if not run.isdecimal()]
    if not digits or _DATE.fullmatch(word):
        return False
    if not letters:
        return len(runs) > 2  # noqa: PLR2004 - two groups are a number
    if any(len(run) >= _FEWEST_IN_WORD and not run.isupper() for run in letters):
        return digits > _MOST_DIGITS and len(letters) == 1
    return word[0].isalpha() or any(map(str.isupper, word))
