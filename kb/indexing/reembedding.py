"""Another model for a collection: cuts and embeds its documents again from the stored text.

A second collection grows beside the first, which stays searchable and writable. All changes are
carried over; then the second replaces the first in a single step. After an interruption the work
continues where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from kb.errors import StoreBusyError
from kb.indexing.steps import Indexing
from kb.prepared import EmbeddedDocument
from kb.records import CollectionInfo, FileState, Source
from kb.store import successors
from kb.store.store import Store

# Rounds beside writers before it gives up, for vectors on a server.
_MOST_ROUNDS = 200
# Rounds of carrying over changes before the last one holds the write lock.
_ROUNDS_BESIDE_WRITERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reembedding:
    """Result of the work. ``resumed`` counts documents from an earlier, interrupted call."""

    collection: str
    model_id: str
    documents: int
    chunks: int
    embedded: int
    resumed: int


@dataclass(frozen=True, slots=True)
class _Difference:
    """Documents that the new collection lacks (with their files), and those it must lose."""

    documents: list[tuple[int, list[FileState]]]
    states: list[FileState]
    gone: list[Source]

    @property
    def is_empty(self) -> bool:
        return not (self.documents or self.states or self.gone)


def reembed(
    store: Store,
    indexing: Indexing,
    old: CollectionInfo,
    on_progress: Callable[[int, int], None] | None = None,
) -> Reembedding:
    """Compute the vectors of a collection anew with the model in use.

    Args:
        store: the store of the collection.
        indexing: cuts and embeds with the model in use.
        old: the collection; nothing happens if it belongs to that model already.
        on_progress: called with the number of finished documents, including those of earlier calls,
            and the total.

    Raises:
        CollectionError: the collection was deleted meanwhile.
        EmbeddingError: the model failed. Finished documents are kept.
        StoreError: the disk failed, a document's text is gone, or the folder is read-only.
    """
    store.require_writable()
    identity = indexing.identity
    with store.catalog.reading() as state:
        if state.embedder_of(old.id).fingerprint == identity.fingerprint:
            return _result(old, identity.model_id, embedded=0, resumed=0)
    new = successors.begin(store, old, identity)
    resumed, embedded, rounds = _count(store, new), 0, 0
    remote = store.vectors.are_remote(new.id)  # no network requests inside the lock
    while True:
        # The last round finds nothing, and nobody can change anything before the switch. If writers
        # are faster than the model, a round under the write lock is the last that finds something.
        by_itself = rounds >= _ROUNDS_BESIDE_WRITERS and not remote
        if rounds >= _MOST_ROUNDS:
            msg = (
                f"others write to {old.name} faster than the model embeds; finished documents are "
                "kept: run the command again when the others are done"
            )
            raise StoreBusyError(msg)
        with store.alone() if by_itself else store.writing():
            difference = _difference(store, indexing, old, new)
            if difference.is_empty:
                successors.take_over(store, old, new)
                break
            rounds += 1
            if by_itself:
                embedded += _carry_over(store, indexing, old, new, difference, on_progress)
                continue
        embedded += _carry_over(store, indexing, old, new, difference, on_progress)
    store.tidy()
    with store.catalog.reading() as state:
        return _result(
            state.collection(old.name), identity.model_id, embedded=embedded, resumed=resumed
        )


def _difference(
    store: Store, indexing: Indexing, old: CollectionInfo, new: CollectionInfo
) -> _Difference:
    with store.catalog.reading() as state:
        state.current_collection(old)
        wanted = [_translated(indexing, file) for file in state.file_states(old.id)]
        there = {file.source: file for file in state.file_states(new.id)}
    by_document: dict[int, list[FileState]] = {}
    states = []
    for file in wanted:
        done = there.get(file.source)
        if done is not None and _same(file, done):
            continue
        if file.document_id is None:
            states.append(file)
        else:
            by_document.setdefault(file.document_id, []).append(file)
    named = {file.source for file in wanted}
    return _Difference(
        documents=list(by_document.items()),
        states=states,
        gone=[source for source in there if source not in named],
    )


def _carry_over(  # noqa: PLR0917 - one call, above
    store: Store,
    indexing: Indexing,
    old: CollectionInfo,
    new: CollectionInfo,
    difference: _Difference,
    on_progress: Callable[[int, int], None] | None,
) -> int:
    embedded = 0
    store.remove_sources(new.id, difference.gone)
    for state in difference.states:
        store.attach(new.id, state)
    done = _count(store, new)
    total = done + len(difference.documents)
    for document_id, files in difference.documents:
        if on_progress is not None:
            on_progress(done, total)
        embedded += _carry_document(store, indexing, new, document_id, files)
        done += 1
    if on_progress is not None:
        on_progress(done, max(total, old.documents))
    return embedded


def _carry_document(
    store: Store,
    indexing: Indexing,
    new: CollectionInfo,
    document_id: int,
    files: list[FileState],
) -> int:
    with store.catalog.reading() as state:
        body = state.document_content(document_id)
        origin = state.origin_of(document_id)
    if body is None or origin is None:  # removed meanwhile; the next round will notice
        return 0
    first, *others = files
    made = indexing.split(
        body,
        content_hash=origin.content_hash,
        settings_hash=indexing.translated(origin.settings_hash),
        size=origin.size,
    )
    prepared = indexing.look_up(made, new)
    item = EmbeddedDocument(prepared=prepared, vectors=indexing.embed(prepared), file=first)
    (result,) = store.commit_all(new, [item])
    with store.change_catalog() as change:
        change.date_document(result.document_id, origin.added_at)
    for other in others:
        store.attach(new.id, replace(other, document_id=result.document_id))
    return result.embedded


def _translated(indexing: Indexing, state: FileState) -> FileState:
    return replace(state, settings_hash=indexing.translated(state.settings_hash))


def _same(wanted: FileState, done: FileState) -> bool:
    """Compare all but the documents' numbers, which differ between the collections."""
    if (wanted.document_id is None) != (done.document_id is None):
        return False
    return replace(wanted, document_id=None) == replace(done, document_id=None)


def _count(store: Store, collection: CollectionInfo) -> int:
    with store.catalog.reading() as state:
        return state.document_count(collection.id)


def _result(
    collection: CollectionInfo, model_id: str, *, embedded: int, resumed: int
) -> Reembedding:
    return Reembedding(
        collection=collection.name,
        model_id=model_id,
        documents=collection.documents,
        chunks=collection.chunks,
        embedded=embedded,
        resumed=resumed,
    )
