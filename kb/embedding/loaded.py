"""The embedding model of a knowledge base, loaded when it is first needed."""

from __future__ import annotations

import threading

from kb.embedding.base import Embedder
from kb.settings import Settings


class LoadedEmbedder:
    """Loads the model that the settings name, once. Thread-safe.

    Args:
        settings: name the model.
        embedder: used instead, if given; it stays its owner's to close.
    """

    def __init__(self, settings: Settings, embedder: Embedder | None = None) -> None:
        self._settings = settings
        self._embedder = embedder
        self._owned = embedder is None
        self._mutex = threading.Lock()

    def get(self) -> Embedder:
        """Return the model; the first call loads it (1 to 2 s for the default).

        Raises:
            ModelError: it is not there or cannot be loaded.
        """
        with self._mutex:
            if self._embedder is None:
                from kb.embedding import open_embedder  # noqa: PLC0415 - llama.cpp loads only here

                self._embedder = open_embedder(self._settings)
            return self._embedder

    def close(self) -> None:
        """Free the model if it was loaded here; it is loaded again when needed."""
        with self._mutex:
            if self._owned and self._embedder is not None:
                self._embedder.close()
                self._embedder = None
