"""A collection that will replace another one: hidden until it does, in one step."""

from __future__ import annotations

from kb.embedding.base import EmbedderIdentity
from kb.records import CollectionInfo
from kb.store.store import Store


def begin(store: Store, old: CollectionInfo, identity: EmbedderIdentity) -> CollectionInfo:
    """Return the successor of ``old`` for a model: an existing incomplete one, or an empty one.

    An incomplete one for another model is deleted.

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
    """Delete a successor that is not needed after all."""
    with store.change_searchable() as change:
        change.detach_collection(successor.id)
    store.tidy()


def take_over(store: Store, old: CollectionInfo, new: CollectionInfo) -> None:
    """Give a successor the old name and delete the old collection, in one step.

    Call it inside the write lock. :meth:`Store.tidy` deletes the old vectors later.
    """
    with store.change_searchable() as change:
        change.take_place(old, new)
