"""A collection being made to take another's place: hidden until it does so, in one step."""

from __future__ import annotations

from kb.embedding.base import EmbedderIdentity
from kb.records import CollectionInfo
from kb.store import cleanup
from kb.store.store import Store


def begin(store: Store, old: CollectionInfo, identity: EmbedderIdentity) -> CollectionInfo:
    """Return the successor of ``old`` for a model: what was begun before, or an empty one.

    One that was begun for another model is deleted.

    Raises:
        CollectionError: ``old`` was deleted meanwhile.
    """
    with store.writing():
        with store.catalog.reading() as state:
            state.current_collection(old)
            begun = state.successor_of(old)
            same = begun and state.embedder_of(begun.id).fingerprint == identity.fingerprint
        if begun is not None and same:
            return begun
        if begun is not None:
            drop(store, begun)
        with store.catalog.change() as change:
            new = change.create_successor(old, identity)
            store.vectors.create(new.id)
        return new


def drop(store: Store, successor: CollectionInfo) -> None:
    """Delete a successor that is not wanted after all."""
    with store.writing():
        with store.changing() as change:
            change.detach_collection(successor.id)
        cleanup.finish_dropped(store.catalog, store.vectors)


def take_over(store: Store, old: CollectionInfo, new: CollectionInfo) -> None:
    """Let a successor be found under the old name, and the old collection be gone, in one step.

    Inside the write lock.
    """
    with store.changing() as change:
        change.take_place(old, new)
    cleanup.finish_dropped(store.catalog, store.vectors)
