"""Moves a collection's vectors: copies them to another vector store, which replaces the first.

Others may search and write meanwhile. Their changes are carried over until none is left; then the
catalog changes the collection's place in one step. After an interruption, copied vectors are not
copied again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kb.errors import StoreBusyError, StoreError
from kb.records import CollectionInfo
from kb.store import vector_records
from kb.store.store import Store
from kb.vectors.address import Address
from kb.vectors.base import VectorStore

# Vectors of one step: an interruption costs so many.
_STEP = 1000
_TOLERANCE = 1e-6
# Rounds of carrying over the changes of others.
_MOST_ROUNDS = 100
_ROUND_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """Result of the work. ``resumed`` counts vectors copied by an earlier, interrupted call.

    ``difference`` is the largest difference of a number between the two stores: Chroma rescales
    vectors to unit length, which changes the last digit.
    """

    collection: str
    before: str
    after: str
    vectors: int
    copied: int
    resumed: int
    difference: float


def migrate(
    store: Store,
    collection: CollectionInfo,
    target: Address,
    on_progress: Callable[[int, int], None] | None = None,
) -> Migration:
    """Move a collection's vectors to the vector store at an address.

    Args:
        store: the store of the collection.
        collection: the collection.
        target: the new address; nothing is copied if the collection is there already.
        on_progress: called with the number of vectors in the new store and the total.

    Raises:
        CollectionGoneError: the collection was deleted meanwhile.
        StoreBusyError: others write faster than vectors are copied. Copied vectors are kept.
        StoreError: a store failed, or returns other vectors than it was given.
    """
    store.require_writable()
    before, after = store.vectors.place_of(collection.id), target.text
    old, new = store.vectors.at(before), store.vectors.at(after)
    if before != after:
        _begin(store, collection, after, new)
    resumed, copied = (0 if before == after else new.count(collection.id)), 0
    for _ in range(_MOST_ROUNDS):
        generation = store.generation()
        ids = old.ids(collection.id)
        if before != after:
            copied += _carry_over(store, collection, old, new, on_progress)
        difference = _compared(collection, old, new, sorted(ids))
        if difference is not None and _switched(store, collection, before, after, generation):
            store.tidy()
            return Migration(
                collection=collection.name,
                before=before,
                after=after,
                vectors=len(ids),
                copied=copied,
                resumed=resumed,
                difference=difference,
            )
        time.sleep(_ROUND_S)  # documents being stored now will be there
    msg = (
        f"others write to {collection.name} faster than its vectors are copied; copied vectors are "
        "kept: run the command again when they are done"
    )
    raise StoreBusyError(msg)


def _begin(store: Store, collection: CollectionInfo, after: str, new: VectorStore) -> None:
    """Record the target of a collection; forget an earlier target."""
    store.tidy()
    with store.change_catalog() as change:
        change.current_collection(collection)
        if (collection.id, after) in change.dropped_collections():
            msg = (
                f"{after} still has old vectors of {collection.name} to delete: is it running? "
                "Then run the command again"
            )
            raise StoreError(msg)
        change.begin_move(collection.id, after)
    store.tidy()  # vectors in an earlier target
    new.create(collection.id, collection.dim)


def _carry_over(
    store: Store,
    collection: CollectionInfo,
    old: VectorStore,
    new: VectorStore,
    on_progress: Callable[[int, int], None] | None,
) -> int:
    """Copy the missing vectors to the new store, delete superfluous ones; return the copies."""
    wanted, there = old.ids(collection.id), new.ids(collection.id)
    if gone := there - wanted:
        new.delete(collection.id, sorted(gone))
    missing = sorted(wanted - there)
    copied = 0
    for at in range(0, len(missing), _STEP):
        if on_progress is not None:
            on_progress(len(wanted) - len(missing) + at, len(wanted))
        copied += _copy(store, collection, old, new, missing[at : at + _STEP])
    if on_progress is not None:
        on_progress(len(wanted), len(wanted))
    return copied


def _copy(
    store: Store,
    collection: CollectionInfo,
    old: VectorStore,
    new: VectorStore,
    ids: Sequence[int],
) -> int:
    with store.catalog.reading() as state:
        described = vector_records.of_stored(state, collection.id, ids)
    vectors = old.vectors(collection.id, ids)
    records = [record for record, _ in described if record.id in vectors]
    if records:
        rows = np.stack([vectors[record.id] for record in records])
        new.upsert(collection.id, records, rows)
    return len(records)


def _compared(
    collection: CollectionInfo, old: VectorStore, new: VectorStore, ids: Sequence[int]
) -> float | None:
    """Return the largest difference between the stores; None if their ids differ now.

    Raises:
        StoreError: a vector has changed.
    """
    if old.ids(collection.id) != set(ids) or new.ids(collection.id) != set(ids):
        return None
    largest = 0.0
    for at in range(0, len(ids), _STEP):
        part = ids[at : at + _STEP]
        first, second = old.vectors(collection.id, part), new.vectors(collection.id, part)
        if set(first) != set(part) or set(second) != set(part):
            return None
        rows = [np.stack([found[chunk_id] for chunk_id in part]) for found in (first, second)]
        largest = max(largest, float(np.abs(rows[0] - rows[1]).max()))
    # Written so that not-a-number counts as different.
    if not largest <= _TOLERANCE:
        msg = (
            f"the new store returns other vectors of {collection.name} than it was given; the "
            "collection stays where it is. Is another program writing there?"
        )
        raise StoreError(msg)
    return largest


def _switched(
    store: Store, collection: CollectionInfo, before: str, after: str, generation: int
) -> bool:
    """Change the collection's place in the catalog, unless something was changed meanwhile."""
    if before == after:
        return True
    with store.alone(), store.catalog.change() as change:
        change.current_collection(collection)
        unchanged = change.generation() == generation and change.moving_to(collection.id) == after
        if unchanged and change.vector_place(collection.id) == before:
            change.end_move(collection.id)
            change.count_generation()
            return True
    return False
