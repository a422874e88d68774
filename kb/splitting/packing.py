"""Choose where chunks end and where their overlap begins, by measure and by boundary level."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.splitting.boundaries import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kb.records import SectionKind
    from kb.splitting.rulers import Ruler
    from kb.splitting.structure import Span

# How much emptier, as a share of a chunk, a chunk may be for a cut of this level.
_BONUS = {
    Level.INSIDE_CLUSTER: -9.0,
    Level.INSIDE_WORD: 0.0,
    Level.SOFT: 0.1,
    Level.WORD: 0.15,
    Level.CLAUSE: 0.2,
    Level.SENTENCE: 0.3,
    Level.LINE: 0.35,
    Level.PARAGRAPH: 0.45,
    Level.SECTION: 0.6,
}
_BONUSES = [_BONUS[level] for level in Level]
_BEST_FIRST = [bytes([level]) for level in reversed(Level)]
_LEAST_FILL = 0.5
_AT_LEAST = {level: re.compile(b"[%c-\x08]" % level) for level in Level}


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk to be: the text that is its own, and where the overlap before that begins."""

    lead: int
    start: int
    end: int
    group: Span
    kind: SectionKind


@dataclass(frozen=True, slots=True)
class Packer:
    """Cuts groups of one document; ``levels`` as in ``boundaries``, sizes in ruler units."""

    levels: bytes
    ruler: Ruler
    size: int
    overlap: int

    def pack(
        self, span: Span, group: Span, kind: SectionKind, cuts: Sequence[int]
    ) -> Iterator[Part]:
        """Fill chunks from ``span``, a stretch of ``group``, cutting only at ``cuts``."""
        position, end = span
        while True:
            lead = self.lead(position, group, kind)
            if self.ruler.size(lead, end) <= self.size:
                yield Part(lead, position, end, group, kind)
                return
            # At least one character, however little room the overlap leaves.
            furthest = min(max(self.ruler.forward(lead, self.size), position + 1), end - 1)
            rest = end - position
            if self.ruler.size(position, end) <= 2 * (self.size - self.overlap):
                # Two chunks hold the rest: share it, rather than leave a small remainder.
                target, least = min(furthest, position + rest // 2), position + rest // 4
            else:
                target = furthest
                least = position + int((furthest - position) * _LEAST_FILL)
            cut = self._choose(cuts, least, target, furthest)
            yield Part(lead, position, cut, group, kind)
            position = cut

    def lead(self, start: int, group: Span, kind: SectionKind, most: int | None = None) -> int:
        """Return where the overlap before ``start`` begins: a sentence if one is near enough.

        Tables repeat nothing and code repeats whole lines only: half a row or statement would
        mislead.
        """
        if kind == "table" or start <= group[0]:
            return start
        low = max(group[0], self.ruler.back(start, self.overlap))
        if most is not None:
            low = max(low, start - most)
        if low >= start:
            return start
        if kind == "code":
            found = _AT_LEAST[Level.LINE].search(self.levels, low, start)
            return found.start() if found else start
        # A sentence that begins so late that little is repeated is worth less than words.
        near = start - (start - low) // 3
        for level in (Level.SENTENCE, Level.CLAUSE, Level.WORD, Level.SOFT, Level.INSIDE_WORD):
            found = _AT_LEAST[level].search(self.levels, low, near)
            if found:
                return found.start()
        return start

    def divide(self, part: Part, count: int) -> list[Part]:
        """Cut a part in ``count`` about equal ones at the best places near the even shares."""
        length = part.end - part.start
        share = max(1, length // count)
        parts: list[Part] = []
        position = part.start
        for index in range(1, count + 1):
            end = part.end
            if index < count:
                target = part.start + length * index // count
                reach = share // 5
                end = self._near(max(position + 1, target - reach), target, target + reach)
            if end <= position:
                continue
            # The overlap gives way where parts are short: it must not crowd out the text.
            lead = self.lead(position, part.group, part.kind, most=share // 4)
            parts.append(
                Part(part.lead if index == 1 else lead, position, end, part.group, part.kind)
            )
            position = end
        return parts

    def _choose(self, cuts: Sequence[int], least: int, target: int, furthest: int) -> int:
        candidates = cuts[bisect_right(cuts, least) : bisect_right(cuts, furthest)]
        candidates = [cut for cut in candidates if self.levels[cut] != Level.INSIDE_CLUSTER]
        if not candidates:
            return self._near(least + 1, target, furthest)
        scale = 1 / max(1, furthest - least) * (1 - _LEAST_FILL)
        levels, bonuses = self.levels, _BONUSES
        return max(candidates, key=lambda cut: bonuses[levels[cut]] - abs(target - cut) * scale)

    def _near(self, low: int, target: int, high: int) -> int:
        """Return the best position in ``[low, high]`` near ``target``, at any level."""
        best, best_score = target, float("-inf")
        scale = 1 / max(1, high - low)
        high = min(high, len(self.levels) - 1)
        for level in _BEST_FIRST:
            for found in (
                self.levels.rfind(level, low, target + 1),
                self.levels.find(level, target, high + 1),
            ):
                score = _BONUSES[level[0]] - abs(target - found) * scale
                if found >= 0 and score > best_score:
                    best, best_score = found, score
        return best
