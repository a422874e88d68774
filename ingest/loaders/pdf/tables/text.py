"""Combines words of a table: printed lines, phrases between wide gaps, the text of a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pdf.layout.lines import row_of, runs_backwards
from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.printed_lines import is_cjk

SPACE = 0.12
"""Share of the font's height above which a gap between two words of a line is a space."""

_LEVEL = 0.2  # ems
_ONE_LINE = 0.36  # share of the font's height by which centres of words of one line may differ
_APART = 0.55  # ems between two phrases
_AT_EDGE = 0.36  # ems between two phrases at the edge of a column
_FIXED_APART = 0.95  # ems; one space takes 0.6
_FIXED = 0.8  # share of letters
_LEADERS = re.compile(r"\s*(?:[.．·•․‥…‧_-]\s?){4,}\s*|\s*…{2,}\s*")
_DOTS = re.compile(r"[.．·․‥…‧]+")
_LABEL = re.compile(r"[^\W\d_][^：:，。；]{1,15}：")  # "开票日期：" begins a line of its own
_HYPHEN_END = re.compile(r"[^\W\d_]{2,}[-\u2010\u00ad]$")
_ANY_HYPHEN_END = re.compile(r"[^\W_][)\]]?[-\u2010]$")
_NUMBER = re.compile(
    r"[(\[+\-−–—±~<>≤≥≈$€£¥￥]*\d[\d.,:/'’\-–%‰ ]*"
    r"(?:%|‰|€|\$|£|¥|°C?|x|[a-zA-Z]{1,4}|元|万|亿|年|月|日|号|个|人|件|小时|分|秒)?[)\]*†‡]*|[-–—−]+"
)


@dataclass(slots=True)
class Line:
    """Words of one printed line from left to right, as indexes of the page's words.

    ``fixed`` means that most of its letters have one width.
    """

    words: list[int]
    top: float
    bottom: float
    size: float
    fixed: bool = False

    @property
    def centre(self) -> float:
        """Half way between its top and its bottom."""
        return (self.top + self.bottom) / 2

    @property
    def apart(self) -> float:
        """Points of a gap that separates two phrases: a typewriter's spaces are wide."""
        return (_FIXED_APART if self.fixed else _APART) * self.size


def distance(above: Line, below: Line) -> float:
    """Return points from the last level of a line to the first one of the line below.

    A line of centred cells side by side has several levels.
    """
    more = [max(line.bottom - line.top - line.size, 0.0) / 2 for line in (above, below)]
    return below.centre - above.centre - sum(part for part in more if part > _LEVEL * above.size)


@dataclass(slots=True)
class Phrase:
    """Words of a line without a wide gap between them."""

    words: list[int]
    left: float
    right: float


def lines_of(words: Sequence[Word], chosen: Iterable[int]) -> list[Line]:
    """Return the printed lines of the chosen words, from the top."""
    order = sorted(chosen, key=lambda at: words[at].box[1] + words[at].box[3])
    lines: list[Line] = []
    for at in order:
        _, top, _, bottom = words[at].box
        centre, size = (top + bottom) / 2, max(words[at].size, 1.0)
        last = lines[-1] if lines else None
        if last is not None and centre - last.centre <= _ONE_LINE * max(size, last.size):
            last.words.append(at)
            if size > last.size:
                last.top, last.bottom, last.size = top, bottom, size
        else:
            lines.append(Line([at], top, bottom, size))
    for line in lines:
        line.words.sort(key=lambda at: words[at].box[0])
        line.fixed = is_fixed(words, line.words)
    return lines


def is_fixed(words: Sequence[Word], chosen: Iterable[int]) -> bool:
    """Return whether most letters of words have one width, as a typewriter's have."""
    letters = fixed = 0
    for at in chosen:
        letters += len(words[at].text)
        fixed += len(words[at].text) if words[at].fixed else 0
    return fixed > _FIXED * letters


def phrases(words: Sequence[Word], line: Line, gap: float) -> list[Phrase]:
    """Split a line where a gap is wider than ``gap`` points."""
    found: list[Phrase] = []
    for at in line.words:
        left, _, right, _ = words[at].box
        if found and left - found[-1].right <= gap:
            found[-1].words.append(at)
            found[-1].right = max(found[-1].right, right)
        else:
            found.append(Phrase([at], left, right))
    return found


def pieces(words: Sequence[Word], line: Line, edges: Sequence[float]) -> list[Phrase]:
    """Return the phrases of a line, split at white at the edge of a column."""
    found: list[Phrase] = []
    for phrase in phrases(words, line, line.apart):
        first = 0
        for at, (one, other) in enumerate(pairwise(phrase.words), start=1):
            end, start = words[one].box[2], words[other].box[0]
            white = start - end >= max(_AT_EDGE * line.size, _AT_EDGE / _APART * line.apart)
            if white and any(end <= edge + 1 and edge - 1 <= start for edge in edges):
                found.append(_phrase(words, phrase.words[first:at]))
                first = at
        found.append(_phrase(words, phrase.words[first:]))
    return found


def _phrase(words: Sequence[Word], chosen: list[int]) -> Phrase:
    return Phrase(chosen, words[chosen[0]].box[0], max(words[at].box[2] for at in chosen))


def cell_text(words: Sequence[Word], chosen: Iterable[int]) -> str:
    """Return the words of a cell as one line; a line break becomes a space, none in Chinese."""
    text = ""
    for line in lines_of(words, chosen):
        text = joined(text, line_text(words, line.words))
    return shrunk(text)


def line_text(words: Sequence[Word], chosen: Sequence[int]) -> str:
    """Return words of one line, given from left to right, with a space for each gap."""
    if runs_backwards(words[at] for at in chosen):
        return row_of([words[at] for at in chosen]).text()
    parts: list[str] = []
    last: Word | None = None
    for at in chosen:
        word = words[at]
        if last is not None:
            gap = word.box[0] - last.box[2]
            if gap >= SPACE * max(word.size, last.size, 1.0):
                parts.append(" ")
        parts.append(" ".join(word.text.split()))
        last = word
    return "".join(parts).strip()


def joined(text: str, line: str) -> str:
    """Append the next line of a cell."""
    if not text or not line:
        return text or line
    if is_cjk(text[-1]) and is_cjk(line[0]) and not _LABEL.match(line):
        return text + line
    if text.endswith("\u00ad") or (_HYPHEN_END.search(text) and line[0].islower()):
        return text[:-1] + line
    if _ANY_HYPHEN_END.search(text):
        return text + line  # a hyphen of the word itself: a name, a formula
    return f"{text} {line}"


def shrunk(text: str) -> str:
    """Return text with a row of leader dots as an ellipsis."""
    return _LEADERS.sub(" … ", text).strip() if "." in text or "…" in text or "·" in text else text


def is_leader(text: str) -> bool:
    """Return whether a word consists of dots that lead the eye to the right."""
    return _DOTS.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Return whether a cell contains a number, a date, a time, an amount or a dash for none."""
    return _NUMBER.fullmatch(text.strip()) is not None


def around(words: Sequence[Word], chosen: Iterable[int]) -> Box:
    """Return the box around words, of which there is at least one."""
    boxes = [words[at].box for at in chosen]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
