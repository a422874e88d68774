"""What a run of ingestion needs of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ingest.reading.base import FileReader
from kb.embedding.base import Embedder

# Chunks embedded in one call: enough that all cores have work until its end, few enough that
# Ctrl-C and progress are prompt (a second or two on a CPU).
CALL_CHUNKS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """Who embeds, and how it is kept busy.

    ``lanes`` calls are made at the same time, each of ``call_chunks`` chunks at most. ``models``
    is how many compute.
    """

    embedder: Embedder
    lanes: int = 1
    call_chunks: int = CALL_CHUNKS
    models: int = 1


class Engine(Protocol):
    """Where files are read and texts embedded, for one run. Thread-safe."""

    def reader(self) -> FileReader:
        """Return what reads files; it is made at the first call, and closed by the run.

        Raises:
            KnowledgeBaseError: nothing can be read here.
        """
        ...

    def embedding(self) -> Embedding:
        """Return who embeds; made at the first call.

        Raises:
            KnowledgeBaseError: the model cannot be opened.
        """
        ...

    def stop(self) -> None:
        """Have texts that are under way given up, where they may take long; must not wait."""
        ...

    def close(self) -> None:
        """Let go of everything, at once."""
        ...
