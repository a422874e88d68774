"""Compares the query with the vectors of chunks from the catalog, without the index.

An approximate index looks for the nearest of all chunks. If few chunks pass a filter, it visits
hundreds for each passing one. Comparing a thousand of 100,000 chunks took Chroma 54 ms, and takes 1
ms here once their vectors are read.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from kb.catalog.state import State
from kb.embedding.base import Vector, Vectors

Nearest = list[tuple[int, float]]
Ids = npt.NDArray[np.int64]

# Chunks whose vectors are read in one statement.
_PER_READ = 5_000


def read(state: State, collection_id: str, ids: Ids) -> Vectors | None:
    """Return the vectors of chunks, in ascending order of ids; None if some have none yet."""
    parts = list(_parts(state, collection_id, ids))
    if any(rows is None for _, rows in parts):
        return None
    found = [rows for _, rows in parts if rows is not None]
    return np.concatenate(found) if found else np.zeros((0, 0), np.float32)


def nearest(ids: Ids, rows: Vectors, vector: Vector, limit: int) -> Nearest:
    """Return the ``limit`` nearest of chunks as (chunk id, cosine), best first.

    Args:
        ids: ids of the chunks, in ascending order.
        rows: their vectors.
        vector: the query's vector.
        limit: highest number of results.
    """
    if not len(ids) or limit < 1:
        return []
    cosines = rows @ vector
    limit = min(limit, len(cosines))
    best = np.argpartition(-cosines, limit - 1)[:limit]
    # Equal ones in the order of their ids.
    order = best[np.lexsort((ids[best], -cosines[best]))]
    return list(zip(ids[order].tolist(), cosines[order].tolist(), strict=True))


def nearest_of_many(
    state: State, collection_id: str, ids: Ids, vector: Vector, limit: int
) -> Nearest | None:
    """Return the nearest of chunks without keeping their vectors; None if some have none."""
    found: Nearest = []
    for part, rows in _parts(state, collection_id, ids):
        if rows is None:
            return None
        found += nearest(part, rows, vector, limit)
    return sorted(found, key=lambda each: (-each[1], each[0]))[:limit]


def _parts(state: State, collection_id: str, ids: Ids) -> Iterator[tuple[Ids, Vectors | None]]:
    for at in range(0, len(ids), _PER_READ):
        part = ids[at : at + _PER_READ]
        rows = state.own_vectors(collection_id, part.tolist())
        yield part, rows if len(rows) == len(part) else None
