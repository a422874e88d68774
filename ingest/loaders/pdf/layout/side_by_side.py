"""Blocks side by side on common base lines that are not rows of a table.

In a table the lines of one row continue together. Two blocks differ: sentences continue line by
line on one side, while each line of the other begins anew, as a list of ingredients does beside its
instructions. The same holds for postal addresses and for the names, offices and addresses of
people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.loaders.pdf.layout.side_lines import (
    OPENERS,
    STOPS,
    SideLine,
    is_code,
    is_small,
    lines_of,
)
from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.printed_lines import is_cjk, width

LEAST_LINES = 3
"""Least lines of an address."""

FEWEST_TOLD = 2
"""Least lines that continue while the line beside them begins anew."""

_MOST_TOLD = 0.6  # share of the lines that continue and have a neighbour
_LONGEST_ADDRESS = 9
_SAME_HEIGHT = 0.25  # heights of the font between base lines of one row
_FAR = 1.9  # heights of the font between lines of one paragraph
_SPACE = 0.3
_LEAST_COLUMNS, _LEAST_WORDS = 12, 3
_LEAST_CHINESE = 18  # columns
_HALF = 0.5
_NUMBERED = re.compile(r"[\[(]?(\d{1,3})[\]).](?=\s|$)")
_REMARKS = ("//", "/*", "#", "--", ";", "(*", "%")
_SMALL = 0.8  # share of lines that begin with a small letter: a list of ingredients, an index
_PLACE = re.compile(
    r"\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|(?:[A-Z]{1,2}-)?\d{4,6}(?:-\d{3,4})?)\b|"
    r"(?:str(?:\.|asse|aße|eet)|\b(?:road|lane|avenue|square|drive|court|rue|via|calle|rd|st|ave)\b"
    r"|weg\b|platz\b|gasse\b|\bp\.? ?o\.? box\b)",
    re.IGNORECASE,
)
_HOUSE = re.compile(  # no amount: "2 Mole Rd", not "171 g" or "20 hours"
    r"^\d{1,4}[a-z]?\b,? (?-i:[A-ZÀ-ÞА-Я])[^\W\d]{2,}|[^\W\d]\.? \d{1,4} ?[a-z]?$", re.IGNORECASE
)
_CJK_PLACE = re.compile(r"[省市縣县區区].*[路街道号號]|[路街巷道]\d+[号號]|[〒]|邮编|郵編")
_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+\.\w|\b(?:tel|phone|telefon|fax|mobile?)\b\.?:? ?[+(\d]|^\+\d[\d ()/-]{6,}$|"
    r"(?:电话|電話|手机|传真|傳真|邮箱)[：:]?",
    re.IGNORECASE,
)


def is_address(lines: Sequence[str]) -> bool:
    """Whether lines name a street, a place or a telephone, as in an address."""
    if not LEAST_LINES <= len(lines) <= _LONGEST_ADDRESS:
        return False
    if 2 * sum(any(map(str.isalpha, line)) for line in lines) <= len(lines):
        return False
    if 2 * sum(line[:1].isdigit() for line in lines) > len(lines):
        return False  # amounts
    patterns = (_PLACE, _HOUSE, _CJK_PLACE, _CONTACT)
    told = sum(any(pattern.search(line) for pattern in patterns) for line in lines)
    # A column of a table may contain only streets.
    return 0 < told < len(lines) and not any(line.endswith((":", "：")) for line in lines[1:])


def go_on_alone(
    one: Sequence[tuple[Box, Word]], other: Sequence[tuple[Box, Word]], size: float
) -> bool:
    """Whether sentences continue on one side beside lines that begin anew on the other."""
    left, right = lines_of(one, size), lines_of(other, size)
    if any(map(is_code, (one, other))) or any(map(_are_remarks, (left, right))):
        return False
    told = tested = 0
    for mine, beside in ((left, right), (right, left)):
        more = _told(mine, beside, size)
        told += more[0]
        tested += more[1]
    return told >= FEWEST_TOLD and told >= _MOST_TOLD * tested


def counts_on(
    first: Sequence[tuple[Box, Word]], last: Sequence[tuple[Box, Word]], size: float
) -> bool:
    """Whether the items of a numbered list continue in the next column."""
    one, other = (_numbers(lines_of(side, size), size) for side in (first, last))
    numbers = [*one, *other]
    return (
        len(one) >= FEWEST_TOLD
        and bool(other)
        and _NUMBERED.match(lines_of(first, size)[0].text) is not None
        and all(b == a + 1 for a, b in pairwise(numbers))
    )


def _numbers(lines: Sequence[SideLine], size: float) -> list[int]:
    """Return the numbers of items at the left edge."""
    edge = min(line.left for line in lines) + _HALF * size
    found = (_NUMBERED.match(line.text) for line in lines if line.left <= edge)
    return [int(number[1]) for number in found if number]


def _are_remarks(lines: Sequence[SideLine]) -> bool:
    """Whether most lines are remarks on the code beside them."""
    return sum(line.text.startswith(_REMARKS) for line in lines) > _HALF * len(lines)


def _told(mine: Sequence[SideLine], beside: Sequence[SideLine], size: float) -> tuple[int, int]:
    """Return how many lines continue beside one that begins anew, and how many have a neighbour."""
    partner = [_partner(line, beside, size) for line in mine]
    told = tested = 0
    goes = _going_on(mine, size)
    fresh = _going_on(beside, size)
    small = sum(is_small(line.text) for line in beside) >= _SMALL * len(beside)
    for at in range(1, len(mine)):
        here = partner[at]
        if not goes[at] or here is None or here == 0 or partner[at - 1] != here - 1:
            continue
        tested += 1
        told += not fresh[here] and (small or not is_small(beside[here].text))
    return told, tested


def _partner(line: SideLine, beside: Sequence[SideLine], size: float) -> int | None:
    for at, other in enumerate(beside):
        if abs(other.middle - line.middle) <= _SAME_HEIGHT * size:
            return at
    return None


def _going_on(lines: Sequence[SideLine], size: float) -> list[bool]:
    """Return for each line whether it continues the sentence of the full line above."""
    right = max(line.right for line in lines)
    found = [False]
    for above, below in pairwise(lines):
        full = right - above.right < below.first + _SPACE * size
        near = below.middle - above.middle <= _FAR * size
        chinese = is_cjk(above.text[-1])
        prose = width(above.text) >= (_LEAST_CHINESE if chinese else _LEAST_COLUMNS)
        prose &= above.text[-1] not in STOPS
        prose &= chinese or len(above.text.split()) >= _LEAST_WORDS
        start = below.text.lstrip(OPENERS)[:1]
        small = is_small(below.text) or is_cjk(start or " ")
        found.append(full and near and prose and small and not above.text[-1].isdigit())
    return found
