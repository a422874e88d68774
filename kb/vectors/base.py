"""The vector store protocol: what holds the vectors, whichever product does it."""

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
    """What is stored with one vector: what filters look at, and what an outside client sees.

    ``language`` is the document's first, empty where it is not known. Stores need not keep ``text``
    and ``metadata``: this project reads neither back.
    """

    id: int
    document_id: int
    language: str = ""
    text: str
    metadata: Mapping[str, MetadataValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorFilter:
    """What a query may find: the chunks of some documents, of a language, or some by their ids.

    One of the three is given. Of ``chunks`` there are at most :attr:`VectorStore.most_chunks`;
    an id may stand there twice. A filter that names nothing passes nothing.

    Searches of this project give ``chunks``: the catalog alone knows which are visible and pass.
    ``documents`` and ``language`` are there for other callers of a store; the contract tests use
    them.
    """

    documents: tuple[int, ...] | None = None
    language: str | None = None
    chunks: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse what would have to be combined."""
        given = [each for each in (self.documents, self.language, self.chunks) if each is not None]
        if len(given) != 1:
            msg = "a vector filter is document ids, a language or chunk ids; give one of them"
            raise ValueError(msg)


class Lock(Protocol):
    """The write lock of a knowledge base, as a store that keeps its vectors in files needs it."""

    @property
    def is_held(self) -> bool:
        """Say whether this thread holds it."""
        ...

    def hold(self, timeout_s: float | None = None) -> AbstractContextManager[None]:
        """Hold it for the block; reentrant within a thread."""
        ...


class VectorStore(Protocol):
    """Keeps vectors by chunk id, in collections. Thread-safe.

    Similarities are cosines in [-1, 1], higher is better. What this process wrote it finds at
    once; what another process wrote, a moment later. A collection's name is its id in the catalog:
    ``kb-`` and 16 hexadecimal digits. :mod:`kb.vectors.opening` says how a store is opened.

    Where a server is away, methods that change something wait for ``Site.timeout_s``, the others
    for :data:`kb.vectors.waiting.SEARCH_TIMEOUT_S`.

    Raises (every method):
        StoreError: the store failed, or there is no such collection. VectorServerError where it
            is on a server; VectorServerUnavailableError where trying again may help.
    """

    @property
    def most_chunks(self) -> int:
        """Most chunk ids in one :class:`VectorFilter`."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Hold what changes need, for several of them: the write lock, if vectors are in files.

        A store on a server locks for itself: here it holds nothing. Each method that changes
        something does this by itself as well.
        """
        ...

    def create(self, collection: str, dim: int) -> None:
        """Make an empty collection for vectors of ``dim`` numbers; nothing happens if it is there.

        Raises:
            StoreError: it is there, for vectors of another width.
        """
        ...

    def drop(self, collection: str) -> None:
        """Delete a collection with all its vectors; nothing happens if it is not there."""
        ...

    def remake(self, collection: str, dim: int) -> None:
        """Put an empty collection in the place of one that cannot be read.

        Where the files of all collections are damaged, the others are lost with it.
        """
        ...

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors, one row for each record, replacing those with the same id.

        An id stands among ``records`` once.
        """
        ...

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace what describes vectors, which stay with their texts; unknown ids are ignored."""
        ...

    def query(
        self, collection: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, similarity) of those that pass ``where``, best first.

        There are fewer than ``limit`` only if no more pass: a search takes a short answer for the
        end. A limit of 0 or less gives none.
        """
        ...

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors of those ``ids`` that are there; an id may be named twice.

        Each number is within 1e-6 of what was stored; ``kb migrate`` compares them.
        """
        ...

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors, each named once; ids that are not there are ignored."""
        ...

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        ...

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        ...

    def prune(self) -> None:
        """Leave nothing of what was deleted in files that this process can write."""
        ...

    def close(self) -> None:
        """Release files and connections; the store cannot be used afterwards."""
        ...


def check_width(collection: str, dim: int, given: int) -> None:
    """Refuse vectors of another width than the collection's.

    Raises:
        StoreError: they have one.
    """
    if dim != given:
        msg = (
            f"collection {collection} holds vectors of {dim} numbers, these have {given}: they are "
            "of another model, or of other `dimensions`; use the collection's own, or embed it "
            "anew with `kb reembed`"
        )
        raise StoreError(msg)


def no_collection(collection: str, where: str) -> StoreError:
    """Return the error of a collection that the vector store does not know."""
    msg = (
        f"there is no collection {collection} in {where}; `kb doctor --repair` makes it again from "
        "the catalog"
    )
    return StoreError(msg)
