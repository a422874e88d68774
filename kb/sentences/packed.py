"""Vectors at one byte a number: storage of passages and their sentences, beside the index.

A row is rounded to whole numbers from -127 to 127, with a scale that restores unit length.
docs/ranking.md has the measured loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kb.embedding.base import Vector, Vectors

Numbers: TypeAlias = npt.NDArray[np.int8]
"""int8, shape (n, dim)."""

_MOST = 127
_SCALE = np.dtype("<f4")
_NONE = np.zeros((0, 0), np.float32)


@dataclass(slots=True)  # a search makes hundreds, and frozen ones take three times as long
class ChunkSentences:
    """The vectors of a passage and of its sentences.

    Attributes:
        spans: spans of the sentences in code points of the passage: int32, shape (n, 2).
        numbers: int8, shape (1 + n, dim): the passage's own vector, then the sentences'.
        scales: float32, shape (1 + n,): ``numbers * scales[:, None]`` has rows of unit length.
    """

    spans: npt.NDArray[np.int32]
    numbers: Numbers
    scales: npt.NDArray[np.float32]

    @property
    def own(self) -> Vector:
        """The passage's own vector: float32, shape (dim,), unit length."""
        vector: Vector = self.numbers[0] * self.scales[0]
        return vector

    @property
    def sentences(self) -> Vectors:
        """The sentences' vectors: float32, shape (n, dim), rows of unit length, in order."""
        vectors: Vectors = self.numbers[1:] * self.scales[1:, None]
        return vectors

    def scores(self, query: Vector) -> npt.NDArray[np.float32]:
        """Return the cosine of a query with the passage, then with each of its sentences."""
        found: npt.NDArray[np.float32] = (self.numbers @ query) * self.scales
        return found


@dataclass(slots=True)
class SentenceTable:
    """The vectors of several passages and their sentences, in one table.

    Attributes:
        chunks: the ids of the passages.
        counts: number of rows of each passage, its own vector first: intp, shape (passages,).
        numbers: int8, or float32 if converted once for many uses; shape (rows, dim).
        scales: float32, shape (rows,): ``numbers * scales[:, None]`` has rows of unit length.
    """

    chunks: list[int]
    counts: npt.NDArray[np.intp]
    numbers: Numbers | Vectors
    scales: npt.NDArray[np.float32]


def pack(vectors: Vectors) -> bytes:
    """Pack vectors into (dim + 4) bytes each: first all scales, then all numbers."""
    rows = np.asarray(vectors, dtype=np.float32)
    most = np.abs(rows).max(axis=1, keepdims=True, initial=np.finfo(np.float32).tiny)
    numbers = np.rint(rows * (_MOST / most)).astype(np.int8)
    lengths = np.linalg.norm(numbers.astype(np.float32), axis=1)
    scales = (1 / np.maximum(lengths, 1)).astype(_SCALE)
    packed: bytes = scales.tobytes() + numbers.tobytes()
    return packed


def unpack(data: bytes, dim: int) -> Vectors:
    """Return packed vectors: float32, shape (n, dim), rows of unit length.

    Raises:
        ValueError: the bytes are not packed vectors of that width.
    """
    numbers, scales = _parts(data, dim)
    vectors: Vectors = numbers * scales[:, None]
    return vectors


def pack_spans(spans: list[tuple[int, int]]) -> bytes:
    """Pack spans into eight bytes each."""
    return np.array(spans, dtype="<i4").tobytes()


def chunk_sentences(spans: bytes, vectors: bytes) -> ChunkSentences:
    """Unpack the results of :func:`pack_spans` and :func:`pack`, without copying them.

    Raises:
        ValueError: the spans do not match the vectors.
    """
    where = np.frombuffer(spans, dtype="<i4").reshape(-1, 2)
    rows = 1 + len(where)
    numbers, scales = _parts(vectors, len(vectors) // rows - _SCALE.itemsize)
    if len(scales) != rows:
        msg = f"{len(scales)} vectors do not fit {len(where)} sentences"
        raise ValueError(msg)
    return ChunkSentences(where, numbers, scales)


def sentence_table(rows: Iterable[tuple[int, int, bytes]]) -> SentenceTable:
    """Return a table of several results of :func:`pack`, without unpacking each.

    Args:
        rows: id, number of sentences and packed vectors of each passage.

    Raises:
        ValueError: the vectors of a passage do not match its sentences, or differ in width from
            others.
    """
    chunks: list[int] = []
    counts: list[int] = []
    scales: list[bytes] = []
    numbers: list[bytes] = []
    dim = 0
    for chunk_id, sentences, vectors in rows:
        count = 1 + sentences
        dim = dim or len(vectors) // count - _SCALE.itemsize
        middle = count * _SCALE.itemsize
        if dim < 1 or len(vectors) != middle + count * dim:
            msg = f"{len(vectors)} bytes are no {count} vectors of {dim} numbers"
            raise ValueError(msg)
        chunks.append(chunk_id)
        counts.append(count)
        scales.append(vectors[:middle])
        numbers.append(vectors[middle:])
    return SentenceTable(
        chunks,
        np.array(counts, np.intp),
        np.frombuffer(b"".join(numbers), np.int8).reshape(-1, max(1, dim)),
        np.frombuffer(b"".join(scales), _SCALE),
    )


def own_rows(rows: Sequence[tuple[bytes, bytes]]) -> Vectors:
    """Return vectors of their scales and numbers: unit length, in order.

    Raises:
        ValueError: the vectors differ in width.
    """
    scales = np.frombuffer(b"".join(scale for scale, _ in rows), _SCALE)
    numbers = np.frombuffer(b"".join(each for _, each in rows), np.int8)
    vectors: Vectors = numbers.reshape(len(rows), -1) * scales[:, None] if rows else _NONE
    return vectors


def _parts(data: bytes, dim: int) -> tuple[Numbers, npt.NDArray[np.float32]]:
    width = dim + _SCALE.itemsize
    if dim < 1 or len(data) % width:
        msg = f"{len(data)} bytes are no vectors of {dim} numbers"
        raise ValueError(msg)
    rows = len(data) // width
    scales = np.frombuffer(data, dtype=_SCALE, count=rows)
    numbers = np.frombuffer(data, dtype=np.int8, offset=scales.nbytes).reshape(rows, dim)
    return numbers, scales
