"""A knowledge base moved, embedded again, looked after; and the history of what filled it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from kb.archive import exporting, importing
from kb.archive.exporting import ArchiveInfo
from kb.catalog.runs import RunInfo
from kb.facade.collections import CollectionMethods
from kb.indexing import reembedding
from kb.indexing.reembedding import Reembedding
from kb.keys import key_from_environment
from kb.records import CollectionRef
from kb.store import check as checking
from kb.store import moving, purging, runs
from kb.store.access import TOKEN_VARIABLE, chosen
from kb.store.check import StoreCheck
from kb.store.moving import Migration
from kb.store.purging import Compaction
from kb.store.runs import RunRecord


class UpkeepMethods(CollectionMethods):
    """Archives, other models, runs, files."""

    def export(
        self, path: Path | str, *, collection: str | None = None, originals: bool = True
    ) -> ArchiveInfo:
        """Write a collection to one file, which is replaced if it is there.

        It holds documents, chunks, vectors, settings and, unless told otherwise, the uploaded
        originals; files in folders are not copied.

        Raises:
            CollectionError: there is no such collection.
        """
        chosen = {"chunk_size", "chunk_overlap", "chunk_unit", "ocr"}
        return exporting.export_collection(
            self._store,
            self.collection(collection),
            Path(path),
            self.settings.model_dump(mode="json", include=chosen),
            self.uploads if originals else None,
        )

    def import_archive(self, path: Path | str, *, collection: str | None = None) -> ArchiveInfo:
        """Make a collection of an exported file, under its own name or another.

        Nothing is embedded.

        Raises:
            ArchiveError: the file is damaged or of another version; nothing has changed.
            EmbedderMismatchError: its vectors come from another model.
            CollectionError: there is a collection of that name.
        """
        return importing.import_collection(
            self._store, self.uploads, Path(path), collection, self.indexing.identity
        )

    def reembed(
        self,
        collection: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Reembedding:
        """Make a collection's vectors anew with the model in use, from the stored text.

        It is searched with its old model all the while, and belongs to the new one in one step.
        Call again to go on after an interruption. ``on_progress`` is told (documents done, of
        how many).

        Raises:
            CollectionError: there is no such collection, or it was deleted meanwhile.
            EmbeddingError: the model failed; what is done stays done.
        """
        return reembedding.reembed(
            self._store, self.indexing, self.collection(collection), on_progress
        )

    def vector_store(self, collection: CollectionRef = None) -> str:
        """Return the address of the vector store that a collection is in.

        Raises:
            CollectionError: there is no such collection.
        """
        return self._store.catalog.vector_place_of(collection, self.settings.collection)

    def migrate(
        self,
        to: str,
        collection: str | None = None,
        *,
        token_variable: str = TOKEN_VARIABLE,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Migration:
        """Move a collection's vectors to another vector store, in one step at the end.

        Args:
            to: the store, as the setting ``vector_store`` names it.
            collection: which; None is the one in the settings.
            token_variable: the environment variable with the token of that store's server.
            on_progress: told (vectors copied, of how many).

        Raises:
            CollectionError: there is no such collection, or it was deleted meanwhile.
            SettingsError: there is no such vector store.
            StoreBusyError: others write faster than vectors are copied.
        """
        address = chosen(to, self.settings)
        token = key_from_environment(token_variable)
        self._store.vectors.give_token(address, token, self.settings.vector_token_header)
        return moving.migrate(self._store, self.collection(collection), address, on_progress)

    def begin_run(self, paths: Sequence[str], *, collection: CollectionRef = None) -> RunRecord:
        """Record that a run of ingestion has begun; the record is told how it ends."""
        return runs.begin(self._store, self.indexing.writable_collection(collection), paths)

    def runs(self, *, limit: int | None = None) -> list[RunInfo]:
        """Return the runs of ingestion of all collections, newest first; ``limit`` at most.

        Raises:
            SettingsError: ``limit`` is below 1.
        """
        return runs.listed(self._store, limit=limit)

    def compact(self) -> Compaction:
        """Rewrite the store's files so that no text of removed documents is left in them.

        Deletes uploaded originals that no source refers to, and backups of older catalogs.

        Raises:
            StoreBusyError: files are being ingested.
        """
        return purging.compact(self._store, self.uploads)

    def check(self, *, repair: bool = False) -> StoreCheck:
        """Say whether catalog, vectors and full-text index agree; with ``repair`` mend them.

        Raises:
            EmbedderMismatchError: vectors are missing that another model must compute.
        """
        if repair:
            return checking.repair(self._store, self.indexing.embed_again)
        return checking.check(self._store)
