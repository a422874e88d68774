"""The state of ingested files, and the document that each file gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from kb.catalog.numbers import document_number
from kb.catalog.state import State
from kb.records import CollectionInfo, CollectionRef, FailedFile, FileState, Source
from kb.settings import Settings
from kb.store.store import Store


class FileTracking:
    """The files of each collection. Thread-safe.

    None for a collection means the collection of the settings.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def states(
        self, *, root: str | None = None, collection: CollectionRef = None
    ) -> list[FileState]:
        """Return the states of a root's files, or of all files; none for an unknown collection.

        Raises:
            CollectionGoneError: another process deleted the collection.
        """
        with self._store.catalog.reading() as state:
            found = state.find_meant_collection(collection, self._settings.collection)
            return state.file_states(found.id, root) if found else []

    def state(self, source: Source, *, collection: CollectionRef = None) -> FileState | None:
        """Return the state of one file."""
        with self._store.catalog.reading() as state:
            return state.file_state(self._meant(state, collection).id, source)

    def collections_with(self, content_hash: str) -> list[str]:
        """Return the names of the collections that have a document with this content."""
        with self._store.catalog.reading() as state:
            return state.collections_with(content_hash)

    def failed(
        self, *, collection: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[FailedFile]:
        """Return the files that could not be read, or a part of them, with reasons.

        Raises:
            CollectionError: the collection does not exist.
        """
        with self._store.catalog.reading() as state:
            found = self._meant(state, collection)
            return state.failed_files(found.id, limit=limit, offset=offset)

    def failed_count(self, *, collection: str | None = None) -> int:
        """Return the number of files that could not be read.

        Raises:
            CollectionError: the collection does not exist.
        """
        with self._store.catalog.reading() as state:
            return state.failed_count(self._meant(state, collection).id)

    def failed_of(self, *document_ids: int) -> list[FailedFile]:
        """Return the files that gave these documents and have become unreadable since.

        Searches find such a document, the older version of its file.
        """
        with self._store.catalog.reading() as state:
            return state.failed_files_of(*map(document_number, document_ids))

    def change(
        self, before: FileState | None, after: FileState, *, collection: CollectionRef = None
    ) -> None:
        """Record the new state of a file whose state was ``before`` at the time of the decision.

        Raises:
            ChangedMeanwhileError: the state has changed since, or the document that the file should
                share was removed.
        """
        self._store.change_source(self._resolved(collection), before, after)

    def fail(self, file: FileState, *, collection: CollectionRef = None) -> int | None:
        """Record that a file could not be read; return its older document, still searchable."""
        return self._store.fail_source(self._resolved(collection), file)

    def move(
        self, before: FileState, after: FileState, *, collection: CollectionRef = None
    ) -> None:
        """Record that a file has moved; nothing is embedded again.

        Raises:
            ChangedMeanwhileError: the state has changed since the decision.
        """
        self._store.move_source(self._resolved(collection), before, after)

    def adopt(
        self, adopted: Mapping[str, tuple[str, str]], *, collection: CollectionRef = None
    ) -> None:
        """Move the files of inner roots to outer roots.

        Somebody ingested a folder first and a parent of it later. Without this, its files would
        have two sources each. A file that both roots know is forgotten in the inner one. Files of
        an imported folder are read from disk from now on.

        Args:
            adopted: maps an inner root to the outer root and the prefix of its paths there.
            collection: the collection of the sources.
        """
        target = self._resolved(collection)
        for inner, (root, prefix) in adopted.items():
            with self._store.change_catalog() as change:
                change.place_root(target.id, inner)
                if inner == root:
                    continue
                change.adopt_root(target.id, inner, root, prefix)
            with self._store.catalog.reading() as state:
                twice = [file.source for file in state.file_states(target.id, inner)]
            self._store.remove_sources(target.id, twice)
        if adopted:
            self._store.tidy()

    def unplaced(self, *, collection: CollectionRef = None) -> frozenset[str]:
        """Return the folders of an archive that have no place on this machine yet."""
        with self._store.catalog.reading() as state:
            found = state.find_meant_collection(collection, self._settings.collection)
            return state.unplaced_roots(found.id) if found else frozenset()

    def files_of(
        self, wanted: Iterable[Source], *, collection: CollectionRef = None
    ) -> dict[Source, Path]:
        """Return the paths of sources' files on this machine; the files may be gone.

        It leaves out uploads, documents added from Python, and files of an imported collection
        whose folder has no place on this machine.
        """
        unplaced = self.unplaced(collection=collection)
        places = {each: each.file for each in wanted if each.root not in unplaced}
        return {each: file for each, file in places.items() if file is not None}

    def file_of(self, source: Source, *, collection: CollectionRef = None) -> Path | None:
        """Return the path for one source, as :meth:`files_of` does."""
        return self.files_of([source], collection=collection).get(source)

    def forget(self, gone: Iterable[Source], *, collection: CollectionRef = None) -> int:
        """Forget files; return the number of documents deleted with them."""
        return self._store.remove_sources(self._resolved(collection).id, gone)

    def dismiss(self, source: Source, *, collection: str | None = None) -> bool:
        """Remove an unreadable file from the list of failures; return whether it was on it.

        Its older version stays. Without one, the file is forgotten. The next ingestion tries the
        file again.
        """
        with self._store.writing():
            with self._store.catalog.reading() as state:
                collection_id = self._meant(state, collection).id
                failed = state.file_state(collection_id, source)
                if failed is None or failed.outcome != "failed":
                    return False
                kept = state.older_version(failed) if failed.document_id else None
            if kept is None:
                self._store.remove_sources(collection_id, [source])
            else:
                self._store.attach(collection_id, kept)
        self._store.tidy()  # a server's vectors are not deleted under the lock
        return True

    def remove_older_version(self, source: Source, *, collection: str | None = None) -> None:
        """Hide the older version of an unreadable file from searches.

        The file stays on the list of failures. Other files with the same document keep it.
        """
        with self._store.writing():
            with self._store.catalog.reading() as state:
                collection_id = self._meant(state, collection).id
                failed = state.file_state(collection_id, source)
            if failed is not None and failed.outcome == "failed":
                self._store.attach(collection_id, replace(failed, document_id=None))
        self._store.tidy()

    def _resolved(self, collection: CollectionRef) -> CollectionInfo:
        with self._store.catalog.reading() as state:
            return self._meant(state, collection)

    def _meant(self, state: State, collection: CollectionRef) -> CollectionInfo:
        return state.meant_collection(collection, self._settings.collection)
