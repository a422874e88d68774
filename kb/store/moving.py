"""A collection's vectors copied to another vector store, which then takes the place of the first.

Others may search and write all the while. What they change is carried over until nothing is left;
then the catalog says, in one step, where the collection is now. What was copied before an
interruption is not copied again.
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

# Vectors in one step: what an interruption costs.
_STEP = 1000
_TOLERANCE = 1e-6
# Rounds of carrying over what others change meanwhile.
_MOST_ROUNDS = 100
_ROUND_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What was done. ``resumed`` counts vectors that an earlier, interrupted call had copied.

    ``difference`` is the largest between a number in the one store and in the other: Chroma keeps
    vectors at unit length, which moves the last digit.
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
        store: holds the collection.
        collection: which.
        target: where to; nothing is copied if the collection is there already.
        on_progress: told (vectors there, of how many).

    Raises:
        CollectionGoneError: the collection was deleted meanwhile.
        StoreBusyError: others write faster than vectors are copied; what is copied is kept.
        StoreError: a store failed, or does not give back what it was given.
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
        time.sleep(_ROUND_S)  # what is being stored at this moment will be there
    msg = (
        f"others write to {collection.name} faster than its vectors are copied; what is copied is "
        "kept: run the command again when they are done"
    )
    raise StoreBusyError(msg)


def _begin(store: Store, collection: CollectionInfo, after: str, new: VectorStore) -> None:
    """Note where the collection goes; of an earlier target, nothing is kept."""
    store.tidy()
    with store.change_catalog() as change:
        change.current_collection(collection)
        if (collection.id, after) in change.dropped_collections():
            msg = (
                f"what {after} held of {collection.name} is still to be deleted there: is it "
                "running? Then run the command again"
            )
            raise StoreError(msg)
        change.begin_move(collection.id, after)
    store.tidy()  # what an earlier target holds
    new.create(collection.id, collection.dim)


def _carry_over(
    store: Store,
    collection: CollectionInfo,
    old: VectorStore,
    new: VectorStore,
    on_progress: Callable[[int, int], None] | None,
) -> int:
    """Copy what the new store lacks, delete what it has too much; return how many were copied."""
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
    """Return by how much numbers differ between the stores; None where ids differ by now.

    Raises:
        StoreError: a vector is not what it was.
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
    # Written so that a number that is none counts as different.
    if not largest <= _TOLERANCE:
        msg = (
            f"vectors of {collection.name} came back from the new store other than they were "
            "given; nothing was switched over. Is another program writing there?"
        )
        raise StoreError(msg)
    return largest


def _switched(
    store: Store, collection: CollectionInfo, before: str, after: str, generation: int
) -> bool:
    """Let the catalog say where the collection is, unless something was changed meanwhile."""
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
