"""The lines on one side of a gap: position, beginning and end of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.loaders.pdf.page import Box, Word
from ingest.loaders.printed_lines import is_cjk

OPENERS = "\"'“‘«„([（「『《"
STOPS = ".!?:;。！？：；"

_SAME_LINE = 0.5  # heights of the font


@dataclass(frozen=True, slots=True)
class SideLine:
    """A line: ``middle`` is its half height, ``first`` the width of its first unbreakable part.

    ``gaps`` is the white between its words.
    """

    middle: float
    left: float
    right: float
    first: float
    text: str
    gaps: tuple[float, ...]


def lines_of(side: Sequence[tuple[Box, Word]], size: float) -> list[SideLine]:
    """Return the lines of words, from the top; ``size`` is the usual height of the font."""
    lines: list[list[tuple[Box, Word]]] = []
    low = float("-inf")
    for item in sorted(side, key=lambda i: i[0][1] + i[0][3]):
        middle = (item[0][1] + item[0][3]) / 2
        if middle - low > _SAME_LINE * size:
            lines.append([])
            low = middle
        lines[-1].append(item)
    found = []
    for line in lines:
        line.sort(key=lambda item: item[0][0])
        box, word = line[0]
        first = size if is_cjk(word.text[0]) else box[2] - box[0]
        middle = sum(b[1] + b[3] for b, _ in line) / (2 * len(line))
        text = " ".join(w.text for _, w in line)
        gaps = tuple(b[0] - a[2] for (a, _), (b, _) in pairwise(line))
        found.append(SideLine(middle, box[0], max(b[2] for b, _ in line), first, text, gaps))
    return found


def is_small(text: str) -> bool:
    """Whether a line begins with a small letter."""
    return text.lstrip(OPENERS)[:1].islower()


def may_go_on(above: SideLine, below: SideLine) -> bool:
    """Whether the words of a line may continue those of the line above in one sentence."""
    start = below.text.lstrip(OPENERS)[:1]
    return above.text[-1] not in STOPS and (is_small(below.text) or is_cjk(start or " "))


def goes_on(above: SideLine, below: SideLine, right: float) -> bool:
    """Whether a line is full (``right`` is its column's edge), and the next one continues it."""
    return right - above.right < below.first and may_go_on(above, below)


def is_code(side: Sequence[tuple[Box, Word]]) -> bool:
    """Whether most words are in letters of one width."""
    return 2 * sum(word.fixed for _, word in side) > len(side)
