"""Memory limit for a part of an archive: a fixed amount, and more for each of its bytes.

Deflate can turn one byte into a thousand, and three bytes of JSON (``[],``) take more than a
hundred once parsed. So the cost of JSON is counted while it is unpacked, and too costly parts are
refused before they are in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

FREE_BYTES = 256 * 2**20
"""Memory that any part may take, however small it is in the archive."""

FREE_VECTOR_BYTES = 64 * 2**20
"""The same for vectors, which hardly shrink in an archive."""

MOST_RATIO = 100
"""Additional bytes of memory that a part may take for each of its bytes in the archive."""

# Highest costs in CPython 3.11: the text as bytes, as a string and as the strings in it; then each
# string, object, list, and place in a list or object with a number in it.
_BYTE, _STRING, _OBJECT, _LIST, _PLACE = 8, 80, 200, 64, 40

_WHOLE = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_REST = re.compile(rb'(?:[^"\\]|\\.)*+', re.DOTALL)
_BACKSLASHES = re.compile(rb"\\*+\Z")


def allowance(packed: int, *, free: int = FREE_BYTES) -> int:
    """Return the bytes of memory that a part of ``packed`` bytes may take."""
    return free + MOST_RATIO * packed


class JsonCost:
    """Estimates the cost of parsing JSON, rather too high, from its bytes as they arrive."""

    def __init__(self) -> None:
        self.bytes = 0
        self._in_string = False
        self._escaped = False

    def add(self, part: bytes) -> None:
        """Count the next bytes, wherever they were cut."""
        self.bytes += _BYTE * len(part)
        at = 0
        if self._in_string:
            at = self._end_of_string(part)
            if self._in_string:
                return
        outside, strings = _WHOLE.subn(b"", part[at:])
        start = outside.find(b'"')
        if start >= 0:  # the string continues in the next part
            strings += 1
            outside = outside[:start]
            self._in_string = True
            self._escaped = _ends_escaped(part)
        self.bytes += _STRING * strings + _OBJECT * outside.count(b"{")
        self.bytes += _LIST * outside.count(b"[") + _PLACE * outside.count(b",")

    def _end_of_string(self, part: bytes) -> int:
        """Return the end of a string that began in an earlier part."""
        found = _REST.match(part, 1 if self._escaped else 0)
        end = found.end() if found else len(part)
        self._in_string = part[end : end + 1] != b'"'
        self._escaped = self._in_string and end < len(part)  # the last byte is a backslash
        return end + 1


def _ends_escaped(part: bytes) -> bool:
    found = _BACKSLASHES.search(part)
    return found is not None and len(found[0]) % 2 == 1


def cost_of(data: bytes) -> int:
    """Return an estimate of the memory for parsing ``data``, rather too high."""
    cost = JsonCost()
    cost.add(data)
    return cost.bytes


def counted(parts: Iterable[bytes], packed: int) -> Iterator[bytes]:
    """Yield the parts of JSON of ``packed`` bytes in the archive, within the memory limit.

    Raises:
        ValueError: parsing would take too much memory.
    """
    cost, most = JsonCost(), allowance(packed)
    for part in parts:
        cost.add(part)
        if cost.bytes > most:
            msg = f"it unfolds to more than {most / 2**20:,.0f} MiB"
            raise ValueError(msg)
        yield part
