"""Chooses the ends of chunks and the starts of their overlaps, by size and boundary level."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.splitting.boundaries import Level
from kb.splitting.isolation import isolations, key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.records import SectionKind
    from kb.splitting.rulers import Ruler
    from kb.splitting.structure import Span
    from kb.splitting.tables import Headers

# Cost of ending a chunk at each level, as a share of ``_WORST``; a new chunk costs 1.
_COST = {
    Level.INSIDE_CLUSTER: 9.0,
    Level.INSIDE_WORD: 1.0,
    Level.SOFT: 0.85,
    Level.WORD: 0.8,
    Level.CLAUSE: 0.65,
    Level.SENTENCE: 0.35,
    Level.LINE: 0.25,
    Level.PARAGRAPH: 0.1,
    Level.SECTION: 0.0,
}
_COSTS = [_COST[level] for level in Level]
_BEST_FIRST = [bytes([level]) for level in reversed(Level)]
# Found by trying on made-up English, Chinese, unspaced, line by line and template texts with 880
# paragraphs edited, inserted, deleted or given one character. An edit changes 2.4 chunks on average
# and at most 9. Costs drawn evenly from a hash of 16 characters each side gave 5.4 and 50 (and 13
# without template texts). Chunks have 864 characters on average (887).
_WORST = 3.0
_NEAR_BETTER = 7.0
_ISOLATED = 1.3  # chunks; a better place further away than this costs nothing
_STOP = 1.5  # chunks; a place without a better one within this distance is always a cut
_EMPTINESS = 0.3
_LEAST_FILL = 0.35
_AT_LEAST = {level: re.compile(b"[%c-\x08]" % level) for level in Level}


@dataclass(frozen=True, slots=True)
class Part:
    """A future chunk: its own text, and the start of the overlap before it."""

    lead: int
    start: int
    end: int
    group: Span
    kind: SectionKind


@dataclass(frozen=True, slots=True)
class Packer:
    """Cuts groups of one document; ``levels`` are those of ``boundaries``, sizes in ruler units."""

    text: str
    levels: bytes
    ruler: Ruler
    size: int
    overlap: int
    headers: Headers

    def pack(self, group: Span, kind: SectionKind, ends: Sequence[int]) -> list[Part]:
        """Cut ``group`` at the lowest total cost of its chunks, at some of its pieces' ``ends``.

        A chunk costs one, plus its squared emptiness (which prefers two even chunks to a full one
        and a scrap), plus a penalty for an end below the best level, plus one for a better place
        nearby. Filling each chunk to the limit would carry the shift of an edit on to the end of
        the text. With these costs both versions prefer the same few places, so their paths meet
        again within a few chunks, at the latest at the next stop.
        """
        nodes = self._nodes(group, ends)
        last = len(nodes) - 1
        leads = [self.lead(node, group, kind) for node in nodes[:-1]]
        measured = self.ruler.positions(nodes)
        # A header row takes room from its chunk, as if the chunk began earlier.
        leads_measured = [
            at - self.headers.units(lead)
            for at, lead in zip(self.ruler.positions(leads), leads, strict=True)
        ]
        fixed, stops = self._costs(nodes, measured)
        cost = [0.0] + [float("inf")] * last
        came_from = [0] * (last + 1)
        nearest = 1
        for index in range(last):
            here, begin = cost[index], leads_measured[index]
            if index == stops[-1]:
                stops.pop()
            # Shorter chunks never pay; skipping them halves the time.
            while nearest < last and measured[nearest] - begin < self.size * _LEAST_FILL:
                nearest += 1
            first = min(nearest, stops[-1])
            if first <= index or measured[first] - begin > self.size:
                first = max(index + 1, first - 1)
            for reached in range(first, stops[-1] + 1):
                room = (begin + self.size - measured[reached]) / self.size
                if room < 0 and reached > first:
                    break
                total = here + fixed[reached] + _EMPTINESS * room * room
                if total < cost[reached]:
                    cost[reached] = total
                    came_from[reached] = index
        parts = []
        while last:
            first = came_from[last]
            parts.append(Part(leads[first], nodes[first], nodes[last], group, kind))
            last = first
        return parts[::-1]

    def _nodes(self, group: Span, ends: Sequence[int]) -> list[int]:
        """Return the possible cuts of the group, including its start and end."""
        nodes = [group[0]]
        for end in ends:
            if end >= group[1]:
                break
            place = end
            while place > nodes[-1] and self.levels[place] == Level.INSIDE_CLUSTER:
                place -= 1
            if place > nodes[-1]:
                nodes.append(place)
            elif self.ruler.size(nodes[-1], end) >= self.size // 4:
                # A cluster as long as a good part of a chunk must be cut.
                nodes.append(end)
        nodes.append(group[1])
        return nodes

    def _costs(
        self, nodes: Sequence[int], measured: Sequence[float]
    ) -> tuple[list[float], list[int]]:
        """Return the cost of ending a chunk at each node, and the stops, last one first."""
        inner = nodes[1:-1]
        keys = [key(self.text, self.levels, node) for node in inner]
        isolated = isolations(keys, measured[1:-1], measured[0], measured[-1])
        fixed = [1.0]
        stops = [len(nodes) - 1]
        for index, (node, distance) in enumerate(zip(inner, isolated, strict=True), start=1):
            nearness = max(0.0, 1 - distance / (self.size * _ISOLATED))
            fixed.append(1 + _WORST * _COSTS[self.levels[node]] + _NEAR_BETTER * nearness)
            if distance > self.size * _STOP:
                stops.append(index)
        return [*fixed, 1.0], [stops[0], *stops[:0:-1]]

    def lead(self, start: int, group: Span, kind: SectionKind, most: int | None = None) -> int:
        """Return the start of the overlap before ``start``: a sentence's if one is near enough.

        Tables have no overlap, and code only whole lines: half a row or statement would mislead.
        """
        if kind == "table" or start <= group[0] or self.headers.at(start):
            return start
        low = max(group[0], self.ruler.back(start, self.overlap))
        if most is not None:
            low = max(low, start - most)
        if low >= start:
            return start
        if kind == "code":
            found = _AT_LEAST[Level.LINE].search(self.levels, low, start)
            return found.start() if found else start
        # A late sentence would leave little overlap, and is worth less than words.
        near = start - (start - low) // 3
        for level in (Level.SENTENCE, Level.CLAUSE, Level.WORD, Level.SOFT, Level.INSIDE_WORD):
            found = _AT_LEAST[level].search(self.levels, low, near)
            if found:
                return found.start()
        return start

    def divide(self, part: Part, count: int) -> list[Part]:
        """Cut a part into ``count`` similar ones, at the best places near the even shares."""
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
                if self.levels[end] == Level.INSIDE_CLUSTER:
                    end = self._outside_cluster(position + 1, end, part.end - 1)
            if end <= position:
                continue
            # Short parts have a shorter overlap, which must not crowd out the text.
            lead = self.lead(position, part.group, part.kind, most=share // 4)
            parts.append(
                Part(part.lead if index == 1 else lead, position, end, part.group, part.kind)
            )
            position = end
        return parts

    def _outside_cluster(self, low: int, place: int, high: int) -> int:
        """Return the nearest position between ``low`` and ``high`` that splits no cluster."""
        outside = _AT_LEAST[Level.INSIDE_WORD]
        after = outside.search(self.levels, place, high + 1)
        before = place
        while before >= low and self.levels[before] == Level.INSIDE_CLUSTER:
            before -= 1
        if before >= low and (after is None or place - before <= after.start() - place):
            return before
        return after.start() if after else place

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
                score = -_COSTS[level[0]] - abs(target - found) * scale
                if found >= 0 and score > best_score:
                    best, best_score = found, score
        return best
