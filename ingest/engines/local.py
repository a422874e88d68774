"""The engine of one machine: worker processes read, the model of the knowledge base embeds."""

from __future__ import annotations

from ingest.engines.base import Embedding
from ingest.reading.base import FileReader
from ingest.reading.sandbox import Sandbox
from kb.knowledge_base import KnowledgeBase


class LocalEngine:
    """Reads and embeds in processes of this machine.

    Args:
        base: whose settings and model these are.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base

    def reader(self) -> FileReader:
        """Return a sandbox."""
        settings = self._base.settings
        return Sandbox(
            workers=settings.workers or None,
            timeout_s=settings.file_timeout_s,
            memory_bytes=settings.file_memory_mb * 2**20,
        )

    def embedding(self) -> Embedding:
        """Return the model of the knowledge base."""
        return Embedding(embedder=self._base.embedder)

    def stop(self) -> None:
        """Let the present call end: it takes a second or two."""

    def close(self) -> None:
        """Do nothing: the run closes its reader, the knowledge base its model."""
