"""Printed lines of a column that continue in the next one: the paragraphs.

A line was broken because the next word did not fit: it reaches the right edge. The next line begins
at the usual place, with the usual distance, in the same size, and both are prose. Rows, addresses,
headings and lists keep their lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pdf.layout.lines import COLUMN_GAP, Row
from ingest.loaders.printed_lines import LIST_ITEM, are_entries, is_cjk, width

SAME_SIZE = 0.12
"""Share by which the sizes of two lines of a paragraph may differ."""

HANGING = frozenset("，。、；：！？）」』】》〉〕］．")
"""Chinese marks that begin no line; some programs set them into the margin."""

_LEADING = 1.3  # of the usual distance between lines: more separates paragraphs
_INDENT = 0.7  # heights of the font
_SPACE = 0.25
_EXACT = 0.1
_FEW_WORDS = 3
_LEAST_COLUMNS = 20
_LEAST_LOWER = 0.25  # share of lines of prose that begin with a small letter
_SHORT_STACK = 3
_MOSTLY = 0.5
_LEAST_OF_LOOSE = 40  # columns: entries of an index are shorter
_NARROWER = 0.85
_FEW_ROWS = 6
_LONGEST_PHRASE = 16
_MORE = 1.15  # times the least distance between lines
_SHORT_ITEMS = 0.5  # of the column's width
_TIME = re.compile(r"(?:\d{1,2}[.:]\d{2}\b|\d{1,2} ?(?:am|pm)\b|[上下]午\d)", re.IGNORECASE)
_CONTACT = re.compile(
    r"(?:tel|phone|telefon|fax|mobile?|e-?mail)\b\.?(?: ?[:：]| [+(\d])|[\w.+-]+@[\w.-]+$|"
    r"(?:电话|電話|手机|手機|传真|傳真|邮箱|电子邮件)[：:]",
    re.IGNORECASE,
)
_OPENERS = "\"'“‘«„([（「『《"
_ENDS = "。！？：；）」』】》〉〕］．"
_HYPHENS = "-\u2010\u00ad\ufffe"


@dataclass(frozen=True, slots=True)
class Column:
    """Common properties of the lines of one column: its edges, distance of lines, and wording."""

    left: float
    right: float
    pitch: float
    lower: float

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Column:
        """Measure lines of one size below each other; there is at least one."""
        sizes = rows[0].height
        steps = sorted(
            step for a, b in pairwise(rows) if 0 < (step := b.box[3] - a.box[3]) < 2.5 * sizes
        )
        return cls(
            left=min(row.box[0] for row in rows),
            right=max(_right(row) for row in rows),
            pitch=steps[len(steps) // 2] if steps else 1.25 * sizes,
            lower=_lower(rows),
        )


def stacks(rows: Sequence[Row]) -> list[list[Row]]:
    """Split the rows of a column at white space or at another size of letters."""
    if not rows:
        return []
    pitch = _usual_pitch(rows)
    found = [[rows[0]]]
    for above, below in pairwise(rows):
        step = below.box[3] - above.box[3]
        size = max(above.height, below.height)
        near = step <= _LEADING * pitch.get(_key(below), 1.25 * size) or step <= 1.3 * size
        if not near or not _same_size(above, below):
            found.append([])
        found[-1].append(below)
    return found


def runs_on(rows: Sequence[Row], column: Column) -> list[bool]:
    """Return for each line of a stack whether the next one continues it.

    Args:
        rows: lines of one size without white space between them.
        column: what their whole column measures, at this size.
    """
    stack = Column.of(rows)
    narrow = stack.right - stack.left < _NARROWER * (column.right - column.left)
    edges = stack if narrow and len(rows) >= _SHORT_STACK else column
    lower = stack.lower if len(rows) > _SHORT_STACK else max(stack.lower, column.lower)
    full = [not _fits(row, below, edges) for row, below in pairwise(rows)]
    if _are_items(rows, stack, column):
        full = [False] * len(full)
    elif len(rows) <= _FEW_ROWS:
        full = [is_full and not _is_apart(rows, at) for at, is_full in enumerate(full)]
    loose = len(rows) > _SHORT_STACK and sum(full) < _MOSTLY * len(full)
    found = []
    for at, row in enumerate(rows[:-1]):
        short = loose and width(row.text()) < _LEAST_OF_LOOSE
        following = rows[at + 1 : at + 3]
        found.append(_goes_on(row, following, edges, lower, full=full[at] and not short))
    return [*found, False]


def _are_items(rows: Sequence[Row], stack: Column, column: Column) -> bool:
    """Whether short indented lines are a list whose marks are drawn, or all begin with a time."""
    texts = [row.text() for row in rows]
    wide, size = column.right - column.left, rows[0].height
    ragged = any(row.box[2] < stack.right - size for row in rows[:-1])
    if all(map(_TIME.match, texts)):
        return True
    if ragged and len(rows) < _FEW_ROWS and all(map(_is_phrase, texts)):
        return True
    narrow = stack.right - stack.left < _SHORT_ITEMS * wide
    lefts = [row.box[0] for row in rows]
    level = max(lefts) - min(lefts) < _EXACT * size
    return narrow and level and stack.left - column.left > size and not rows[0].backwards


def _is_phrase(text: str) -> bool:
    """Whether a line is a few Chinese characters without any mark, unlike lines of a text."""
    chinese = all(is_cjk(c) and c not in HANGING and not "\u3040" <= c <= "\u30ff" for c in text)
    return len(text) <= _LONGEST_PHRASE and chinese


def _is_apart(rows: Sequence[Row], at: int) -> bool:
    """Whether slightly more white than between other lines precedes a capital."""
    steps = [below.box[3] - above.box[3] for above, below in pairwise(rows)]
    return steps[at] > _MORE * min(steps) and rows[at + 1].text()[:1].isupper()


def _goes_on(
    row: Row, following: Sequence[Row], edges: Column, lower: float, *, full: bool
) -> bool:
    below = following[0]
    if has_columns(row, edges, following) or has_columns(below, edges, [row]):
        return False
    one, other = row.text(), below.text()
    if not one or not other or _is_item(one, other) or _CONTACT.match(other):
        return False
    if are_entries(one, other):
        return False
    if _is_broken(one, other):
        return True
    item = LIST_ITEM.match(one) is not None
    return full and _lines_up(row, following, is_item=item) and _reads_on(one, other, lower)


def _fits(row: Row, below: Row, edges: Column) -> bool:
    """Whether the first word of the next line would have fitted after a line."""
    room = _room(row, edges)
    return _first_width(below) + _SPACE * row.height <= room


def _is_broken(one: str, other: str) -> bool:
    """Whether a hyphen shows that a word or a number continues in the next line."""
    if one[-1] not in _HYPHENS or len(one) == 1:
        return False
    return (one[-2].isalpha() and other[0].islower()) or (one[-2].isdigit() and other[0].isdigit())


def _reads_on(one: str, other: str, lower: float) -> bool:
    """Whether the words of a line may continue those of the full line above."""
    start = other.lstrip(_OPENERS)[:1]
    if start.islower():
        return True
    if width(one) < _LEAST_COLUMNS:
        return False
    if one[-1] >= "\u2e80" and is_cjk(one[-1]) and one[-1] not in _ENDS:
        return True  # a Chinese sentence that continues with a foreign name
    without_capitals = start.isalpha() and not (start.isupper() or start.istitle())
    return without_capitals or lower >= _LEAST_LOWER


def has_columns(row: Row, edges: Column, beside: Sequence[Row]) -> bool:
    """Whether a gap of a line is a column's, unlike the even gaps of a justified line."""
    if row.widest_gap <= COLUMN_GAP:
        return False
    if not row.even or abs(_room(row, edges)) > _SPACE * row.height:
        return True
    return any(_same_places(row, other) for other in beside)


