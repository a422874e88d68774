"""A knowledge base moved, embedded again, looked after; and the history of what filled it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from kb.archive import exporting, importing
from kb.archive.exporting import ArchiveInfo
from kb.catalog.runs import RunInfo
from kb.embedding.base import Embedder
from kb.facade.collections import CollectionMethods
from kb.indexing import reembedding, refining
from kb.indexing.reembedding import Reembedding
from kb.indexing.refining import OnRefined, Refinement
from kb.keys import key_from_environment
from kb.records import CollectionRef
from kb.search.means import ModelLanguages
from kb.store import check as checking
from kb.store import moving, purging, runs
from kb.store.access import TOKEN_VARIABLE, chosen
from kb.store.checked import StoreCheck
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

    def refine(
        self,
        collection: CollectionRef = None,
        on_progress: OnRefined | None = None,
        *,
        stop: threading.Event | None = None,
        embedder: Callable[[], Embedder] | None = None,
    ) -> Refinement:
        """Compute the vectors of sentences that a collection's chunks lack, newest documents first.

        Searches score a passage by its best sentence, too, wherever that has a vector. Ingestion
        does this at its end unless the setting ``sentences`` is off; what :meth:`add` has added
        waits for this call, or for the next ingestion. What a model lacks of the means of
        languages is made, too (:meth:`make_language_means`).

        Args:
            collection: which; None is the one in the settings.
            on_progress: told (chunks that are done, of how many).
            stop: set it to end early; call again to go on.
            embedder: opens another way to the same model, if something is to be done.

        Raises:
            CollectionError: there is no such collection, or it was deleted meanwhile.
            EmbedderMismatchError: it was made with another model.
            EmbeddingError: the model failed; what is done stays done.
        """
        target = self._store.catalog.meant_collection(collection, self.settings.collection)
        indexing = self.indexing.embedding_by(embedder) if embedder else self.indexing
        done = refining.refine(self._store, indexing, target, on_progress=on_progress, stop=stop)
        self._means.make_if_possible(target.id, stop=stop)
        return done

    def make_language_means(
        self, collection: CollectionRef = None, *, stop: threading.Event | None = None
    ) -> list[str]:
        """Make what the means of a collection's languages lack, for searches across languages.

        They come with the program for the default model. For another they are made here once two
        languages occur together; searches begin that by themselves, in the background.

        Args:
            collection: which; None is the one in the settings.
            stop: set it to end early; call again to go on.

        Returns:
            The languages whose means were made, and may be used or not.

        Raises:
            CollectionError: there is no such collection, or it was deleted meanwhile.
            EmbeddingError: the model failed; what is done stays done.
        """
        target = self._store.catalog.meant_collection(collection, self.settings.collection)
        return [trial.language for trial in self._means.make(target.id, stop=stop)]

    def language_means(self) -> ModelLanguages:
        """Return which languages' means are used with the model in use, and their worth."""
        return self._means.known(self.indexing.identity)

    def chunk_languages(self, collection: CollectionRef = None) -> dict[str, int]:
        """Return how many chunks a collection has in each language, most first.

        Empty stands for chunks whose language cannot be told. Chunks that an older release stored
        are counted by and by (``kb compact`` counts them all).

        Raises:
            CollectionError: there is no such collection.
        """
        return self._store.catalog.chunk_languages_in(collection, self.settings.collection)

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

    def runs(
        self, *, limit: int | None = None, collections: Sequence[str] | None = None
    ) -> list[RunInfo]:
        """Return the runs of ingestion, newest first.

        Args:
            limit: how many at most.
            collections: only those of these names.

        Raises:
            SettingsError: ``limit`` is below 1.
        """
        return runs.listed(self._store, limit=limit, collections=collections)

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
