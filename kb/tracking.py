"""What the knowledge base knows of files: what became of each, and which document it gave."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from kb.indexing import Indexing
from kb.records import FailedFile, FileState, Source
from kb.settings import Settings
from kb.store import collections, documents, sources
from kb.store.rows import storable
from kb.store.store import Store


class FileTracking:
    """The files of each collection. Thread-safe; None for a collection means the settings'."""

    def __init__(self, settings: Settings, store: Store, indexing: Indexing) -> None:
        self._settings = settings
        self._store = store
        self._indexing = indexing

    def states(self, *, root: str | None = None, collection: str | None = None) -> list[FileState]:
        """Return what is known of the files of a root, or of all; empty without a collection."""
        with self._store.database.read() as db:
            found = collections.find(db, collection or self._settings.collection)
            return sources.states(db, found.id, root) if found else []

    def failed(self, *, collection: str | None = None) -> list[FailedFile]:
        """Return the files that could not be read, with reasons.

        Raises:
            CollectionError: there is no such collection.
        """
        with self._store.database.read() as db:
            return sources.failed(db, self._id(collection))

    def failed_of(self, document_id: int) -> list[FailedFile]:
        """Return the files of a document that have changed into what cannot be read.

        What is found of them is this document, their older version.
        """
        with self._store.database.read() as db:
            return sources.failed_of_document(db, storable(document_id))

    def record(self, file: FileState, *, collection: str | None = None) -> None:
        """Record what became of a file: touched, failed, or the same content as another."""
        self._store.attach(self._indexing.writable_collection(collection).id, file)

    def move(self, old: Source, new: FileState, *, collection: str | None = None) -> None:
        """Record that a file has another place now; nothing is embedded again."""
        self._store.move_source(self._id(collection), old, new)

    def adopt_roots(self, root: str, *, collection: str | None = None) -> None:
        """Let a folder take over what was ingested from folders below it.

        So the same file is never two sources because its folder was once given by itself.
        """
        with self._store.database.read() as db:
            found = collections.find(db, collection or self._settings.collection)
            unplaced = sources.unplaced(db, found.id) if found else frozenset()
            inner = found and [
                other
                for other in sources.roots(db, found.id)
                if other != root
                and other not in unplaced
                and Path(other).is_absolute()
                and Path(other).is_relative_to(root)
            ]
        if found and inner:
            with self._store.lock.hold(), self._store.database.write() as db:
                for other in inner:
                    prefix = Path(other).relative_to(root).as_posix() + "/"
                    sources.rebase(db, found.id, other, root, prefix)
            self._store.tidy()

    def unplaced(self, *, collection: str | None = None) -> frozenset[str]:
        """Return the folders that an archive names and nobody has pointed to on this machine."""
        with self._store.database.read() as db:
            found = collections.find(db, collection or self._settings.collection)
            return sources.unplaced(db, found.id) if found else frozenset()

    def place(self, homes: Mapping[str, str], *, collection: str | None = None) -> None:
        """Say where folders of an imported collection are: from now on their files are read."""
        if not homes:
            return
        collection_id = self._id(collection)
        with self._store.lock.hold():
            with self._store.database.write() as db:
                taken = [sources.place(db, collection_id, *each) for each in homes.items()]
            self._store.remove_sources(collection_id, itertools.chain.from_iterable(taken))
        self._store.tidy()

    def files_of(
        self, wanted: Iterable[Source], *, collection: str | None = None
    ) -> dict[Source, Path]:
        """Return where sources' files are, or were, on this machine.

        Uploads, documents added from Python, and files of an imported collection whose folder
        nobody has pointed to are left out.
        """
        unplaced = self.unplaced(collection=collection)
        places = {each: each.file for each in wanted if each.root not in unplaced}
        return {each: file for each, file in places.items() if file is not None}

    def file_of(self, source: Source, *, collection: str | None = None) -> Path | None:
        """Return as :meth:`files_of` for one source."""
        return self.files_of([source], collection=collection).get(source)

    def forget(self, gone: Iterable[Source], *, collection: str | None = None) -> int:
        """Forget files; return how many documents went with them."""
        return self._store.remove_sources(self._id(collection), gone)

    def dismiss(self, source: Source, *, collection: str | None = None) -> None:
        """Take a file that could not be read off the list of failures.

        An older version of it stays; without one nothing is known of the file afterwards. The
        next ingestion tries the file again.
        """
        collection_id = self._id(collection)
        with self._store.writing():
            with self._store.database.read() as db:
                failed = sources.state(db, collection_id, source)
                if failed is None or failed.outcome != "failed":
                    return
                kept = documents.state_of(db, failed) if failed.document_id else None
            if kept is None:
                self._store.remove_sources(collection_id, [source])
            else:
                self._store.attach(collection_id, kept)

    def remove_older_version(self, source: Source, *, collection: str | None = None) -> None:
        """Let the older version of a file that could not be read no longer be found.

        The file stays on the list of failures. A document that other files hold too stays theirs.
        """
        collection_id = self._id(collection)
        with self._store.writing():
            with self._store.database.read() as db:
                failed = sources.state(db, collection_id, source)
            if failed is not None and failed.outcome == "failed":
                self._store.attach(collection_id, replace(failed, document_id=None))

    def _id(self, collection: str | None) -> str:
        with self._store.database.read() as db:
            return collections.get(db, collection or self._settings.collection).id
