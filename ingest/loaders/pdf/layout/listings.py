"""Listings: lines of code with meaningful indentation, also in proportional fonts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ingest.loaders.pdf.layout.lines import Row
from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.words.scripts import CODE_SIGNS

_SIGNS_OF_CODE = 0.06
_SIGNS_OF_DRAWN_CODE = 0.09  # where the font is no typewriter's
_FULL = 0.75
_WORDS_OF_PROSE = 5
_STEP = 0.4  # heights of the font: a smaller shift is no indentation
_FIXED_WIDTH = 0.6  # of a typewriter's letter, in heights
_SPACE_WIDTH = 0.278  # of a space in most other fonts
_TOLD = 0.6  # of the lines begin or end as lines of programs do
_USUAL_INDENT, _INDENTS = 4, (2, 4, 8)
_TORN = 0.2  # columns
_TOO_BROAD = range(5, 11)  # blanks: no language indents by so many
_NO_BLANK = 0.7  # of the white between words: signs with less beside them have no blank
_LEAST_NUMBERED, _LONGEST_NUMBER = 3, 6  # lines, digits
_MOST_INDENT = 120
_BLANK = 1.6  # usual distances between lines that contain an empty one
_MOST_BLANKS = 2
_ENDS = tuple("{}();:,[]>\\")
_CODE_START = re.compile(
    r"(?:def|class|if|elif|else|for|while|return|import|from|try|except|function|var|let|const|"
    r"public|private|static|void|int|char|struct|end|begin|SELECT|FROM|WHERE|#include|echo|"
    r"func|fn|use|package|using|namespace|switch|case|print\w*)\b|[}<@$#/]|</?\w"
)


def is_listing(rows: Sequence[Row], right: float) -> bool:
    """Whether lines below each other are code; ``right`` is their column's edge."""
    rows = _without_numbers(rows) or rows
    text = "".join(word.text for row in rows for word in row.words)
    signs = sum(character in CODE_SIGNS for character in text) / max(len(text), 1)
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
    bare = None if fixed else _without_numbers(rows)
    if bare is not None:
        width = max(len(row.words[0].text) for row in rows)
        numbers = [row.words[0].text.rjust(width) for row in rows]
        lines = [text for text, _ in listing_lines(bare) if text]
        return [(f"{n}  {t}", row) for n, t, row in zip(numbers, lines, rows, strict=True)]
    unit = _letter_width(rows) if fixed else _SPACE_WIDTH * rows[0].height
    indent_unit = _indent_unit(rows, left, unit, fixed=fixed)
    blank = 0.0 if fixed else _NO_BLANK * _least_blank(rows)
    pitch = _pitch(rows)
    out: list[tuple[str, Row]] = []
    for at, row in enumerate(rows):
        if at and pitch:
            step = row.box[3] - rows[at - 1].box[3]
            blanks = round(step / pitch) - 1 if step > _BLANK * pitch else 0
            out += [("", row)] * min(max(blanks, 0), _MOST_BLANKS)
        if fixed:
            out.append((_in_columns(row, left, unit, indent_unit), row))
        else:
            indent = min(max(round((row.box[0] - left) / indent_unit), 0), _MOST_INDENT)
            out.append((" " * indent + _spaced(row, blank), row))
    return out


def _without_numbers(rows: Sequence[Row]) -> list[Row] | None:
    """Return lines without their line numbers, None if they have none."""
    if len(rows) < _LEAST_NUMBERED or any(len(row.words) < 2 for row in rows):  # noqa: PLR2004
        return None
    numbers = [row.words[0].text for row in rows]
    if not all(n.isascii() and n.isdigit() and len(n) < _LONGEST_NUMBER for n in numbers):
        return None
    if any(int(b) != int(a) + 1 for a, b in pairwise(numbers)):
        return None
    return [Row(row.words[1:], row.backwards) for row in rows]


def _spaced(row: Row, blank: float) -> str:
    """Return a line's text without blanks at signs with less white beside them than words have."""
    parts: list[Word] = []
    for word in row.words:
        last = parts[-1] if parts else None
        if last is not None and not row.backwards and _is_beside_sign(last, word, blank):
            box = (last.box[0], last.box[1], word.box[2], last.box[3])
            parts[-1] = replace(last, text=last.text + word.text, box=box)
        else:
            parts.append(word)
    return Row(tuple(parts), row.backwards).text()


def _is_beside_sign(one: Word, other: Word, blank: float) -> bool:
    signs = not (one.text[-1].isalnum() and other.text[0].isalnum())
    return signs and other.box[0] - one.box[2] < blank


def _least_blank(rows: Sequence[Row]) -> float:
    """Return the narrowest white between two words without signs, 0 where no words follow."""
    return min(
        (
            other.box[0] - one.box[2]
            for row in rows
            for one, other in pairwise(row.words)
            if one.text[-1].isalnum() and other.text[0].isalnum()
        ),
        default=0.0,
    )


def _indent_unit(rows: Sequence[Row], left: float, unit: float, *, fixed: bool) -> float:
    """Return the width of a blank at the start of a line.

    Programs that set code may use another width than the font's. Steps of more than four blanks of
    the font are theirs, as are steps of no whole number of a typewriter's letters.
    """
    shifts = sorted(row.box[0] - left for row in rows)
    step = next((shift for shift in shifts if shift > _STEP * rows[0].height), 0.0)
    columns = step / unit
    if fixed:
        usual = min(_INDENTS, key=lambda each: abs(each - columns))
        torn = abs(columns - round(columns)) > _TORN
        return step / usual if torn and abs(usual - columns) < 1 else unit
    return step / _USUAL_INDENT if round(columns) in _TOO_BROAD else unit


def _in_columns(row: Row, left: float, unit: float, indent_unit: float) -> str:
    first = row.words[0].box[0]
    indent = round((first - left) / indent_unit)
    if indent_unit != unit:
        left = first - indent * unit
    line = ""
    for word in row.words:
        column = min(round((word.box[0] - left) / unit), _MOST_INDENT + len(line))
        line += " " * max(column - len(line), 1 if line else 0) + word.text
    return line


def _letter_width(rows: Sequence[Row]) -> float:
    """Return the width of one letter, from most neighbours on a line."""
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
