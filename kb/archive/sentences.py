"""Vectors of a document's sentences as one member of an archive.

For each chunk, in order, it has the number of sentences (-1 if their vectors are unknown), their
spans, and the packed vectors of the chunk and the sentences (:mod:`kb.sentences.packed`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from kb.catalog.sentences import StoredSentences
from kb.embedding.base import Vectors
from kb.records import Chunk
from kb.sentences.packed import chunk_sentences
from kb.sentences.windows import CONTEXT

_COUNT = struct.Struct("<i")
_UNKNOWN = -1
_SPAN_BYTES = 8
_SCALE_BYTES = 4
_UNIT_TOLERANCE = 1e-3
# Rounding to one byte a number changes a direction by less than this.
_LEAST_COSINE = 0.98


def sentences_bytes(stored: Mapping[int, StoredSentences], chunks: int) -> bytes:
    """Return the stored data of a document's chunks, by ordinal; empty if there is none."""
    if not stored:
        return b""
    parts = []
    for ordinal in range(chunks):
        row = stored.get(ordinal)
        if row is None:
            parts.append(_COUNT.pack(_UNKNOWN))
        else:
            parts += [_COUNT.pack(len(row.spans) // _SPAN_BYTES), row.spans, row.vectors]
    return b"".join(parts)


def sentences_from(
    data: bytes, chunks: Sequence[Chunk], keys: Sequence[bytes], vectors: Vectors
) -> list[StoredSentences | None]:
    """Parse the result of :func:`sentences_bytes`, chunk by chunk.

    Raises:
        ValueError: the data are invalid.
    """
    found = list(_rows(data, chunks, keys, vectors))
    used = sum(
        _COUNT.size + (len(row.spans) + len(row.vectors) if row is not None else 0) for row in found
    )
    _require(used == len(data), "vectors of sentences belong to no chunk")
    return found


def _rows(
    data: bytes, chunks: Sequence[Chunk], keys: Sequence[bytes], vectors: Vectors
) -> Iterator[StoredSentences | None]:
    at, width = 0, vectors.shape[1] + _SCALE_BYTES
    for chunk, key, own in zip(chunks, keys, vectors, strict=True):
        _require(at + _COUNT.size <= len(data), "vectors of sentences are cut short")
        (count,) = _COUNT.unpack_from(data, at)
        at += _COUNT.size
        if count == _UNKNOWN:
            yield None
            continue
        _require(0 <= count <= 1 + len(chunk.text), "a chunk has more sentences than characters")
        middle = at + count * _SPAN_BYTES
        end = middle + (1 + count) * width
        _require(end <= len(data), "vectors of sentences are cut short")
        row = StoredSentences(
            key=key, characters=len(chunk.text), spans=data[at:middle], vectors=data[middle:end]
        )
        _check(row, own)
        at = end
        yield row


def _check(row: StoredSentences, vector: Vectors) -> None:
    found = chunk_sentences(row.spans, row.vectors)
    spans = found.spans
    inside = spans.size == 0 or (spans[0, 0] >= 0 and spans[-1, 1] <= row.characters)
    _require(bool(inside), "its sentences do not fit its chunks")
    inner = spans[1:] if spans[:1].tolist() == [list(CONTEXT)] else spans
    _require(bool((inner[:, 0] < inner[:, 1]).all()), "a sentence is empty")
    _require(bool((spans[1:, 0] >= spans[:-1, 1]).all()), "its sentences overlap")
    # Written so that not-a-number counts as damaged.
    real = bool(((found.scales > 0) & (found.scales <= 1)).all())
    _require(real, "its sentences' vectors are damaged")
    lengths = np.linalg.norm(found.numbers * found.scales[:, None], axis=1)
    unit = bool((np.abs(lengths - 1) < _UNIT_TOLERANCE).all())
    _require(
        unit and bool(found.own @ vector > _LEAST_COSINE), "its sentences' vectors are damaged"
    )


def _require(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like an assertion
    if not condition:
        raise ValueError(otherwise)
