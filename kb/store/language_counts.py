"""Counts the vectors of documents that are missing in the sums of languages.

Storing a document counts it. This module counts the documents of older releases, a few at a time,
during compaction or searches.
"""

from __future__ import annotations

import threading

import numpy as np

from kb.store.store import Store

_DOCUMENTS_PER_STEP = 50


def count_missing(store: Store, collection_id: str, stop: threading.Event | None = None) -> int:
    """Count the missing documents of a collection; return their number.

    Args:
        store: the store of the collection.
        collection_id: id of the collection; nothing happens if it is gone.
        stop: set it to end early; finished documents are kept.

    Raises:
        StoreError: a store failed, or the folder is read-only.
    """
    store.require_writable()
    with store.catalog.reading() as state:
        if state.is_counted(collection_id):
            return 0
    counted = reached = 0
    while stop is None or not stop.is_set():
        with store.catalog.reading() as state:
            wanted = state.uncounted_documents(
                collection_id, above=reached, at_most=_DOCUMENTS_PER_STEP
            )
        if not wanted:
            break
        reached = wanted[-1]
        counted += sum(_count(store, collection_id, each) for each in wanted)
    return counted


def _count(store: Store, collection_id: str, document_id: int) -> bool:
    with store.catalog.reading() as state:
        languages = state.chunk_languages(document_id)
    vectors = store.stored_vectors(collection_id, list(languages))
    if len(vectors) < len(languages):  # removed meanwhile, or a case for `kb doctor --repair`
        return False
    with store.change_catalog() as change:
        if not change.is_uncounted(document_id):
            return False
        change.count_document(
            collection_id,
            document_id,
            [languages[chunk_id] for chunk_id in vectors],
            np.stack(list(vectors.values())),
        )
    return True
