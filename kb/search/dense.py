"""Search by meaning: the chunks whose vectors are nearest to the query's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kb.embedding.base import Vector
from kb.records import CollectionInfo
from kb.search.restriction import Restriction
from kb.store.store import Store

# Invisible vectors (a version being written or deleted) may be among the nearest: ask for more.
OVERFETCH = 16
# Asking the index for more than this costs more than comparing every allowed vector.
INDEX_LIMIT_MAX = 8000


def nearest(
    store: Store,
    collection: CollectionInfo,
    vector: Vector,
    limit: int,
    restriction: Restriction,
) -> list[tuple[int, float]]:
    """Return up to ``limit`` (chunk id, cosine) of visible chunks that pass, best first.

    Never fewer than ``limit`` while that many pass.
    """
    if restriction.few is not None:
        return exact(store, collection, vector, restriction.few)[:limit]
    # Most filters pass a half or less: asking the index once for more is cheaper than twice.
    asked = (limit if restriction.is_empty else 3 * limit) + OVERFETCH
    while True:
        found = store.query(collection.id, vector, asked)
        passing = restriction.passing([chunk_id for chunk_id, _ in found])
        hits = [(chunk_id, score) for chunk_id, score in found if chunk_id in passing]
        if len(hits) >= limit or len(found) < asked:
            return hits[:limit]
        if asked >= INDEX_LIMIT_MAX:
            return exact(store, collection, vector, restriction.every())[:limit]
        # Aim at what the share of passing answers so far promises, with room to spare.
        share = max(len(hits), 1) / len(found)
        asked = min(INDEX_LIMIT_MAX, max(2 * asked, int(1.5 * limit / share)))


def exact(
    store: Store, collection: CollectionInfo, vector: Vector, ids: Sequence[int]
) -> list[tuple[int, float]]:
    """Return (chunk id, cosine) of all of ``ids`` that have a vector, best first."""
    vectors = store.stored_vectors(collection.id, ids)
    if not vectors:
        return []
    found = list(vectors)
    scores = np.stack([vectors[chunk_id] for chunk_id in found]) @ vector
    order = np.argsort(-scores, kind="stable")
    return [(found[row], float(scores[row])) for row in order]
