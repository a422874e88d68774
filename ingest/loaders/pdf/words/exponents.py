"""Exponents: small raised figures become Unicode's superscripts, "10" and "-6" read "10⁻⁶".

Search treats superscripts as figures, so that "m2" finds "m²". The number of a note is small and
raised as well: after a word, a stop or a number of three figures it counts as a note.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.page import Word
from ingest.loaders.printed_lines import is_cjk

_RAISED = str.maketrans("0123456789+-−–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")
_EXPONENT = re.compile(r"[+\-−–]?\d{1,3}|\d{1,2}[+\-−–]|[ni]|[+\-−–]")
_SMALLER = 0.85
_TOUCHING = 0.16  # sizes of the larger font: exponents hang over a slanted letter
_LEAST_RISE, _MOST_RISE = 0.18, 0.8  # of the base line, in sizes of the larger font
_DESCENT = 0.2  # of a word's box: see frames.line_box
_CELL = 8.0
_NOTED = re.compile(r"[^\W\d_]{3}$|\d{3}$")
"""Characters after which a raised number marks a note."""

_SHORT = 2  # letters of a base that may have a letter for an exponent


def with_exponents(words: Sequence[Word]) -> list[Word]:
    """Return words in their order, with exponents as superscripts."""
    small = [at for at, word in enumerate(words) if _EXPONENT.fullmatch(word.text)]
    if not small:
        return list(words)
    ends: dict[tuple[int, int], list[int]] = defaultdict(list)
    for at, word in enumerate(words):
        ends[_cell(word.box[2], word.box[3])].append(at)
    found = list(words)
    first: dict[int, int] = {}  # of an exponent that stands in several pieces
    gone: set[int] = set()
    for at in sorted(small, key=lambda at: words[at].box[0]):
        word = words[at]
        base = next((b for b in _near(ends, word) if b != at and _carries(words[b], word)), None)
        if base is not None and not _is_note(words[base].text, word.text):
            first[at] = at
            found[at] = replace(word, text=word.text.translate(_RAISED))
            continue
        before = next(
            (b for b in _near(ends, word) if b in first and _goes_on(words[b], word)), None
        )
        if before is None:
            continue
        home = first[before]
        left, top, _, bottom = found[home].box
        text = found[home].text + word.text.translate(_RAISED)
        found[home] = replace(found[home], text=text, box=(left, top, word.box[2], bottom))
        first[at] = home
        gone.add(at)
    return [word for at, word in enumerate(found) if at not in gone]


def _cell(x: float, y: float) -> tuple[int, int]:
    return int(x // _CELL), int(y // _CELL)


def _near(ends: dict[tuple[int, int], list[int]], word: Word) -> list[int]:
    """Return the words that end near the beginning of a word."""
    across, down = _cell(word.box[0], word.box[3])
    return [
        at
        for x in (across - 1, across, across + 1)
        for y in (down - 1, down, down + 1)
        for at in ends.get((x, y), ())
    ]


def _carries(base: Word, word: Word) -> bool:
    """Whether a word is small, raised and next to its base."""
    if word.size >= _SMALLER * base.size or not base.text[-1:].isalnum():
        return False
    if abs(word.box[0] - base.box[2]) > _TOUCHING * base.size:
        return False
    rise = (base.box[3] - _DESCENT * base.size) - (word.box[3] - _DESCENT * word.size)
    return _LEAST_RISE * base.size <= rise <= _MOST_RISE * base.size


def _goes_on(one: Word, other: Word) -> bool:
    """Whether a word is on the same raised line as the exponent before it."""
    return (
        abs(one.size - other.size) < (1 - _SMALLER) * one.size
        and abs(one.box[3] - other.box[3]) < _TOUCHING * one.size
        and abs(other.box[0] - one.box[2]) <= 2 * _TOUCHING * one.size
    )


def _is_note(base: str, raised: str) -> bool:
    """Whether a raised sign marks a note, or is one that letters carry in words."""
    if raised.isdigit():
        return _NOTED.search(base) is not None or is_cjk(base[-1])
    if raised.isalpha():
        return len(base) > _SHORT
    return False
