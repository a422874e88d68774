"""The values that the stages of a run pass on."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.loaders import LoadedFile
from ingest.pipeline.planning import Decision
from kb.embedding.base import Vectors
from kb.prepared import EmbeddedDocument, PreparedDocument
from kb.records import FileState


@dataclass(frozen=True, slots=True)
class Loaded:
    """A read file. ``weight`` is its share of the budget."""

    decision: Decision
    file: LoadedFile
    started: float
    weight: int


@dataclass(frozen=True, slots=True)
class Ready:
    """A document in chunks, some of them without vectors."""

    state: FileState
    prepared: PreparedDocument
    started: float
    weight: int

    @property
    def missing(self) -> int:
        """Number of chunks to embed."""
        return len(self.prepared.inputs) - len(self.prepared.known)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A document with all its vectors."""

    ready: Ready
    vectors: Vectors

    @property
    def document(self) -> EmbeddedDocument:
        """The document in the knowledge base's form."""
        return EmbeddedDocument(
            prepared=self.ready.prepared, vectors=self.vectors, file=self.ready.state
        )
