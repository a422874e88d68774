"""Reads a collection of Chroma's library: vectors by id, and the nearest that pass a filter."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kb.embedding.base import Vector
from kb.vectors.base import VectorFilter, check_width
from kb.vectors.chroma import records as chroma

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection  # noqa: TID251 - the owner's neighbour

UNCOUNTED = 10_000
"""Highest limit passed on unchecked: Chroma returns fewer if there are fewer."""

# The index of a new collection appears a moment after its first vectors; if not, it is damaged.
_MAKING_S = 2.0
_LOOK_S = 0.01

IDS_PER_CALL = 5000
"""Most ids of one get: SQLite takes 32,766 variables, and Chroma binds one for each id."""


def require_width(target: Collection, given: int) -> None:
    """Refuse vectors of another width than those of a collection.

    Raises:
        StoreError: the widths differ.
    """
    # Earlier releases did not record it; Chroma itself refuses another width once it has vectors.
    width = (target.metadata or {}).get(chroma.WIDTH)
    if isinstance(width, int):
        check_width(target.name, width, given)


def vectors(target: Collection, ids: Sequence[int]) -> dict[int, Vector]:
    """Return the existing vectors of ``ids``."""
    result: dict[int, Vector] = {}
    for part in chroma.batches(dict.fromkeys(ids), IDS_PER_CALL):
        found = target.get(ids=[str(item) for item in part], include=["embeddings"])
        rows = np.asarray(found["embeddings"], dtype=np.float32)
        for name, row in zip(found["ids"], rows, strict=True):
            result[int(name)] = row
    return result


def nearest(
    target: Collection, vector: Vector, limit: int, where: VectorFilter | None
) -> list[tuple[int, float]]:
    """Return up to ``limit`` (id, cosine) of vectors that pass, best first."""
    if chroma.passes_nothing(where) or limit <= 0:
        return []
    if where is None:
        return _made(target, vector, _bounded(target, limit))
    if where.chunks is None:
        return _nearest_on_condition(target, vector, min(limit, target.count()), where)
    if len(where.chunks) <= chroma.FEW:
        return chroma.compared(vectors(target, where.chunks), vector, limit)
    return _nearest_of(target, vector, limit, where.chunks)


def _made(target: Collection, vector: Vector, limit: int) -> list[tuple[int, float]]:
    """Query the index; retry while another thread writes a collection's first vectors."""
    until = time.monotonic() + _MAKING_S
    while True:
        try:
            return _asked(target, vector, limit)
        except Exception as error:
            if not chroma.is_being_made(str(error)) or time.monotonic() > until:
                raise
        time.sleep(_LOOK_S)


def _bounded(target: Collection, limit: int) -> int:
    """Return the limit for a query; counting takes as long as a query, so small limits pass."""
    return limit if limit <= UNCOUNTED else min(limit, target.count())


def _nearest_on_condition(
    target: Collection, vector: Vector, limit: int, where: VectorFilter
) -> list[tuple[int, float]]:
    found = _asked(target, vector, limit, where=where)
    if len(found) == limit:
        return found
    # No more may pass, or the index has missed some.
    passing = target.get(where=chroma.condition(where), include=[])["ids"]
    if len(passing) == len(found):
        return found
    return chroma.compared(vectors(target, [int(name) for name in passing]), vector, limit)


def _nearest_of(
    target: Collection, vector: Vector, limit: int, chunks: Sequence[int]
) -> list[tuple[int, float]]:
    ids = [str(item) for item in dict.fromkeys(chunks)]
    try:
        found = _asked(target, vector, min(limit, len(ids)), ids=ids)
    except Exception as error:
        if not chroma.names_unknown_id(str(error)):
            raise
        ids = _there(target, ids)
        found = _asked(target, vector, min(limit, len(ids)), ids=ids)
    if len(found) == min(limit, len(ids)):
        return found
    return chroma.compared(vectors(target, [int(name) for name in ids]), vector, limit)


def _there(target: Collection, ids: Sequence[str]) -> list[str]:
    found: list[str] = []
    for part in chroma.batches(ids, IDS_PER_CALL):
        found += target.get(ids=part, include=[])["ids"]
    return found


def _asked(
    target: Collection,
    vector: Vector,
    limit: int,
    *,
    where: VectorFilter | None = None,
    ids: list[str] | None = None,
) -> list[tuple[int, float]]:
    """Query the index."""
    if limit <= 0:
        return []
    found = target.query(
        query_embeddings=vector[np.newaxis, :],
        n_results=limit,
        ids=ids,
        where=chroma.condition(where),
        include=["distances"],
    )
    return chroma.hits(found["ids"][0], (found["distances"] or [[]])[0])
