"""Search by meaning: the chunks whose vectors are nearest to the query's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kb.embedding.base import Vector
from kb.records import CollectionInfo
from kb.store import documents
from kb.store.store import Store

# Invisible vectors (a version being written or deleted) may be among the nearest: ask for more.
OVERFETCH = 16
# Below this many allowed chunks, comparing them all is faster than asking the index for ever
# more until enough of its answers are allowed, and exact.
EXACT_SCAN_MAX = 4000


def nearest(
    store: Store,
    collection: CollectionInfo,
    vector: Vector,
    top_k: int,
    allowed: Sequence[int] | None = None,
) -> list[tuple[int, float]]:
    """Return up to ``top_k`` visible (chunk id, cosine), best first.

    ``allowed`` restricts the answer to those chunks; there are never fewer than ``top_k`` hits
    while that many are allowed.
    """
    if allowed is not None and len(allowed) <= EXACT_SCAN_MAX:
        return _exact(store, collection, vector, top_k, allowed)
    permitted = None if allowed is None else set(allowed)
    share = 1.0 if permitted is None else len(permitted) / max(1, collection.chunks)
    limit = int(top_k / max(share, 1e-6) * 1.5) + OVERFETCH
    while True:
        found = store.query(collection.id, vector, limit)
        visible = _visible(store, collection, [chunk_id for chunk_id, _ in found])
        if permitted is not None:
            visible &= permitted
        hits = [(chunk_id, score) for chunk_id, score in found if chunk_id in visible]
        if len(hits) >= top_k or len(found) < limit:
            return hits[:top_k]
        limit *= 4


def _exact(
    store: Store,
    collection: CollectionInfo,
    vector: Vector,
    top_k: int,
    allowed: Sequence[int],
) -> list[tuple[int, float]]:
    vectors = store.stored_vectors(collection.id, allowed)
    if not vectors:
        return []
    ids = list(vectors)
    scores = np.stack([vectors[chunk_id] for chunk_id in ids]) @ vector
    best = np.argsort(-scores, kind="stable")[:top_k]
    return [(ids[row], float(scores[row])) for row in best]


def _visible(store: Store, collection: CollectionInfo, ids: Sequence[int]) -> set[int]:
    with store.database.read() as db:
        return {row["id"] for row in documents.chunk_rows(db, collection.id, ids)}
