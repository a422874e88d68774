"""The interface of an engine for a run of ingestion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ingest.reading.base import FileReader
from kb.embedding.base import Embedder

# Chunks of one call: enough that all cores have work until its end, few enough that Ctrl-C and
# progress are prompt (a second or two on a CPU).
CALL_CHUNKS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """The embedder of a run, and the calls that keep it busy.

    The run makes ``lanes`` calls at the same time, each of at most ``call_chunks`` chunks.
    ``models`` is the number of models that compute.
    """

    embedder: Embedder
    lanes: int = 1
    call_chunks: int = CALL_CHUNKS
    models: int = 1


class Engine(Protocol):
    """Reads files and embeds texts for one run. Thread-safe."""

    def reader(self) -> FileReader:
        """Return the reader of files. The first call creates it; the run closes it.

        Raises:
            KnowledgeBaseError: this engine cannot read files.
        """
        ...

    def embedding(self) -> Embedding:
        """Return the embedder. The first call creates it.

        Raises:
            KnowledgeBaseError: the model cannot be opened.
        """
        ...

    def stop(self) -> None:
        """Cancel texts under way if they may take long; must not wait."""
        ...

    def close(self) -> None:
        """Release everything at once."""
        ...
