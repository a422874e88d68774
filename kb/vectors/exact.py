"""Vectors in memory, each compared with the query: exact, and fast up to some ten thousands.

It is the reference for other stores, and evaluation uses it for small sets. With a folder it keeps
a file for each collection (:mod:`kb.vectors.journal`). Writers append changes under the write lock,
and readers continue where they stopped. It keeps no texts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np

from kb.embedding.base import Vector, Vectors
from kb.vectors.address import Address
from kb.vectors.base import (
    Lock,
    VectorFilter,
    VectorRecord,
    VectorStore,
    check_width,
    no_collection,
)
from kb.vectors.journal import Change, Journal
from kb.vectors.matrix import Matrix
from kb.vectors.opening import Site

_NAME = "exact"
_ENDING = ".vectors"


class ExactStore:
    """A :class:`~kb.vectors.base.VectorStore` that compares every vector.

    Args:
        folder: folder of its files; None to keep vectors only in memory.
        lock: the lock that writers of ``folder`` hold.
    """

    most_chunks = 1_000_000

    def __init__(self, folder: Path | None = None, lock: Lock | None = None) -> None:
        self._folder = folder
        self._lock = lock
        self._mutex = threading.RLock()
        self._collections: dict[str, Matrix] = {}
        self._journals: dict[str, Journal] = {}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock, if there are files."""
        with nullcontext() if self._lock is None else self._lock.hold():
            yield

    def create(self, collection: str, dim: int) -> None:
        """Create an empty collection."""
        with self.writing(), self._mutex:
            if self._is_there(collection):
                check_width(collection, self._read(collection).dim, dim)
            else:
                self._make(collection, dim)

    def drop(self, collection: str) -> None:
        """Delete a collection with all its vectors."""
        with self.writing(), self._mutex:
            self._collections.pop(collection, None)
            if journal := self._journals.pop(collection, None) or self._journal(collection):
                journal.path.unlink(missing_ok=True)

    def remake(self, collection: str, dim: int) -> None:
        """Replace a collection by an empty one."""
        with self.writing(), self._mutex:
            self._make(collection, dim)

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors, and the filtered fields of their records."""
        with self._changing(collection) as matrix:
            check_width(collection, matrix.dim, vectors.shape[1])
            if records:
                self._change(collection, matrix, _change("put", records, vectors))

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace the filtered fields of records."""
        with self._changing(collection) as matrix:
            known = [record for record in records if record.id in matrix]
            if known:
                none = np.empty((0, matrix.dim), dtype=np.float32)
                self._change(collection, matrix, _change("described", known, none))

    def query(
        self, collection: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, cosine) of vectors that pass, best first."""
        with self._mutex:
            matrix = self._read(collection)
            check_width(collection, matrix.dim, len(vector))
            return matrix.nearest(vector, limit, where)

    def answers_at_once(self, collection: str) -> bool:  # noqa: ARG002 - the protocol's call
        """Return True: a query reads what other processes have written without their lock."""
        return True

    def prepare(self, collection: str) -> None:
        """Read the vectors into memory."""
        with self._mutex:
            self._read(collection)

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the existing vectors of ``ids``."""
        with self._mutex:
            return self._read(collection).vectors(ids)

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors; ignore unknown ids."""
        with self._changing(collection) as matrix:
            known = [chunk_id for chunk_id in ids if chunk_id in matrix]
            if known:
                none = np.empty((0, matrix.dim), dtype=np.float32)
                self._change(collection, matrix, Change(kind="deleted", ids=known, vectors=none))

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        with self._mutex:
            return set(self._read(collection).ids)

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        with self._mutex:
            return len(self._read(collection))

    def prune(self) -> None:
        """Rewrite the files without deleted data."""
        if self._folder is None:
            return
        with self.writing(), self._mutex:
            for file in self._folder.glob(f"*{_ENDING}"):
                name = file.name.removesuffix(_ENDING)
                matrix = self._read(name)
                self._journals[name].write_anew(matrix.as_changes())

    def close(self) -> None:
        """Forget the vectors in memory; files keep theirs."""
        with self._mutex:
            self._collections.clear()
            self._journals.clear()

    @contextmanager
    def _changing(self, collection: str) -> Iterator[Matrix]:
        with self.writing(), self._mutex:
            yield self._read(collection)

    def _change(self, collection: str, matrix: Matrix, change: Change) -> None:
        if journal := self._journals.get(collection):
            journal.append(change)
        matrix.apply(change)

    def _make(self, collection: str, dim: int) -> None:
        matrix = Matrix(dim)
        if journal := self._journal(collection):
            journal.write_anew(matrix.as_changes())
            self._journals[collection] = journal
        self._collections[collection] = matrix

    def _is_there(self, collection: str) -> bool:
        journal = self._journal(collection)
        return journal.path.exists() if journal else collection in self._collections

    def _read(self, collection: str) -> Matrix:
        """Return the present state of a collection.

        Raises:
            StoreError: the collection does not exist.
        """
        if self._folder is None:
            if collection not in self._collections:
                raise no_collection(collection, "memory")
            return self._collections[collection]
        journal = self._journals.get(collection) or Journal(self._path(collection))
        try:
            if journal.is_behind():
                self._read_on(collection, journal)
            return self._collections[collection]
        except (FileNotFoundError, KeyError) as error:
            self._collections.pop(collection, None)
            self._journals.pop(collection, None)
            raise no_collection(collection, str(self._folder)) from error

    def _read_on(self, collection: str, journal: Journal) -> None:
        anew, changes = journal.read_on()
        if anew and changes:
            self._collections[collection] = Matrix(changes[0].vectors.shape[1])
            self._journals[collection] = journal
        for change in changes:
            self._collections[collection].apply(change)

    def _journal(self, collection: str) -> Journal | None:
        return None if self._folder is None else Journal(self._path(collection))

    def _path(self, collection: str) -> Path:
        assert self._folder is not None  # noqa: S101 - asked where there is one
        return self._folder / f"{collection}{_ENDING}"


def _change(kind: str, records: Sequence[VectorRecord], vectors: Vectors) -> Change:
    return Change(
        kind="put" if kind == "put" else "described",
        ids=[record.id for record in records],
        documents=[record.document_id for record in records],
        languages=[record.language for record in records],
        vectors=vectors,
    )


def open_exact(address: Address, site: Site) -> VectorStore:  # noqa: ARG001 - the opener's call
    """Open the store in a knowledge base's folder."""
    site.prepare(_NAME)
    return ExactStore(site.folder / _NAME, site.lock)
