"""Chroma's input and output: ids as text, metadata, conditions, distances."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from kb.embedding.base import Vector
from kb.vectors.base import VectorFilter, VectorRecord

# Chroma's own settings (100, 100, 16) find 95.5 % of the ten nearest among 10,000 vectors, these
# 99.7 %. Filling takes a third longer and still less than embedding (tests/benchmarks/search.py).
INDEX: dict[str, Any] = {
    "space": "cosine",
    "ef_search": 200,
    "ef_construction": 200,
    "max_neighbors": 32,
}

MOST_CHUNKS = 10_000
"""Most chunk ids in one query: 7 ms for 2,000 of 20,000 vectors, 17 ms for 10,000."""

FEW = 300
"""Up to this number, fetching and comparing single vectors is faster than the index."""

WIDTH = "dim"
"""Metadata key of the width of a collection's vectors."""

_DOCUMENT, _LANGUAGE = "document_id", "language"

_T = TypeVar("_T")


def metadata(record: VectorRecord) -> dict[str, Any]:
    """Return Chroma's metadata for a vector."""
    return {**record.metadata, _DOCUMENT: record.document_id, _LANGUAGE: record.language}


def condition(where: VectorFilter | None) -> dict[str, Any] | None:
    """Return Chroma's condition for documents or a language; None for other filters."""
    if where is None or where.chunks is not None:
        return None
    if where.language is not None:
        return {_LANGUAGE: where.language}
    return {_DOCUMENT: {"$in": list(where.documents or ())}}


def passes_nothing(where: VectorFilter | None) -> bool:
    """Return whether a filter names no document or chunk at all, which Chroma refuses."""
    return where is not None and () in {where.documents, where.chunks}


def is_being_made(error: str) -> bool:
    """Return whether a collection's first vectors are being written, by Chroma 1.5.9's error."""
    return "nothing found on disk" in error.casefold()


def names_unknown_id(said: str) -> bool:
    """Return whether Chroma refused a query because one of its ids does not exist."""
    return "finding id" in said


def hits(ids: Sequence[str], distances: Sequence[float]) -> list[tuple[int, float]]:
    """Return (id, cosine) of an answer."""
    return [
        (int(name), 1.0 - float(distance)) for name, distance in zip(ids, distances, strict=True)
    ]


def compared(vectors: dict[int, Vector], vector: Vector, limit: int) -> list[tuple[int, float]]:
    """Return (id, cosine) of the ``limit`` nearest vectors, each compared."""
    if not vectors:
        return []
    found = list(vectors)
    scores = np.stack([vectors[chunk_id] for chunk_id in found]) @ vector
    order = np.argsort(-scores, kind="stable")[:limit]
    return [(found[row], float(scores[row])) for row in order]


def batches(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Divide values into lists of at most ``size``."""
    items = iter(values)
    while part := list(itertools.islice(items, size)):
        yield part
