"""Listings: lines of code, whose indentation says something, also where fonts are proportional."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.loaders.pdf.layout.lines import Row

SIGNS = frozenset("{}()[]<>=;_#/\\|&*+$@\"'`~^%:")
"""Characters that programs have many of."""

_SIGNS_OF_CODE = 0.06
_SIGNS_OF_DRAWN_CODE = 0.09  # where the font is no typewriter's
_FULL = 0.75
_WORDS_OF_PROSE = 5
_STEP = 0.4  # heights of the font: a smaller shift is no indentation
_FIXED_WIDTH = 0.6  # of a typewriter's letter, in heights
_SPACE_WIDTH = 0.278  # of a space in most other fonts
_TOLD = 0.6  # of the lines begin or end as those of programs do
_MOST_INDENT = 120
_BLANK = 1.6  # usual distances between lines that hold an empty one
_MOST_BLANKS = 2
_ENDS = tuple("{}();:,[]>\\")
_CODE_START = re.compile(
    r"(?:def|class|if|elif|else|for|while|return|import|from|try|except|function|var|let|const|"
    r"public|private|static|void|int|char|struct|end|begin|SELECT|FROM|WHERE|#include|echo|"
    r"func|fn|use|package|using|namespace|switch|case|print\w*)\b|[}<@$#/]|</?\w"
)


def is_listing(rows: Sequence[Row], right: float) -> bool:
    """Whether lines that stand below each other are code; ``right`` is their column's edge."""
    text = "".join(word.text for row in rows for word in row.words)
    signs = sum(character in SIGNS for character in text) / max(len(text), 1)
    lefts = _steps(rows)
    fixed = sum(row.fixed for row in rows) >= 0.8 * len(rows)
    left = min(row.box[0] for row in rows)
    full = sum(row.box[2] - left >= _FULL * (right - left) for row in rows) / len(rows)
    words = sum(len(row.words) for row in rows) / len(rows)
    texts = [row.text() for row in rows]
    told = sum(t.endswith(_ENDS) or _CODE_START.match(t) is not None for t in texts)
    mostly = told >= _TOLD * len(rows)  # comments and continued lines are the rest
    if fixed:
        if signs >= _SIGNS_OF_CODE and (full < 0.5 or words < _WORDS_OF_PROSE or signs > 0.1):  # noqa: PLR2004
            return True
        short = full < 0.5 and words < _WORDS_OF_PROSE  # noqa: PLR2004
        return len(rows) > 2 and lefts > 1 and (short or mostly)  # noqa: PLR2004
    return len(rows) > 2 and lefts > 1 and signs >= _SIGNS_OF_DRAWN_CODE and mostly  # noqa: PLR2004


def listing_lines(rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """Return lines with their indentation, and empty ones where the page has them."""
    left = min(row.box[0] for row in rows)
    fixed = all(row.fixed for row in rows)
    unit = _letter_width(rows) if fixed else _SPACE_WIDTH * rows[0].height
    pitch = _pitch(rows)
    out: list[tuple[str, Row]] = []
    for at, row in enumerate(rows):
        if at and pitch:
            step = row.box[3] - rows[at - 1].box[3]
            blanks = round(step / pitch) - 1 if step > _BLANK * pitch else 0
            out += [("", row)] * min(max(blanks, 0), _MOST_BLANKS)
        if fixed:
            out.append((_in_columns(row, left, unit), row))
        else:
            indent = min(max(round((row.box[0] - left) / unit), 0), _MOST_INDENT)
            out.append((" " * indent + row.text(), row))
    return out


def _in_columns(row: Row, left: float, unit: float) -> str:
    line = ""
    for word in row.words:
        column = min(round((word.box[0] - left) / unit), _MOST_INDENT + len(line))
        line += " " * max(column - len(line), 1 if line else 0) + word.text
    return line


def _letter_width(rows: Sequence[Row]) -> float:
    """Return the width of one letter: what most neighbours on a line say."""
    widths = sorted(
        (other.box[0] - one.box[0]) / (len(one.text) + 1)
        for row in rows
        for one, other in pairwise(row.words)
    )
    widths += [(w.box[2] - w.box[0]) / len(w.text) for row in rows for w in row.words]
    widths.sort()
    usual = widths[len(widths) // 2]
    return usual if usual > 0 else _FIXED_WIDTH * rows[0].height


def _pitch(rows: Sequence[Row]) -> float:
    steps = sorted(b.box[3] - a.box[3] for a, b in pairwise(rows))
    return steps[len(steps) // 3] if steps else 0.0


def _steps(rows: Sequence[Row]) -> int:
    """Count the places where lines begin."""
    lefts = sorted(row.box[0] for row in rows)
    near = _STEP * rows[0].height
    return 1 + sum(b - a > near for a, b in pairwise(lefts))
