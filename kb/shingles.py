"""Runs of letters by which two texts are compared, whatever lies between the letters.

A text is its letters and digits, in lower case; spaces, punctuation and line breaks do not count.
Every run of :data:`RUN` of them is hashed. A few of the hashes, the smallest, stand for the whole
text: of two texts they agree about as often as all runs do.
"""

from __future__ import annotations

import functools
import sys

import numpy as np
import numpy.typing as npt

RUN = 16
"""Letters in a row: about three words, or a sentence of Chinese."""

SKETCH = 64
"""Hashes that stand for a text."""

MOST_COMPARED = 200_000
"""Hashes of a text that are compared; of a longer text, a sample."""

Hashes = npt.NDArray[np.uint64]
"""Hashes of a text's runs, uint64, in any order."""

# Letters that are hashed at once: what 50 MB of text takes stays within some tens of MB.
_BLOCK = 1 << 17
_FACTOR = 0x9E3779B97F4A7C15


def runs_of(text: str) -> Hashes:
    """Return the hashes of a text's runs, each once, ascending; none of a text without a run.

    Of a text with more than :data:`MOST_COMPARED` runs, a sample that depends on the hashes alone:
    of two texts it takes the same runs.
    """
    found: list[Hashes] = []
    letters = _letters(text)
    step = max(1, len(letters) // MOST_COMPARED)
    # The power of two below: samples of a longer text are then part of those of a shorter one.
    mask = np.uint64((1 << (step.bit_length() - 1)) - 1)
    for at in range(0, max(0, len(letters) - RUN + 1), _BLOCK):
        hashed = _hashed(letters[at : at + _BLOCK + RUN - 1])
        found.append(hashed[(hashed & mask) == 0])
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)


def sketch(runs: Hashes) -> Hashes:
    """Return the :data:`SKETCH` hashes that stand for a text."""
    # The lowest bits decide on samples, so the order goes by the highest.
    return runs[:SKETCH]


def share(one: Hashes, other: Hashes) -> float:
    """Return the share of the runs of two texts that both have, in [0, 1]."""
    if not len(one) or not len(other):
        return 0.0
    one, other = _alike(one, other)
    if not len(one) or not len(other):
        return 0.0
    common = len(np.intersect1d(one, other, assume_unique=True))
    return 2 * common / (len(one) + len(other))


def _alike(one: Hashes, other: Hashes) -> tuple[Hashes, Hashes]:
    """Sample both texts alike, as the one that was sampled more."""
    mask = max(_mask(one), _mask(other))
    return one[(one & mask) == 0], other[(other & mask) == 0]


def _mask(runs: Hashes) -> np.uint64:
    """Return the low bits that are zero in all hashes, as in a sample; 0 for a whole text."""
    if len(runs) < MOST_COMPARED // 4:
        return np.uint64(0)
    low = int(np.bitwise_or.reduce(runs))
    return np.uint64((low & -low) - 1)


def _letters(text: str) -> npt.NDArray[np.uint32]:
    points = np.frombuffer(text.lower().encode("utf-32-le", "surrogatepass"), np.uint32)
    return points[_is_letter()[points]]


def _hashed(letters: npt.NDArray[np.uint32]) -> Hashes:
    """Hash every run: a polynomial over its letters, from the sums before and after it."""
    if len(letters) < RUN:
        return np.empty(0, np.uint64)
    powers, inverse = _powers(len(letters))
    sums = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum(_mixed(letters.astype(np.uint64)) * powers, out=sums[1:])
    runs = (sums[RUN:] - sums[:-RUN]) * inverse[: len(letters) - RUN + 1]
    return _mixed(runs)


def _mixed(values: Hashes) -> Hashes:
    """Spread values over all 64 bits (the finaliser of splitmix64)."""
    values = values + np.uint64(_FACTOR)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed


def _powers(count: int) -> tuple[Hashes, Hashes]:
    """Return the powers of an odd factor and of its inverse, modulo 2**64."""
    powers, inverse = _all_powers(1 << max(10, (count - 1).bit_length()))
    return powers[:count], inverse[:count]


@functools.cache
def _all_powers(count: int) -> tuple[Hashes, Hashes]:
    inverse = pow(_FACTOR, -1, 1 << 64)
    return _geometric(_FACTOR, count), _geometric(inverse, count)


def _geometric(factor: int, count: int) -> Hashes:
    values = np.full(count, factor, np.uint64)
    values[0] = 1
    return np.multiply.accumulate(values)


@functools.cache
def _is_letter() -> npt.NDArray[np.bool_]:
    """Return for every code point whether it is a letter or a digit."""
    points = range(sys.maxunicode + 1)
    return np.fromiter((chr(point).isalnum() for point in points), np.bool_, len(points))
