"""A collection being made to take another's place: hidden until it does so, in one step."""

from __future__ import annotations

from kb.embedding.base import EmbedderIdentity
from kb.records import CollectionInfo
from kb.store.store import Store


def begin(store: Store, old: CollectionInfo, identity: EmbedderIdentity) -> CollectionInfo:
    """Return the successor of ``old`` for a model: what was begun before, or an empty one.

    One that was begun for another model is deleted.

    Raises:
        CollectionError: ``old`` was deleted meanwhile.
    """
    with store.catalog.reading() as state:
        state.current_collection(old)
        begun = state.successor_of(old)
        same = begun and state.embedder_of(begun.id).fingerprint == identity.fingerprint
    if begun is not None and same:
        return begun
    if begun is not None:
        drop(store, begun)
    return store.create_successor(old, identity)


def drop(store: Store, successor: CollectionInfo) -> None:
    """Delete a successor that is not wanted after all."""
    with store.change_searchable() as change:
        change.detach_collection(successor.id)
    store.tidy()


def take_over(store: Store, old: CollectionInfo, new: CollectionInfo) -> None:
    """Let a successor be found under the old name, and the old collection be gone, in one step.

    Inside the write lock; the old one's vectors are left to be deleted (:meth:`Store.tidy`).
    """
    with store.change_searchable() as change:
        change.take_place(old, new)
