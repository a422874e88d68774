"""The vectors of all collections, each in the vector store recorded in the catalog."""

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
    """The vector store for new collections, and its token.

    Attributes:
        address: the store; the other values are only for this one.
        token: token for a server; empty for none.
        token_header: header of the token.
        timeout_s: how long writing waits for a server that is down or silent, in seconds.
    """

    address: Address = field(default_factory=lambda: Address("chroma"))
    token: str = ""
    token_header: str = TOKEN_HEADER
    timeout_s: float = 120.0


class PlacedVectors:
    """Vectors by collection, in any store. Thread-safe.

    Stores are opened when needed. :class:`kb.vectors.base.VectorStore` has the details of the
    methods. A CollectionGoneError is raised for a collection that the catalog does not know.

    Args:
        catalog: knows the vector store of each collection.
        access: the store for new collections.
        site: the surroundings of the knowledge base.
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
        """Remember the token for a server; no other server gets it."""
        if address.is_server:
            self._tokens[address.root] = (token, header)

    def at(self, place: str) -> VectorStore:
        """Return the store of an address in the form of the catalog."""
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
        """Return the address of a collection's vector store."""
        with self._catalog.reading() as state:
            return state.vector_place(collection)

    def of(self, collection: str) -> VectorStore:
        """Return a collection's vector store."""
        return self.at(self.place_of(collection))

    def are_remote(self, collection: str) -> bool:
        """Return whether a collection's vectors are on a server, so that no lock may be held."""
        return Address(self.place_of(collection)).is_server

    def any_are_remote(self) -> bool:
        """Return whether the vectors of any collection are on a server."""
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
        """Return up to ``limit`` (id, similarity) of vectors that pass ``where``, best first."""
        return self._read(collection, lambda at: at.query(collection, vector, limit, where))

    def answers_at_once(self, collection: str) -> bool:
        """Return whether a query would be answered by this process alone, without any waiting."""
        return self.of(collection).answers_at_once(collection)

    def prepare(self, collection: str) -> None:
        """Read into memory what the first query would read."""
        self.of(collection).prepare(collection)

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the existing vectors of ``ids``."""
        return self._read(collection, lambda at: at.vectors(collection, ids))

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors; replace those with the same id."""
        self.of(collection).upsert(collection, records, vectors)

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace the metadata of vectors."""
        self.of(collection).describe(collection, records)

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors."""
        self.of(collection).delete(collection, ids)

    def remake(self, collection: str, dim: int) -> None:
        """Replace an unreadable collection by an empty one."""
        self.of(collection).remake(collection, dim)

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        return self.of(collection).ids(collection)

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        return self.of(collection).count(collection)

    def prune(self) -> None:
        """Remove all deleted data from files that this process can write."""
        with self._catalog.reading() as state:
            places = state.vector_places()
        for place in sorted({*places, self.chosen}):
            self.at(place).prune()

    def _read(self, collection: str, work: Callable[[VectorStore], _T]) -> _T:
        """Read from a collection's store, even if the collection moves at this moment."""
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
