"""Lines with Hebrew or Arabic: sorts their letters by position into reading order.

PDFium's order of such letters depends on how the file draws them. On the page there is one order:
words of these scripts run from right to left, numbers and Latin words in them from left to right.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from ingest.loaders.pdf.words.frames import Sign
from ingest.loaders.pdf.words.scripts import is_leftward, is_mark

_SAME_BASE = 0.28
_APART = 2.5
_FORWARD = frozenset({"L", "EN", "AN"})
_INSIDE = frozenset({"ES", "ET", "CS", "NSM"})  # signs of numbers, such as "." and "%"
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
_OPENERS, _CLOSERS = frozenset("([{<«‹"), frozenset(")]}>»›")
_LAM, _ALEFS = "\u0644", frozenset("\u0627\u0622\u0623\u0625")


def apart(signs: Sequence[Sign]) -> tuple[list[Sign], list[list[Sign]]]:
    """Split signs into those of ordinary lines, and lines with scripts that run leftwards.

    Both contain spaces. The letters of a line are in order from the left.
    """
    bases = _bases(signs)
    if not bases:
        return list(signs), []
    lines: list[list[tuple[int, Sign]]] = [[] for _ in bases]
    for at, sign in enumerate(signs):
        if sign.font < 0 or not sign.text:
            continue
        number = _line_at(bases, sign)
        if number >= 0:
            lines[number].append((at, sign))
    taken: set[int] = set()
    found: list[list[Sign]] = []
    for line in lines:
        line.sort(key=lambda item: (item[1].left, item[1].right))
        for part in _parts(line):
            if any(is_leftward(sign.text) for _, sign in part):
                taken.update(at for at, _ in part)
                found.append(_with_marks([sign for _, sign in part]))
    return [sign for at, sign in enumerate(signs) if at not in taken], found


def in_reading_order(letters: Sequence[Sign], *, mirrored: bool) -> list[Sign]:
    """Return the letters of one word, given from the left, in reading order.

    ``mirrored`` means that brackets are given in their visible form.
    """
    if not any(is_leftward(sign.text) for sign in letters):
        return list(letters)
    if mirrored:
        letters = [sign._replace(text=sign.text.translate(_MIRRORED)) for sign in letters]
    found: list[Sign] = []
    forward: list[Sign] = []
    waiting: list[Sign] = []  # signs that may belong to a number

    def flush() -> None:
        found.extend(reversed(forward))
        forward.clear()
        found.extend(waiting)
        waiting.clear()

    for sign in reversed(letters):
        kind = unicodedata.bidirectional(sign.text[0])
        if kind in _FORWARD:
            forward += [*waiting, sign]
            waiting.clear()
        elif kind in _INSIDE and forward:
            waiting.append(sign)
        else:
            flush()
            found.append(sign)
    flush()
    for at, (one, other) in enumerate(pairwise(found)):
        if one.text in _ALEFS and other.text == _LAM and one.left == other.left:
            found[at], found[at + 1] = other, one  # letters of one ligature
    return found


def is_as_drawn(line: Sequence[Sign]) -> bool:
    """Whether the brackets of a line, given from the left, have their visible form.

    PDFium reverses the brackets of some lines. Visible brackets open on the left.
    """
    depth = wrong = closed = 0
    for sign in line:
        if sign.text in _OPENERS:
            depth += 1
        elif sign.text in _CLOSERS:
            wrong += depth == 0
            closed += depth > 0
            depth -= depth > 0
    return wrong + depth <= closed


def _bases(signs: Sequence[Sign]) -> list[tuple[float, float]]:
    """Return base line and size of each line with letters that run leftwards."""
    letters = sorted(
        (sign.base, sign.size) for sign in signs if sign.font >= 0 and is_leftward(sign.text)
    )
    found: list[tuple[float, float]] = []
    for base, size in letters:
        if not found or base - found[-1][0] > _SAME_BASE * max(size, found[-1][1]):
            found.append((base, size))
    return found


def _line_at(bases: Sequence[tuple[float, float]], sign: Sign) -> int:
    low, high = 0, len(bases)
    while low < high:
        middle = (low + high) // 2
        if bases[middle][0] < sign.base:
            low = middle + 1
        else:
            high = middle
    best, least = -1, 1.0
    for at in (low - 1, low):
        if 0 <= at < len(bases):
            base, size = bases[at]
            off = abs(sign.base - base) / max(_SAME_BASE * max(size, sign.size), 0.01)
            if off <= least:
                best, least = at, off
    return best


def _parts(line: Sequence[tuple[int, Sign]]) -> list[list[tuple[int, Sign]]]:
    """Split a line at columns' gaps."""
    parts: list[list[tuple[int, Sign]]] = []
    end = 0.0
    for item in line:
        sign = item[1]
        if not parts or sign.left - end > _APART * max(sign.size, 0.1):
            parts.append([])
            end = sign.right
        parts[-1].append(item)
        end = max(end, sign.right)
    return parts


def _with_marks(signs: Sequence[Sign]) -> list[Sign]:
    """Return letters with their marks."""
    letters = [sign for sign in signs if not is_mark(sign.text)]
    if len(letters) == len(signs) or not letters:
        return list(signs)
    marks: dict[int, str] = {}
    at = 0
    for sign in signs:
        if not is_mark(sign.text):
            continue
        middle = (sign.ink_left + sign.ink_right) / 2
        while at + 1 < len(letters) and letters[at].right < middle:
            at += 1
        near = [n for n in (at - 1, at, at + 1) if 0 <= n < len(letters)]
        near = [n for n in near if not letters[n].text.isspace()] or near
        best = min(near, key=lambda n: abs((letters[n].left + letters[n].right) / 2 - middle))
        marks[best] = marks.get(best, "") + sign.text
        at = max(at - 1, 0)
    return [
        sign._replace(text=sign.text + marks[n]) if n in marks else sign
        for n, sign in enumerate(letters)
    ]
