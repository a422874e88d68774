"""Measures text between offsets, in characters or in the embedding model's tokens."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

CountTokens = Callable[[Sequence[str]], list[int]]


class Ruler:
    """Sizes between offsets of one text, in characters or tokens.

    ``ends`` are ascending offsets and ``totals`` the units up to each of them. Between two of them,
    units count as evenly spread. The ruler of characters needs neither.
    """

    def __init__(self, ends: Sequence[int] = (), totals: Sequence[int] = ()) -> None:
        self._ends = ends
        self._totals = totals

    @classmethod
    def of_tokens(cls, text: str, ends: Sequence[int], count_tokens: CountTokens) -> Ruler:
        """Count the tokens of the pieces of ``text`` that end at ``ends``, in one batch."""
        pieces = [text[low:high] for low, high in pairwise((0, *ends))]
        # Token counts of pieces do not quite add up to the count of the whole, so this only guides
        # the packing. The tokens of a finished chunk are counted again.
        return cls((0, *ends), (0, *accumulate(count_tokens(pieces))))

    def size(self, start: int, end: int) -> int:
        """Return the units between two offsets."""
        if not self._ends:
            return end - start
        return round(self._at(end) - self._at(start))

    def positions(self, offsets: Sequence[int]) -> Sequence[float]:
        """Return the units up to each offset."""
        return [self._at(offset) for offset in offsets] if self._ends else offsets

    def back(self, end: int, units: int) -> int:
        """Return the offset that is ``units`` before ``end``, at least 0."""
        if not self._ends:
            return max(0, end - units)
        return self._offset(max(0.0, self._at(end) - units))

    def _at(self, offset: int) -> float:
        index = bisect_left(self._ends, offset)
        if index == len(self._ends):
            return self._totals[-1]
        if self._ends[index] == offset:
            return self._totals[index]
        low, high = self._ends[index - 1], self._ends[index]
        share = (offset - low) / (high - low)
        return self._totals[index - 1] + share * (self._totals[index] - self._totals[index - 1])

    def _offset(self, units: float) -> int:
        index = bisect_right(self._totals, units)
        if index == len(self._totals):
            return self._ends[-1]
        low, high = self._totals[index - 1], self._totals[index]
        share = (units - low) / (high - low)
        return self._ends[index - 1] + int(share * (self._ends[index] - self._ends[index - 1]))
