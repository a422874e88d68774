"""Runs of letters for comparing two texts, whatever is between the letters.

Only the letters and digits of a text count, in lower case; spaces, punctuation and line breaks do
not. Every run of :data:`RUN` of them is hashed. The sketch of a text consists of its smallest
hashes. The sketches of two texts agree about as often as all runs do.
"""

from __future__ import annotations

import functools
import sys

import numpy as np
import numpy.typing as npt

RUN = 16
"""Letters of a run: about three words, or a sentence of Chinese."""

SKETCH = 64
"""Hashes of a sketch."""

MOST_COMPARED = 200_000
"""Most hashes of a text in a comparison; a longer text is sampled."""

Hashes = npt.NDArray[np.uint64]
"""Hashes of a text's runs, uint64, in any order."""

# Letters that are hashed at once, so that 50 MB of text take only some tens of MB.
_BLOCK = 1 << 17
_FACTOR = 0x9E3779B97F4A7C15


def runs_of(text: str) -> Hashes:
    """Return the hashes of a text's runs, each once, ascending; empty for a text without a run.

    A text with more than :data:`MOST_COMPARED` runs is sampled by its hashes alone, so that the
    samples of two texts contain the same runs.
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
    """Return the sketch of a text: :data:`SKETCH` hashes."""
    # The lowest bits select samples, so the order uses the highest.
    return runs[:SKETCH]


def share(one: Hashes, other: Hashes) -> float:
    """Return the share of common runs among the runs of two texts, in [0, 1]."""
    if not len(one) or not len(other):
        return 0.0
    one, other = _alike(one, other)
    if not len(one) or not len(other):
        return 0.0
    common = len(np.intersect1d(one, other, assume_unique=True))
    return 2 * common / (len(one) + len(other))


def _alike(one: Hashes, other: Hashes) -> tuple[Hashes, Hashes]:
    """Sample both texts like the one with the smaller sample."""
    mask = max(_mask(one), _mask(other))
    return one[(one & mask) == 0], other[(other & mask) == 0]


def _mask(runs: Hashes) -> np.uint64:
    """Return the low bits that are zero in all hashes of a sample; 0 for a whole text."""
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
    """Mix the bits of values (the finaliser of splitmix64)."""
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
