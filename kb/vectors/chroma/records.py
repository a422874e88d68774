"""What Chroma is given and gives: ids as text, metadata, conditions, distances."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from kb.embedding.base import Vector
from kb.vectors.base import VectorFilter, VectorRecord

# Chroma's own settings (100, 100, 16) find 95.5 % of the ten nearest among 10,000 vectors, these
# 99.7 %; filling takes a third longer and still less than embedding (tests/benchmarks/search.py).
INDEX: dict[str, Any] = {
    "space": "cosine",
    "ef_search": 200,
    "ef_construction": 200,
    "max_neighbors": 32,
}

MOST_CHUNKS = 10_000
"""Chunk ids in one query: 7 ms for 2,000 of 20,000 vectors, 17 ms for 10,000."""

FEW = 300
"""Up to so many vectors are fetched and compared one by one, which is quicker than the index."""

WIDTH = "dim"
"""The collection's metadata that says how many numbers its vectors have."""

_DOCUMENT, _LANGUAGE = "document_id", "language"

_T = TypeVar("_T")


def metadata(record: VectorRecord) -> dict[str, Any]:
    """Return what Chroma keeps beside a vector."""
    return {**record.metadata, _DOCUMENT: record.document_id, _LANGUAGE: record.language}


def condition(where: VectorFilter | None) -> dict[str, Any] | None:
    """Return Chroma's condition for documents or a language; None for others."""
    if where is None or where.chunks is not None:
        return None
    if where.language is not None:
        return {_LANGUAGE: where.language}
    return {_DOCUMENT: {"$in": list(where.documents or ())}}


def passes_nothing(where: VectorFilter | None) -> bool:
    """Say whether a filter names no document or no chunk at all, which Chroma refuses."""
    return where is not None and () in {where.documents, where.chunks}


def is_being_made(error: str) -> bool:
    """Say whether the first vectors of a collection are being written: Chroma 1.5.9 says so."""
    return "nothing found on disk" in error.casefold()


def names_unknown_id(said: str) -> bool:
    """Say whether Chroma refused a query because one of the ids it names is not there."""
    return "finding id" in said


def hits(ids: Sequence[str], distances: Sequence[float]) -> list[tuple[int, float]]:
    """Return (id, cosine) of an answer."""
    return [
        (int(name), 1.0 - float(distance)) for name, distance in zip(ids, distances, strict=True)
    ]


def compared(vectors: dict[int, Vector], vector: Vector, limit: int) -> list[tuple[int, float]]:
    """Return (id, cosine) of the ``limit`` nearest, each compared."""
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
