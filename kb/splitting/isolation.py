"""How far each place for a cut is from a better one, which the text around it alone decides.

Two versions of a text have different cheapest paths until both take the same cut. Costs that a
hash spreads evenly leave many places about as good as the best, and the paths run side by side
for up to twenty chunks. So the hash only ranks the places, level first, and what counts is a
place's isolation, as that of mountain tops: the distance to the nearest place of higher rank.
Few places have a large one, they lie about as far from each other as it says, and text further
away than that cannot change it. Content-defined chunking by local maxima is the same idea
(Bjørner, Blass and Gurevich, "Content-dependent chunking for differential compression", 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

# Sentences made from one template differ in a name or a number somewhere: this many characters
# on each side find it, where 16 would give all of them one hash.
_CONTEXT = 64

Key = tuple[int, int]


def key(text: str, levels: bytes, position: int) -> Key:
    """Return the rank of a place: its level, then a hash of the characters around it."""
    around = text[max(0, position - _CONTEXT) : position + _CONTEXT]
    return levels[position], crc32(around.encode("utf-8", "surrogatepass"))


def isolations(
    keys: Sequence[Key], positions: Sequence[float], start: float, end: float
) -> list[float]:
    """Return the distance of each place to the nearest of higher rank, or to an end.

    Args:
        keys: ranks of the places, higher is better; of equal ones the first ranks higher.
        positions: where they are, ascending, in any unit.
        start: where the text begins, in the same unit: nothing ranks higher than its ends.
        end: where it ends.
    """
    found = [0.0] * len(keys)
    higher: list[int] = []
    for index, (rank, position) in enumerate(zip(keys, positions, strict=True)):
        while higher and keys[higher[-1]] < rank:
            lower = higher.pop()
            found[lower] = min(found[lower], position - positions[lower])
        found[index] = position - (positions[higher[-1]] if higher else start)
        higher.append(index)
    for index in higher:
        found[index] = min(found[index], end - positions[index])
    return found
