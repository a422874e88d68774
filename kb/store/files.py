"""Records what became of files, each in one change of the catalog; then removes the leftovers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from kb.records import CollectionInfo, FileState, Source
from kb.store.changing import Changing

# Sources forgotten in one hold of the lock: a tenth of a second.
_SOURCES_PER_STEP = 100


class FileSteps(Changing):
    """The part of a store for files, and for the documents that they show."""

    def attach(self, collection_id: str, file: FileState) -> None:
        """Record a source's state; remove its old document unless another source has it.

        Raises:
            ChangedMeanwhileError: the document that it should show was removed meanwhile.
        """
        with self.change_catalog() as change:
            change.attach_source(collection_id, file)
        self.tidy()

    def change_source(
        self, collection: CollectionInfo, before: FileState | None, after: FileState
    ) -> None:
        """Record a source's new state, if its old one is still the one of the decision.

        Raises:
            ChangedMeanwhileError: the old state has changed, or the document that it should show
                was removed.
            CollectionGoneError: the collection was deleted meanwhile.
        """
        with self.change_catalog() as change:
            change.current_collection(collection)
            change.require_file(collection.id, after.source, before)
            change.attach_source(collection.id, after)
        self.tidy()

    def fail_source(self, collection: CollectionInfo, file: FileState) -> int | None:
        """Record that a file could not be read; its source still shows its old document.

        Returns:
            The document shown, if any.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
        """
        with self.change_catalog() as change:
            change.current_collection(collection)
            return change.record_failure(collection.id, file)

    def move_source(self, collection: CollectionInfo, before: FileState, new: FileState) -> None:
        """Move a source to another place, without touching its document.

        Raises:
            ChangedMeanwhileError: the source has changed since the decision, or another source has
                the place.
            CollectionGoneError: the collection was deleted meanwhile.
        """
        with self.change_catalog() as change:
            change.current_collection(collection)
            change.require_file(collection.id, before.source, before)
            change.require_file(collection.id, new.source, None)
            change.move_source(collection.id, before.source, new)
        self.tidy()

    def remove_sources(self, collection_id: str, gone: Iterable[Source]) -> int:
        """Forget sources; return the number of documents deleted with them.

        It forgets a few at a time, each time in one step, so that others may write in between.
        """
        removed = 0
        left = iter(gone)
        while part := list(itertools.islice(left, _SOURCES_PER_STEP)):
            with self.change_catalog() as change:
                removed += sum(change.forget_source(collection_id, source) for source in part)
            self.tidy()
            self._give_turn()
        return removed

    def remove_document(self, document_id: int, *, collection_id: str | None = None) -> None:
        """Remove a document and all its sources.

        Raises:
            DocumentNotFoundError: the document does not exist, or is not in the given collection.
        """
        with self.change_catalog() as change:
            change.remove_document(document_id, collection_id=collection_id)
        self.tidy()

    def tag_documents(
        self,
        document_ids: Sequence[int],
        *,
        add: Sequence[str],
        remove: Sequence[str],
        collection_id: str | None = None,
    ) -> None:
        """Add tags to documents and remove others, in one step.

        Raises:
            DocumentNotFoundError: an id is not a whole number.
        """
        with self.change_catalog() as change:
            change.tag_documents(document_ids, add=add, remove=remove, collection_id=collection_id)
