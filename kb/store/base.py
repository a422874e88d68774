"""The vector store protocol: what holds the vectors, whichever product does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kb.embedding.base import Vector, Vectors
from kb.records import MetadataValue


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorRecord:
    """What is stored with one vector, so that an outside client sees text and source too."""

    id: int
    text: str
    metadata: Mapping[str, MetadataValue]


class VectorStore(Protocol):
    """Keeps vectors by chunk id, in collections. Thread-safe; only one process writes at a time.

    Similarities are cosines in [-1, 1], higher is better. A reader may be a moment behind
    another process until :meth:`refresh`.

    ``generation`` is the catalog's count of changes that this reader has seen, None before its
    first read; the store sets it.
    """

    generation: int | None

    def create(self, collection: str) -> None:
        """Make an empty collection; nothing happens if it is there."""
        ...

    def drop(self, collection: str) -> None:
        """Delete a collection with all its vectors; nothing happens if it is not there."""
        ...

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors, one row for each record, replacing those with the same id."""
        ...

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace the metadata of vectors, which stay; ids that are not there are ignored."""
        ...

    def query(self, collection: str, vector: Vector, limit: int) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, similarity), best first."""
        ...

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors of those ``ids`` that are there."""
        ...

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors; ids that are not there are ignored."""
        ...

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        ...

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        ...

    def refresh(self) -> None:
        """Read again what other processes have written."""
        ...

    def close(self) -> None:
        """Release files; the store cannot be used afterwards."""
        ...
