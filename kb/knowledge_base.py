"""KnowledgeBase: the one facade for the UI, ingestion, the command line and Python programs."""

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
    Methods take the name of a collection. None means the collection of the settings, which the
    first added document creates. The methods are defined in ``kb/facade``, by subject.

    Attributes:
        settings: the settings it was opened with.
        embedder_is_given: whether the model was an argument of :meth:`open`.
        indexing: the steps that add documents; ingestion runs them in parallel.
        files: the state of each file that documents came from.
        keys: API keys of the server, :mod:`kb.server`.
        jobs: the queue of background ingestion; :mod:`ingest.jobs` works through it.
        likeness: search for passages similar to a hit.
        near_duplicates: search for documents with mostly the same text.
        questions: people's own questions with the passages marked for them.
        remembered: saved searches and conversations.
        uploads: the uploaded originals.
        watched: the watched folders of collections; :mod:`ingest.jobs` follows them.

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
        """Open the knowledge base that the settings name; create it if it does not exist.

        Args:
            settings: read from ``KB_…`` variables and ``kb.toml`` if not given.
            embedder: replaces the model of the settings; the knowledge base does not close it.
            interrupted: once set, waiting for other processes ends with a KeyboardInterrupt.
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
        """The reranking model, which orders the best hits; loaded at first use.

        Raises:
            SettingsError: the settings name none.
            ModelError: the model is missing, or is not a reranker.
        """
        return self._reranker.get()

    @property
    def generation(self) -> int:
        """A count that rises whenever a process changes what searches can find."""
        return self._store.generation()

    @property
    def read_only(self) -> str:
        """Why the knowledge base is read-only, and how to change that; empty if it is writable."""
        return self._store.snapshot.refusal if self._store.snapshot else ""
