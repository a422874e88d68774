"""The vectors of all collections, each in the vector store that the catalog names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from kb.catalog.catalog import Catalog
from kb.embedding.base import Vector, Vectors
from kb.errors import StoreError
from kb.vectors.address import Address
from kb.vectors.base import VectorFilter, VectorRecord, VectorStore
from kb.vectors.opening import TOKEN_HEADER, Site, open_vectors

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorAccess:
    """Which vector store new collections are made in, and what it takes to be let in.

    Attributes:
        address: the store; what else is said here is for this one alone.
        token: for a server; empty sends none.
        token_header: in which the token goes.
        timeout_s: how long writing waits for a server that is away or silent.
    """

    address: Address = field(default_factory=lambda: Address("chroma"))
    token: str = ""
    token_header: str = TOKEN_HEADER
    timeout_s: float = 120.0


class PlacedVectors:
    """Vectors by collection, wherever they are. Thread-safe.

    Stores are opened when they are needed. What is not said here is as
    :class:`kb.vectors.base.VectorStore` says it; where the catalog does not know the collection,
    a CollectionGoneError is raised.

    Args:
        catalog: says where a collection's vectors are.
        access: the store for new collections.
        site: where the knowledge base is.
    """

    def __init__(self, catalog: Catalog, access: VectorAccess, site: Site) -> None:
        self._catalog = catalog
        self._site = replace(site, timeout_s=access.timeout_s)
        self._mutex = threading.Lock()
        self._stores: dict[str, VectorStore] = {}
        self._tokens: dict[str, tuple[str, str]] = {}
        self.chosen = access.address.text
        self.give_token(access.address, access.token, access.token_header)

    def give_token(self, address: Address, token: str, header: str) -> None:
        """Remember what lets us in at a server; no other server is shown it."""
        if address.is_server:
            self._tokens[address.root] = (token, header)

    def at(self, place: str) -> VectorStore:
        """Return the store at an address, as the catalog keeps it."""
        with self._mutex:
            found = self._stores.get(place)
            if found is None:
                address = Address(place)
                token = ("", TOKEN_HEADER)
                if address.is_server:
                    token = self._tokens.get(address.root, token)
                site = replace(self._site, token=token[0], token_header=token[1])
                found = self._stores[place] = open_vectors(address, site)
            return found

    def place_of(self, collection: str) -> str:
        """Return the address of the store that a collection's vectors are in."""
        with self._catalog.reading() as state:
            return state.vector_place(collection)

    def of(self, collection: str) -> VectorStore:
        """Return the store that a collection's vectors are in."""
        return self.at(self.place_of(collection))

    def are_remote(self, collection: str) -> bool:
        """Say whether a network lies between, so that no lock and no transaction is held."""
        return Address(self.place_of(collection)).is_server

    def any_are_remote(self) -> bool:
        """Say whether a network lies between us and the vectors of any collection."""
        with self._catalog.reading() as state:
            return any(Address(place).is_server for place in state.vector_places())

    def most_chunks(self, collection: str) -> int:
        """Return the most chunk ids in one filter."""
        return self.of(collection).most_chunks

    def writing(self, collection: str) -> AbstractContextManager[None]:
        """Hold what changes of a collection's vectors need: the write lock, or nothing."""
        return self.of(collection).writing()

    def query(
        self, collection: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, similarity) of those that pass ``where``, best first."""
        return self._read(collection, lambda at: at.query(collection, vector, limit, where))

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors of those ``ids`` that are there."""
        return self._read(collection, lambda at: at.vectors(collection, ids))

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors, replacing those with the same id."""
        self.of(collection).upsert(collection, records, vectors)

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace what describes vectors."""
        self.of(collection).describe(collection, records)

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors."""
        self.of(collection).delete(collection, ids)

    def remake(self, collection: str, dim: int) -> None:
        """Put an empty collection in the place of one that cannot be read."""
        self.of(collection).remake(collection, dim)

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        return self.of(collection).ids(collection)

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        return self.of(collection).count(collection)

    def prune(self) -> None:
        """Leave nothing of what was deleted in files that this process can write."""
        with self._catalog.reading() as state:
            places = state.vector_places()
        for place in sorted({*places, self.chosen}):
            self.at(place).prune()

    def _read(self, collection: str, work: Callable[[VectorStore], _T]) -> _T:
        """Read from where a collection is, also if it moves at this moment."""
        place = self.place_of(collection)
        try:
            return work(self.at(place))
        except StoreError:
            if (now := self.place_of(collection)) == place:
                raise
            return work(self.at(now))

    def close(self) -> None:
        """Release files and connections."""
        with self._mutex:
            for store in self._stores.values():
                store.close()
            self._stores.clear()
