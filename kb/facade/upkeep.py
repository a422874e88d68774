"""Archives, re-embedding, migration, maintenance and the history of ingestion."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from kb.archive import exporting, importing
from kb.archive.exporting import ArchiveInfo, OnDocuments
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
    """Methods for archives, model changes, runs and files."""

    def export(
        self,
        path: Path | str,
        *,
        collection: str | None = None,
        originals: bool = True,
        on_progress: OnDocuments | None = None,
    ) -> ArchiveInfo:
        """Write a collection to one file, replacing an existing file.

        It contains documents, chunks, vectors, settings and, by default, the uploaded originals. It
        does not contain files of folders. ``on_progress`` is called with the number of the document
        that is written next, from 1, and the total.

        Raises:
            CollectionError: the collection does not exist.
            StoreError: the disk is full, vectors are missing, or there are more documents than an
                archive can hold (1.7 million).
        """
        chosen = {"chunk_size", "chunk_overlap", "chunk_unit", "ocr"}
        return exporting.export_collection(
            self._store,
            self.collection(collection),
            Path(path),
            self.settings.model_dump(mode="json", include=chosen),
            self.uploads if originals else None,
            on_progress=on_progress,
        )

    def import_archive(
        self,
        path: Path | str,
        *,
        collection: str | None = None,
        on_progress: OnDocuments | None = None,
    ) -> ArchiveInfo:
        """Create a collection from an exported file, under its own name or another.

        Nothing is embedded. The whole file is read once before any document is stored.
        ``on_progress`` is called with the number of documents stored and the total.

        Raises:
            ArchiveError: the file is damaged or of another version. Nothing has changed.
            EmbedderMismatchError: its vectors come from another model.
            CollectionError: the name is taken.
        """
        return importing.import_collection(
            self._store,
            self.uploads,
            Path(path),
            collection,
            self.indexing.identity,
            on_progress=on_progress,
        )

    def reembed(
        self,
        collection: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Reembedding:
        """Compute a collection's vectors anew with the model in use, from the stored text.

        Searches use the old model until the collection changes to the new one in a single step.
        After an interruption, call it again to continue. ``on_progress`` is called with the number
        of finished documents and the total.

        Raises:
            CollectionError: the collection does not exist, or was deleted meanwhile.
            EmbeddingError: the model failed. Finished documents are kept.
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
        """Compute a collection's missing vectors of sentences, newest documents first.

        Searches also score a passage by its best sentence, if its sentences have vectors. Ingestion
        calls this at its end unless the setting ``sentences`` is off. Documents added with
        :meth:`add` wait for this call or the next ingestion. It also computes missing means of
        languages (:meth:`make_language_means`).

        Args:
            collection: the collection; None for that of the settings.
            on_progress: called with the number of finished chunks and the total.
            stop: set it to end early; call again to continue.
            embedder: opens another embedder of the same model; called only if vectors are missing.

        Raises:
            CollectionError: the collection does not exist, or was deleted meanwhile.
            EmbedderMismatchError: the collection was made with another model.
            EmbeddingError: the model failed. Finished chunks are kept.
        """
        target = self._store.catalog.meant_collection(collection, self.settings.collection)
        indexing = self.indexing.embedding_by(embedder) if embedder else self.indexing
        done = refining.refine(self._store, indexing, target, on_progress=on_progress, stop=stop)
        self._means.make_if_possible(target.id, stop=stop)
        return done

    def make_language_means(
        self, collection: CollectionRef = None, *, stop: threading.Event | None = None
    ) -> list[str]:
        """Compute the missing means of a collection's languages, for searches across languages.

        The program includes them for the default model. For other models this computes them once
        two languages occur together. Searches start it by themselves, in the background.

        Args:
            collection: the collection; None for that of the settings.
            stop: set it to end early; call again to continue.

        Returns:
            The languages whose means were computed. Searches use a mean only if it helps.

        Raises:
            CollectionError: the collection does not exist, or was deleted meanwhile.
            EmbeddingError: the model failed. Finished languages are kept.
        """
        target = self._store.catalog.meant_collection(collection, self.settings.collection)
        return [trial.language for trial in self._means.make(target.id, stop=stop)]

    def language_means(self) -> ModelLanguages:
        """Return the languages whose means searches use with this model, and their benefit."""
        return self._means.known(self.indexing.identity)

    def chunk_languages(self, collection: CollectionRef = None) -> dict[str, int]:
        """Count a collection's chunks by language, most frequent first.

        The key ``""`` stands for chunks of unknown language. Chunks of an older release are counted
        over time (``kb compact`` counts them all at once).

        Raises:
            CollectionError: the collection does not exist.
        """
        return self._store.catalog.chunk_languages_in(collection, self.settings.collection)

    def vector_store(self, collection: CollectionRef = None) -> str:
        """Return the address of a collection's vector store.

        Raises:
            CollectionError: the collection does not exist.
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
        """Move a collection's vectors to another vector store, in a single step at the end.

        Args:
            to: the address of the store, as for the setting ``vector_store``.
            collection: name of the collection; None for that of the settings.
            token_variable: name of the environment variable with the token of the store's server.
            on_progress: called with the number of copied vectors and the total.

        Raises:
            CollectionError: the collection does not exist, or was deleted meanwhile.
            SettingsError: no vector store has such an address.
            StoreBusyError: other processes write vectors faster than they are copied.
        """
        address = chosen(to, self.settings)
        token = key_from_environment(token_variable)
        self._store.vectors.give_token(address, token, self.settings.vector_token_header)
        return moving.migrate(self._store, self.collection(collection), address, on_progress)

    def begin_run(self, paths: Sequence[str], *, collection: CollectionRef = None) -> RunRecord:
        """Record the start of an ingestion run; the returned record takes its end."""
        return runs.begin(self._store, self.indexing.writable_collection(collection), paths)

    def runs(
        self, *, limit: int | None = None, collections: Sequence[str] | None = None
    ) -> list[RunInfo]:
        """Return the ingestion runs, newest first.

        Args:
            limit: most runs; None for all.
            collections: names of the collections whose runs are returned; None for all.

        Raises:
            SettingsError: ``limit`` is below 1.
        """
        return runs.listed(self._store, limit=limit, collections=collections)

    def compact(self) -> Compaction:
        """Rewrite the store's files so that they contain no text of removed documents.

        It also deletes uploaded originals without a source, and backups of older catalogs.

        Raises:
            StoreBusyError: an ingestion is running.
        """
        return purging.compact(self._store, self.uploads)

    def check(self, *, repair: bool = False) -> StoreCheck:
        """Check whether catalog, vectors and full-text index agree; with ``repair`` mend them.

        Raises:
            EmbedderMismatchError: vectors are missing, and only another model can compute them.
        """
        if repair:
            return checking.repair(self._store, self.indexing.embed_again)
        return checking.check(self._store)
