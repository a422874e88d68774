"""The vector store protocol, which every product implements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from kb.embedding.base import Vector, Vectors
from kb.errors import StoreError
from kb.records import MetadataValue


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorRecord:
    """Data stored with a vector, for filters and for outside clients.

    ``language`` is the document's first language; empty if unknown. Stores may drop ``text`` and
    ``metadata``: this project reads neither back.
    """

    id: int
    document_id: int
    language: str = ""
    text: str
    metadata: Mapping[str, MetadataValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorFilter:
    """Chunks that a query may find: those of some documents, of a language, or with some ids.

    Exactly one of the three is set. ``chunks`` has at most :attr:`VectorStore.most_chunks` ids,
    maybe with repetitions. An empty filter passes nothing.

    Searches of this project use ``chunks``, because only the catalog knows the visible and passing
    ones. ``documents`` and ``language`` are for other callers of a store; the contract tests use
    them.
    """

    documents: tuple[int, ...] | None = None
    language: str | None = None
    chunks: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse a combination of conditions."""
        given = [each for each in (self.documents, self.language, self.chunks) if each is not None]
        if len(given) != 1:
            msg = "a vector filter is document ids, a language or chunk ids; give one of them"
            raise ValueError(msg)


class Lock(Protocol):
    """The write lock of a knowledge base, for a store that keeps its vectors in files."""

    @property
    def is_held(self) -> bool:
        """Whether this thread holds the lock."""
        ...

    def hold(self, timeout_s: float | None = None) -> AbstractContextManager[None]:
        """Hold the lock during the block; reentrant within a thread."""
        ...


class VectorStore(Protocol):
    """Keeps vectors by chunk id, in collections. Thread-safe.

    Similarities are cosines in [-1, 1], higher is better. A process finds its own writes at once,
    and those of other processes a moment later. A collection's name is its id in the catalog:
    ``kb-`` and 16 hexadecimal digits. :mod:`kb.vectors.opening` opens stores.

    If a server is down, changing methods wait for ``Site.timeout_s``, and reading ones for
    :data:`kb.vectors.waiting.SEARCH_TIMEOUT_S`.

    Raises (every method):
        StoreError: the store failed, or the collection does not exist. Servers raise
            VectorServerError, and VectorServerUnavailableError if retrying may help.
    """

    @property
    def most_chunks(self) -> int:
        """Most chunk ids in one :class:`VectorFilter`."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Hold the write lock during several changes, if the vectors are in files.

        A server locks by itself, so its store holds nothing here. Each changing method also does
        this by itself.
        """
        ...

    def create(self, collection: str, dim: int) -> None:
        """Create an empty collection for vectors of ``dim`` numbers; do nothing if it exists.

        Raises:
            StoreError: the collection exists with another width.
        """
        ...

    def drop(self, collection: str) -> None:
        """Delete a collection with all its vectors; do nothing if it does not exist."""
        ...

    def remake(self, collection: str, dim: int) -> None:
        """Replace an unreadable collection by an empty one.

        If the files of all collections are damaged, the others are lost, too.
        """
        ...

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors, one row for each record; replace those with the same id.

        The ids of ``records`` are unique.
        """
        ...

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace the metadata of vectors, but not their texts; ignore unknown ids."""
        ...

    def query(
        self, collection: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, similarity) of vectors that pass ``where``, best first.

        There are fewer than ``limit`` only if no more pass, because a search takes a short answer
        for the end. A limit of 0 or less gives none.
        """
        ...

    def answers_at_once(self, collection: str) -> bool:
        """Return whether a query would be answered by this process alone, without any waiting."""
        ...

    def prepare(self, collection: str) -> None:
        """Read into memory what the first query would read."""
        ...

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the existing vectors of ``ids``, which may have repetitions.

        Each number is within 1e-6 of the stored one; ``kb migrate`` compares them.
        """
        ...

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors, each named once; ignore unknown ids."""
        ...

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        ...

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        ...

    def prune(self) -> None:
        """Remove all deleted data from files that this process can write."""
        ...

    def close(self) -> None:
        """Release files and connections; the store cannot be used afterwards."""
        ...


def check_width(collection: str, dim: int, given: int) -> None:
    """Refuse vectors of another width than the collection's.

    Raises:
        StoreError: the widths differ.
    """
    if dim != given:
        msg = (
            f"collection {collection} holds vectors of {dim} numbers, these have {given}: they are "
            "of another model, or of other `dimensions`; use the collection's own, or embed it "
            "anew with `kb reembed`"
        )
        raise StoreError(msg)


def no_collection(collection: str, where: str) -> StoreError:
    """Return the error of a collection that does not exist in the vector store."""
    msg = (
        f"there is no collection {collection} in {where}; `kb doctor --repair` makes it again from "
        "the catalog"
    )
    return StoreError(msg)
