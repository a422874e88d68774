"""KnowledgeBase: the one facade that the UI, ingestion, the command line and Python use."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from kb.embedding.base import Embedder
from kb.facade.documents import DocumentMethods
from kb.facade.searching import SearchMethods
from kb.facade.upkeep import UpkeepMethods
from kb.reranking.base import Reranker
from kb.settings import Settings


class KnowledgeBase(SearchMethods, DocumentMethods, UpkeepMethods):
    """A knowledge base on disk. Thread-safe; close it, or use it as a context manager.

    The model is loaded at the first call that needs it, so that listing documents is instant.
    Methods take the name of a collection; None means the one in the settings, which is made
    when the first document is added. What its methods do stands in ``kb/facade``, by subject.

    Attributes:
        settings: what it was opened with.
        embedder_is_given: the model is one that was given to :meth:`open`.
        indexing: documents in, in the steps that ingestion runs side by side.
        files: what is known of the files that documents came from.
        keys: what opens the server, :mod:`kb.server`.
        jobs: what is to be ingested in the background; :mod:`ingest.jobs` does it.
        likeness: passages that are like one that was found.
        near_duplicates: documents that are mostly the same.
        remembered: searches and conversations that people have kept.
        uploads: originals that were uploaded.
        watched: folders that collections are kept in step with; :mod:`ingest.jobs` follows them.

    Raises (every method that touches the store):
        StoreError: the disk or a file of the store failed.
    """

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        embedder: Embedder | None = None,
        interrupted: threading.Event | None = None,
    ) -> KnowledgeBase:
        """Open the knowledge base that the settings name, making it if it is not there.

        Args:
            settings: read from ``KB_…`` variables and ``kb.toml`` if not given.
            embedder: used instead of the model in the settings; stays open on close.
            interrupted: set it to end waiting for other processes, with a KeyboardInterrupt.
        """
        return cls(settings or Settings.load(), embedder=embedder, interrupted=interrupted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def embedder(self) -> Embedder:
        """The embedding model, loaded at first use (1 to 2 s for the default)."""
        return self._loaded.get()

    @property
    def reranker(self) -> Reranker:
        """The model that orders the best hits, loaded at first use.

        Raises:
            SettingsError: the settings name none.
            ModelError: it is not there, or is no reranker.
        """
        return self._reranker.get()

    @property
    def generation(self) -> int:
        """A count that rises with every change of what can be found, by any process."""
        return self._store.generation()

    @property
    def read_only(self) -> str:
        """Why nothing can be changed, and what to do; empty where changes can be stored."""
        return self._store.snapshot.refusal if self._store.snapshot else ""
