"""Vectors on a Chroma server, which locks by itself and shows everybody the same state.

Broken requests are sent again; all of them are repeatable. The server is asked once for its batch
size.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from kb.embedding.base import Vector, Vectors
from kb.errors import VectorServerError
from kb.vectors.address import Address
from kb.vectors.base import (
    VectorFilter,
    VectorRecord,
    VectorStore,
    check_width,
)
from kb.vectors.chroma import records as chroma
from kb.vectors.chroma.known import (
    DEFAULT_DATABASE,
    DEFAULT_TENANT,
    Collection,
    KnownCollections,
)
from kb.vectors.chroma.wire import TooLargeError, Wire
from kb.vectors.opening import Site

# A thousand vectors of 2,560 numbers with their texts take 18 MB; the server accepts 40 MB.
_MOST_IN_REQUEST = 1000
_IDS_PER_CALL = 5000


class ChromaServer:
    """A :class:`~kb.vectors.base.VectorStore` on a server. Thread-safe.

    Args:
        wire: requests to the server.
        tenant: tenant of the database; created with the first collection if needed.
        database: database of the collections; created likewise.
    """

    most_chunks = chroma.MOST_CHUNKS

    def __init__(self, wire: Wire, *, tenant: str, database: str) -> None:
        self._wire = wire
        self._known = KnownCollections(wire, tenant=tenant, database=database)
        self._batch_size = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold nothing: the server locks by itself."""
        yield

    def create(self, collection: str, dim: int) -> None:
        """Create an empty collection in cosine space."""
        found = self._known.make(collection, dim)
        if found.dim is not None:
            check_width(collection, found.dim, dim)

    def drop(self, collection: str) -> None:
        """Delete a collection with all its vectors."""
        self._known.drop(collection)

    def remake(self, collection: str, dim: int) -> None:
        """Replace an unreadable collection by an empty one."""
        self.drop(collection)
        self.create(collection, dim)

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors with their text and metadata."""
        with self._known.found(collection) as target:
            if target.dim is not None:
                check_width(collection, target.dim, vectors.shape[1])
            for at in range(0, len(records), size := self._most_in_request()):
                self._upsert(target, records[at : at + size], vectors[at : at + size])

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace the metadata of existing vectors."""
        with self._known.found(collection) as target:
            for part in chroma.batches(records, self._most_in_request()):
                ids = [str(record.id) for record in part]
                there = set(self._get(target, {"ids": ids, "include": []})["ids"])
                if known := [record for record in part if str(record.id) in there]:
                    body = {
                        "ids": [str(record.id) for record in known],
                        "metadatas": [chroma.metadata(record) for record in known],
                    }
                    self._wire.write("POST", f"{target.path}/update", body)

    def query(
        self, collection: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, cosine similarity) of vectors that pass, best first."""
        if chroma.passes_nothing(where) or limit <= 0:
            return []
        with self._known.found(collection) as target:
            if target.dim is not None:
                check_width(collection, target.dim, len(vector))
            if where is None:
                return self._asked(target, vector, limit)
            if where.chunks is None:
                return self._nearest_on_condition(target, vector, limit, where)
            return self._nearest_of(target, vector, limit, where.chunks)

    def answers_at_once(self, collection: str) -> bool:  # noqa: ARG002 - the protocol's call
        """Return False: the server answers."""
        return False

    def prepare(self, collection: str) -> None:
        """Do nothing: the server has its vectors in memory."""

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the existing vectors of ``ids``."""
        with self._known.found(collection) as target:
            return self._vectors(target, [str(item) for item in dict.fromkeys(ids)])

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors; ignore unknown ids."""
        with self._known.found(collection) as target:
            for part in chroma.batches(ids, self._most_in_request()):
                body = {"ids": [str(item) for item in part]}
                self._wire.write("POST", f"{target.path}/delete", body)

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        with self._known.found(collection) as target:
            return {int(name) for name in self._get(target, {"include": []})["ids"]}

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        with self._known.found(collection) as target:
            return int(self._wire.search("GET", f"{target.path}/count"))

    def prune(self) -> None:
        """Do nothing: the files are the server's (``chroma vacuum`` there)."""

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    # -- helpers

    def _upsert(
        self, target: Collection, records: Sequence[VectorRecord], vectors: Vectors
    ) -> None:
        rows = np.ascontiguousarray(vectors, dtype="<f4")
        body = {
            **_described(records),
            "embeddings": [base64.b64encode(row.tobytes()).decode("ascii") for row in rows],
        }
        try:
            self._wire.write("POST", f"{target.path}/upsert", body)
        except TooLargeError:
            if len(records) == 1:
                raise
            half = len(records) // 2
            self._upsert(target, records[:half], vectors[:half])
            self._upsert(target, records[half:], vectors[half:])

    def _nearest_on_condition(
        self, target: Collection, vector: Vector, limit: int, where: VectorFilter
    ) -> list[tuple[int, float]]:
        condition = chroma.condition(where)
        found = self._asked(target, vector, limit, where=condition)
        if len(found) == limit:
            return found
        # No more may pass, or the index has missed some.
        passing = self._get(target, {"where": condition, "include": []})["ids"]
        if len(passing) == len(found):
            return found
        return chroma.compared(self._vectors(target, passing), vector, limit)

    def _nearest_of(
        self, target: Collection, vector: Vector, limit: int, chunks: Sequence[int]
    ) -> list[tuple[int, float]]:
        names = [str(item) for item in dict.fromkeys(chunks)]
        if len(names) <= chroma.FEW:
            return chroma.compared(self._vectors(target, names), vector, limit)
        try:
            found = self._asked(target, vector, limit, ids=names)
        except VectorServerError as error:
            if not chroma.names_unknown_id(str(error)):
                raise
            names = self._there(target, names)
            found = self._asked(target, vector, limit, ids=names)
        if len(found) == min(limit, len(names)):
            return found
        return chroma.compared(self._vectors(target, names), vector, limit)

    def _asked(
        self,
        target: Collection,
        vector: Vector,
        limit: int,
        *,
        where: dict[str, Any] | None = None,
        ids: list[str] | None = None,
    ) -> list[tuple[int, float]]:
        """Query the index."""
        if ids == []:
            return []
        body = {
            "query_embeddings": [vector.tolist()],
            "n_results": limit if ids is None else min(limit, len(ids)),
            "ids": ids,
            "where": where,
            "include": ["distances"],
        }
        answer = self._wire.search("POST", f"{target.path}/query", body)
        return chroma.hits(answer["ids"][0], answer["distances"][0])

    def _there(self, target: Collection, names: Sequence[str]) -> list[str]:
        found: list[str] = []
        for part in chroma.batches(names, _IDS_PER_CALL):
            found += self._get(target, {"ids": part, "include": []})["ids"]
        return found

    def _vectors(self, target: Collection, names: Sequence[str]) -> dict[int, Vector]:
        result: dict[int, Vector] = {}
        for part in chroma.batches(names, _IDS_PER_CALL):
            answer = self._get(target, {"ids": part, "include": ["embeddings"]})
            rows = np.asarray(answer["embeddings"], dtype=np.float32)
            for name, row in zip(answer["ids"], rows, strict=True):
                result[int(name)] = row
        return result

    def _get(self, target: Collection, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return self._wire.search("POST", f"{target.path}/get", body)

    def _most_in_request(self) -> int:
        if not self._batch_size:
            told = self._wire.write("GET", "/pre-flight-checks")
            self._batch_size = min(_MOST_IN_REQUEST, int(told["max_batch_size"]))
        return self._batch_size


def _described(records: Sequence[VectorRecord]) -> dict[str, Any]:
    return {
        "ids": [str(record.id) for record in records],
        "documents": [record.text for record in records],
        "metadatas": [chroma.metadata(record) for record in records],
    }


def open_server(address: Address, site: Site) -> VectorStore:
    """Open the store on the server of an address with ``tenant`` and ``database``."""
    return ChromaServer(
        Wire(address, site),
        tenant=address.parameter("tenant", DEFAULT_TENANT),
        database=address.parameter("database", DEFAULT_DATABASE),
    )
