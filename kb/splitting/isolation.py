"""Distance of each possible cut to a better one, which depends only on the text near it.

After an edit, the cheapest path differs until old and new version share a cut. With costs from a
hash alone, many places are about as good as the best one, and the paths differ for up to twenty
chunks. So the hash only ranks places of the same level. The cost depends on a place's isolation, in
the sense of mountain tops: the distance to the nearest place of higher rank. Few places have a
large isolation. Two of them are about that distance apart, and text further away cannot change it.
Content-defined chunking by local maxima uses the same idea (Bjørner, Blass and Gurevich,
"Content-dependent chunking for differential compression", 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

# Sentences made from one template differ in a name or a number: this many characters on each side
# include it. With 16, all of them would have one hash.
_CONTEXT = 64

Key = tuple[int, int]


def key(text: str, levels: bytes, position: int) -> Key:
    """Return the rank of a place: its level, then a hash of the characters around it."""
    around = text[max(0, position - _CONTEXT) : position + _CONTEXT]
    return levels[position], crc32(around.encode("utf-8", "surrogatepass"))


def isolations(
    keys: Sequence[Key], positions: Sequence[float], start: float, end: float
) -> list[float]:
    """Return the distance of each place to the nearest place of higher rank, or to an end.

    Args:
        keys: ranks of the places; higher is better, and the first of equal ones is best.
        positions: their positions, ascending, in any unit.
        start: start of the text in the same unit. The two ends rank highest.
        end: end of the text.
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
