"""What the knowledge base knows of files: what became of each, and which document it gave."""

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
    """The files of each collection. Thread-safe; None for a collection means the settings'."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def states(
        self, *, root: str | None = None, collection: CollectionRef = None
    ) -> list[FileState]:
        """Return what is known of the files of a root, or of all; empty where none has the name.

        Raises:
            CollectionGoneError: the collection given was deleted meanwhile.
        """
        with self._store.catalog.reading() as state:
            found = state.find_meant_collection(collection, self._settings.collection)
            return state.file_states(found.id, root) if found else []

    def state(self, source: Source, *, collection: CollectionRef = None) -> FileState | None:
        """Return what is known of one file."""
        with self._store.catalog.reading() as state:
            return state.file_state(self._meant(state, collection).id, source)

    def collections_with(self, content_hash: str) -> list[str]:
        """Return the names of the collections that have a document of this content."""
        with self._store.catalog.reading() as state:
            return state.collections_with(content_hash)

    def failed(
        self, *, collection: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[FailedFile]:
        """Return the files that could not be read, with reasons, or some of them.

        Raises:
            CollectionError: there is no such collection.
        """
        with self._store.catalog.reading() as state:
            found = self._meant(state, collection)
            return state.failed_files(found.id, limit=limit, offset=offset)

    def failed_count(self, *, collection: str | None = None) -> int:
        """Return how many files could not be read.

        Raises:
            CollectionError: there is no such collection.
        """
        with self._store.catalog.reading() as state:
            return state.failed_count(self._meant(state, collection).id)

    def failed_of(self, *document_ids: int) -> list[FailedFile]:
        """Return the files of documents that have changed into what cannot be read.

        What is found of them is this document, their older version.
        """
        with self._store.catalog.reading() as state:
            return state.failed_files_of(*map(document_number, document_ids))

    def change(
        self, before: FileState | None, after: FileState, *, collection: CollectionRef = None
    ) -> None:
        """Record what became of a file, for which ``before`` was known when that was decided.

        Raises:
            ChangedMeanwhileError: it is not what is known any more, or the document that the file
                is to be a copy of was removed.
        """
        self._store.change_source(self._resolved(collection), before, after)

    def fail(self, file: FileState, *, collection: CollectionRef = None) -> int | None:
        """Record that a file could not be read; return the document that is found of it still."""
        return self._store.fail_source(self._resolved(collection), file)

    def move(
        self, before: FileState, after: FileState, *, collection: CollectionRef = None
    ) -> None:
        """Record that a file has another place now; nothing is embedded again.

        Raises:
            ChangedMeanwhileError: it is not as it was when that was decided.
        """
        self._store.move_source(self._resolved(collection), before, after)

    def adopt(
        self, adopted: Mapping[str, tuple[str, str]], *, collection: CollectionRef = None
    ) -> None:
        """Let folders take over what was ingested from folders below them.

        So the same file is never two sources because its folder was once given by itself. What
        both know already is forgotten where it was. Files of an imported folder among them are
        read from disk from now on.

        Args:
            adopted: by inner root, the root that takes it over and what its paths begin with.
            collection: whose sources they are.
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
        """Return the folders that an archive names and nobody has pointed to on this machine."""
        with self._store.catalog.reading() as state:
            found = state.find_meant_collection(collection, self._settings.collection)
            return state.unplaced_roots(found.id) if found else frozenset()

    def files_of(
        self, wanted: Iterable[Source], *, collection: CollectionRef = None
    ) -> dict[Source, Path]:
        """Return where sources' files are, or were, on this machine.

        Uploads, documents added from Python, and files of an imported collection whose folder
        nobody has pointed to are left out.
        """
        unplaced = self.unplaced(collection=collection)
        places = {each: each.file for each in wanted if each.root not in unplaced}
        return {each: file for each, file in places.items() if file is not None}

    def file_of(self, source: Source, *, collection: CollectionRef = None) -> Path | None:
        """Return as :meth:`files_of` for one source."""
        return self.files_of([source], collection=collection).get(source)

    def forget(self, gone: Iterable[Source], *, collection: CollectionRef = None) -> int:
        """Forget files; return how many documents went with them."""
        return self._store.remove_sources(self._resolved(collection).id, gone)

    def dismiss(self, source: Source, *, collection: str | None = None) -> bool:
        """Take a file that could not be read off the list of failures; say whether it stood there.

        An older version of it stays; without one nothing is known of the file afterwards. The
        next ingestion tries the file again.
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
        self._store.tidy()  # vectors on a server are not deleted inside the lock
        return True

    def remove_older_version(self, source: Source, *, collection: str | None = None) -> None:
        """Let the older version of a file that could not be read no longer be found.

        The file stays on the list of failures. A document that other files hold too stays theirs.
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