def _same_places(one: Row, other: Row) -> bool:
    """Whether two lines have words, after their first, that begin at the same places.

    One common place is chance if many words are at even distances.
    """
    near = _EXACT * one.height
    places = [w.box[0] for w in other.words[1:]]
    same = sum(any(abs(w.box[0] - place) < near for place in places) for w in one.words[1:])
    return same >= (1 if len(one.words) <= _FEW_WORDS else 2)


def _room(row: Row, edges: Column) -> float:
    """Return the white after the end of a line."""
    return row.box[0] - edges.left if row.backwards else edges.right - row.box[2]


def _shift(row: Row, below: Row) -> float:
    """Return how much further in, in points, the next line begins."""
    return row.box[2] - below.box[2] if row.backwards else below.box[0] - row.box[0]


def _lines_up(row: Row, following: Sequence[Row], *, is_item: bool) -> bool:
    """Whether the next line begins at the usual place of the paragraph's lines."""
    below = following[0]
    shift = _shift(row, below) / row.height
    if shift <= _INDENT or is_item:
        return True
    if len(following) > 1 and abs(_shift(below, following[1])) < _INDENT * row.height:
        return True  # an entry of a list of works: all lines but its first are indented
    return len(following) == 1 and below.text()[:1].islower()


def _is_item(one: str, other: str) -> bool:
    if not LIST_ITEM.match(other):
        return False
    # A full line that ends without a stop may be followed by a number of the sentence itself.
    return not (other[0].isdigit() and one[-1] == "," and not one[0].isdigit())


def _right(row: Row) -> float:
    """Return the end of a line, without a Chinese stop that may extend into the margin."""
    last = row.words[-1]
    return row.box[2] - (row.height if last.text[-1] in HANGING else 0.0)


def _first_width(row: Row) -> float:
    word = row.words[0]
    if is_cjk(word.text[0]):
        # No line begins with a stop: it stays with the character before it.
        return row.height * (2 if word.text[1:2] in HANGING else 1)
    return word.box[2] - word.box[0]


def _lower(rows: Sequence[Row]) -> float:
    """Return the share of lines that begin with a small letter, 1 where there are no capitals."""
    starts = [text.lstrip(_OPENERS)[:1] for row in rows[1:] if (text := row.words[0].text)]
    letters = [start for start in starts if start.isalpha()]
    if letters and not any(start.isupper() or start.islower() for start in letters):
        return 1.0
    return sum(start.islower() for start in starts) / max(len(starts), 1)


def _key(row: Row) -> int:
    return round(row.size)


def _same_size(one: Row, other: Row) -> bool:
    """Whether two lines have letters of one size; capitals may be smaller in one of them."""
    return any(
        abs(a - b) <= SAME_SIZE * max(a, b, 0.1)
        for a in (one.height, *one.sizes)
        for b in (other.height, *other.sizes)
    )


def _usual_pitch(rows: Sequence[Row]) -> dict[int, float]:
    """Return the usual distance between lines, for each size of letters."""
    steps: dict[int, list[float]] = {}
    for above, below in pairwise(rows):
        step = below.box[3] - above.box[3]
        if _same_size(above, below) and 0.8 * below.height < step < 2.2 * below.height:
            steps.setdefault(_key(below), []).append(step)
    return {size: sorted(found)[len(found) // 3] for size, found in steps.items()}
