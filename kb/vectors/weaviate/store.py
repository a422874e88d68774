"""The vector store on a Weaviate server.

An object's id is the chunk's number as a UUID, so that storing it twice gives one object. Weaviate
compares every vector if a filter passes less than 40,000, and uses its index otherwise.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np

from kb.embedding.base import Vector, Vectors
from kb.vectors.address import Address
from kb.vectors.base import VectorFilter, VectorRecord, VectorStore, check_width, no_collection
from kb.vectors.opening import Site
from kb.vectors.weaviate import objects
from kb.vectors.weaviate.connection import Connection, passing_over_unknown

_PER_REQUEST = 1000
_WIDTH = re.compile(r"vectors of (\d+) numbers")


class WeaviateStore:
    """A :class:`~kb.vectors.base.VectorStore` on a Weaviate server. Thread-safe.

    Args:
        address: ``weaviate://host:8080?grpc=50051``; with ``tls=1`` both ports use TLS. Tenant and
            database become a part of the names of collections.
        site: the token and the waiting time.
    """

    most_chunks = 10_000

    def __init__(self, address: Address, site: Site) -> None:
        self._address = address
        self._server = Connection(address, site)
        self._mutex = threading.Lock()
        self._widths: dict[str, int] = {}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold nothing: the server locks by itself."""
        yield

    def create(self, collection: str, dim: int) -> None:
        """Create an empty collection in cosine space."""

        def make(client: Any) -> None:  # noqa: ANN401 - the client's types are not always there
            name = self._name(collection)
            if not client.collections.exists(name):
                client.collections.create(
                    name,
                    description=f"Chunks of Shelfmark: vectors of {dim} numbers.",
                    properties=objects.properties(),
                    vector_config=objects.index(),
                )

        self._server.write(make)
        check_width(collection, self._width(collection), dim)

    def drop(self, collection: str) -> None:
        """Delete a collection with all its vectors."""
        with self._mutex:
            self._widths.pop(collection, None)
        self._server.write(lambda client: client.collections.delete(self._name(collection)))

    def remake(self, collection: str, dim: int) -> None:
        """Replace a collection by an empty one."""
        self.drop(collection)
        self.create(collection, dim)

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors with their text and metadata."""
        check_width(collection, self._width(collection), vectors.shape[1])
        for at in range(0, len(records), _PER_REQUEST):
            made = [
                objects.made(record, row)
                for record, row in zip(
                    records[at : at + _PER_REQUEST], vectors[at : at + _PER_REQUEST], strict=True
                )
            ]
            self._server.write(partial(self._insert, collection, made))

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace the properties of vectors; ignore unknown ids."""
        there = self.vectors(collection, [record.id for record in records])
        for record in records:
            if record.id in there:
                self._server.write(partial(self._update, collection, record))

    def query(
        self, collection: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, cosine similarity) of vectors that pass, best first."""
        check_width(collection, self._width(collection), len(vector))
        if limit <= 0 or (where is not None and () in {where.documents, where.chunks}):
            return []
        found = self._server.search(
            lambda client: self._there(client, collection).query.near_vector(
                near_vector=vector.tolist(),
                limit=limit,
                filters=objects.condition(where),
                return_properties=[],
                return_metadata=objects.DISTANCE,
            )
        )
        return [(each.uuid.int, 1.0 - float(each.metadata.distance)) for each in found.objects]

    def answers_at_once(self, collection: str) -> bool:  # noqa: ARG002 - the protocol's call
        """Return False: the server answers."""
        return False

    def prepare(self, collection: str) -> None:
        """Do nothing: the server has its vectors in memory."""

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the existing vectors of ``ids``."""
        self._width(collection)
        result: dict[int, Vector] = {}
        for part in _batches(dict.fromkeys(ids)):
            found = self._server.search(partial(self._fetch, collection, part))
            for each in found.objects:
                result[each.uuid.int] = np.asarray(each.vector["default"], dtype=np.float32)
        return result

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors; ignore unknown ids."""
        self._width(collection)
        for part in _batches(ids):
            self._server.write(partial(self._delete, collection, part))

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        self._width(collection)
        return self._server.search(
            lambda client: {
                each.uuid.int
                for each in self._there(client, collection).iterator(return_properties=[])
            }
        )

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        self._width(collection)
        return self._server.search(
            lambda client: int(
                self._there(client, collection).aggregate.over_all(total_count=True).total_count
            )
        )

    def prune(self) -> None:
        """Do nothing: the server compacts its files by itself."""

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    # -- helpers

    def _name(self, collection: str) -> str:
        """Return a name in Weaviate's form: a capital first, then letters, digits and ``_``."""
        place = [self._address.parameter(name, "") for name in ("tenant", "database")]
        named = "_".join([*filter(None, place), collection])
        return "Kb_" + re.sub(r"\W", "_", named, flags=re.ASCII)

    def _width(self, collection: str) -> int:
        """Return the width of a collection's vectors.

        Raises:
            StoreError: the collection does not exist on the server.
        """

        def ask(client: Any) -> int | None:  # noqa: ANN401 - as above
            name = self._name(collection)
            if not client.collections.exists(name):
                return None
            told = _WIDTH.search(client.collections.get(name).config.get().description or "")
            return int(told[1]) if told else None

        with self._mutex:
            width = self._widths.get(collection)
        if width is None:
            width = self._server.search(ask)
            if width is None:
                raise no_collection(collection, self._server.where)
            with self._mutex:
                self._widths[collection] = width
        return width

    def _there(self, client: Any, collection: str) -> Any:  # noqa: ANN401 - as above
        return client.collections.get(self._name(collection))

    def _fetch(self, collection: str, ids: list[int], client: Any) -> Any:  # noqa: ANN401 - as above
        return self._there(client, collection).query.fetch_objects_by_ids(
            [UUID(int=item) for item in ids],
            limit=len(ids),
            include_vector=True,
            return_properties=[],
        )

    def _delete(self, collection: str, ids: list[int], client: Any) -> None:  # noqa: ANN401 - as above
        self._there(client, collection).data.delete_many(where=objects.of_ids(ids))

    def _insert(self, collection: str, made: list[Any], client: Any) -> None:  # noqa: ANN401 - as above
        done = self._there(client, collection).data.insert_many(made)
        if done.has_errors:
            first = next(iter(done.errors.values()))
            raise self._server.explained(str(first.message), None)

    def _update(self, collection: str, record: VectorRecord, client: Any) -> None:  # noqa: ANN401 - as above
        with passing_over_unknown():  # deleted meanwhile
            self._there(client, collection).data.update(
                uuid=UUID(int=record.id), properties=objects.described(record)
            )


def _batches(values: Iterable[int]) -> Iterator[list[int]]:
    items = iter(values)
    while part := list(islice(items, _PER_REQUEST)):
        yield part


def open_weaviate(address: Address, site: Site) -> VectorStore:
    """Open the store on the server of an address."""
    return WeaviateStore(address, site)
