"""What is passed from stage to stage of a run."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.loaders import LoadedFile
from ingest.pipeline.planning import Decision
from kb.embedding.base import Vectors
from kb.prepared import EmbeddedDocument, PreparedDocument
from kb.records import FileState


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file that was read. ``weight`` is its share of the budget."""

    decision: Decision
    file: LoadedFile
    started: float
    weight: int


@dataclass(frozen=True, slots=True)
class Ready:
    """A document in chunks, some of whose vectors are missing."""

    state: FileState
    prepared: PreparedDocument
    started: float
    weight: int

    @property
    def missing(self) -> int:
        """How many chunks have to be embedded."""
        return len(self.prepared.inputs) - len(self.prepared.known)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A document with all its vectors."""

    ready: Ready
    vectors: Vectors

    @property
    def document(self) -> EmbeddedDocument:
        """What the knowledge base takes."""
        return EmbeddedDocument(
            prepared=self.ready.prepared, vectors=self.vectors, file=self.ready.state
        )
