"""Does what a change of the catalog leaves to be done in the vector store.

It deletes the vectors of what no search may see, old versions and what interrupted changes left
behind, and keeps what is stored beside vectors, the name of the file that gives a document, in
step with the catalog. All of it runs inside the write lock, and can be interrupted and done again.
"""

from __future__ import annotations

from kb.catalog.catalog import Catalog
from kb.store import vector_records
from kb.store.chroma import ChromaStore
from kb.store.freshness import Freshness

CHUNKS_PER_STEP = 1000
"""Chunks deleted or described in one hold of the lock: a second for Chroma."""


def sweep(catalog: Catalog, vectors: ChromaStore, freshness: Freshness, *, pending: bool) -> int:
    """Do a part of the cleaning: delete up to :data:`CHUNKS_PER_STEP` chunks that are not visible.

    Call again until it returns 0: others may write between the steps. Without ``pending``, those
    documents are left alone that somebody may be storing at this moment.

    Returns:
        How many documents and chunks were deleted.
    """
    with catalog.reading() as state:
        left = state.hidden_chunks(pending=pending, at_most=CHUNKS_PER_STEP)
    if not left:
        return 0
    freshness.refresh_if_stale()
    for collection_id in dict.fromkeys(each.collection_id for each in left):
        mine = [each.chunk_id for each in left if each.collection_id == collection_id]
        if ids := [each for each in mine if each is not None]:
            vectors.delete(collection_id, ids)
    with freshness.changing() as change:
        return change.delete_hidden(left)


def describe(catalog: Catalog, vectors: ChromaStore, freshness: Freshness) -> int:
    """Describe some chunks anew; return how many rows are behind.

    Call again until it returns 0: others may write between the steps.
    """
    with catalog.reading() as state:
        stale = state.stale_chunks(at_most=CHUNKS_PER_STEP)
        if not stale and not state.has_stale_descriptions():
            return 0
        by_collection: dict[str, list[int]] = {}
        for chunk in stale:
            by_collection.setdefault(chunk.collection_id, []).append(chunk.chunk_id)
        described = {
            collection_id: vector_records.of_stored(state, collection_id, ids)
            for collection_id, ids in by_collection.items()
        }
    freshness.refresh_if_stale()
    for collection_id, found in described.items():
        vectors.describe(collection_id, [record for record, _ in found])
    reached = {chunk.document_id: chunk.ordinal + 1 for chunk in stale}
    with freshness.changing() as change:
        return len(stale) + change.note_described(reached)


def finish_dropped(catalog: Catalog, vectors: ChromaStore) -> None:
    """Delete the vectors of collections that are gone from the catalog."""
    with catalog.reading() as state:
        dropped = state.dropped_collections()
    for collection_id in dropped:
        vectors.drop(collection_id)
        with catalog.change() as change:
            change.forget_dropped(collection_id)
