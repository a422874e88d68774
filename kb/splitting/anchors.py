"""Anchors: positions that depend only on the text near them, from which cutting can start afresh.

Cuts counted from the start depend on all text before them: one more word on the first page would
move every piece of a text without headings. An anchor is a position whose key is the smallest
within ``radius`` on both sides. The key ranks the quality of the cut first, then a hash of the
characters around it. Text beyond the radius cannot move an anchor. The distance between two anchors
is rarely below one radius or above four.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kb.splitting.boundaries import Level, code_points

_BLOCK = 1 << 18
_CONTEXT_STEPS = 7  # 2**7 code points, half of them before the position, as in ``isolation``
_CONTEXT = 1 << _CONTEXT_STEPS
_FAR = np.iinfo(np.uint64).max
_LEVEL_SHIFT = np.uint64(60)

Keys = npt.NDArray[np.uint64]


def anchors(text: str, levels: bytes, radius: int) -> list[int]:
    """Return the anchors of ``text`` in ascending order; ``levels`` as ``boundaries.levels``."""
    if len(text) <= radius:
        return []
    found: list[int] = []
    block = max(_BLOCK, 4 * radius)
    for low in range(0, len(text), block):
        high = min(low + block, len(text))
        keys = _keys(text, levels, low - radius, high + radius)
        # Smallest key of the ``radius`` positions from each position on.
        smallest = _sliding_minimum(keys, radius)
        here = keys[radius:-radius]
        left = smallest[: len(here)]
        right = smallest[radius + 1 : radius + 1 + len(here)]
        # Strict on one side only: of equal places (repeated text) the first wins.
        chosen = (here != _FAR) & (here < left) & (here <= right)
        found.extend((np.flatnonzero(chosen) + low).tolist())
    return found


def _keys(text: str, levels: bytes, low: int, high: int) -> Keys:
    """Return the keys of positions ``low`` to ``high``, which may lie outside of the text."""
    first, last = max(0, low), min(high, len(text))
    around = slice(max(0, first - _CONTEXT // 2), min(len(text), last + _CONTEXT // 2))
    padded = np.zeros(last - first + _CONTEXT, np.uint64)
    offset = around.start - (first - _CONTEXT // 2)
    codes = code_points(text[around])
    padded[offset : offset + len(codes)] = codes
    hashed = _mix(padded)
    for step in range(_CONTEXT_STEPS):
        width = 1 << step
        hashed = _mix(hashed[:-width] * np.uint64(2 * step + 3) + hashed[width:])
    level = np.frombuffer(levels, np.uint8)[first:last]
    rank = np.uint64(Level.SECTION) - level.astype(np.uint64)
    keys = np.full(high - low, _FAR, np.uint64)
    inside = keys[first - low : last - low]
    inside[:] = (rank << _LEVEL_SHIFT) | (hashed[: last - first] >> np.uint64(4))
    inside[level == Level.INSIDE_CLUSTER] = _FAR
    return keys


def _mix(values: Keys) -> Keys:
    """Spread every bit over the word by multiplication and shift, with wrap-around."""
    values = (values + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    values ^= values >> np.uint64(29)
    return values


def _sliding_minimum(keys: Keys, width: int) -> Keys:
    """Return the minimum of each ``keys[i : i + width]`` in linear time (van Herk's method)."""
    rows = -(-len(keys) // width)
    padded = np.full(rows * width, _FAR, np.uint64)
    padded[: len(keys)] = keys
    table = padded.reshape(rows, width)
    ahead = np.minimum.accumulate(table, axis=1).ravel()
    behind = np.minimum.accumulate(table[:, ::-1], axis=1)[:, ::-1].ravel()
    count = len(keys) - width + 1
    return np.minimum(behind[:count], ahead[width - 1 : width - 1 + count])
