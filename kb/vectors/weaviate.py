"""Vectors on a Weaviate server. The only file that imports its client (extra ``weaviate``).

An object's id is the chunk's number as a UUID, so that what is stored twice is there once. Weaviate
compares every vector where a filter passes less than 40,000, and asks its index otherwise.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

from kb.embedding.base import Vector, Vectors
from kb.errors import (
    MissingExtraError,
    StoreError,
    VectorServerUnavailableError,
)
from kb.remote.peer import Peer
from kb.vectors import refusals
from kb.vectors.address import Address
from kb.vectors.base import VectorFilter, VectorRecord, VectorStore, check_width, no_collection
from kb.vectors.opening import Site
from kb.vectors.waiting import SEARCH_TIMEOUT_S, patiently

try:
    import weaviate
    from weaviate.classes import config, data, init, query
    from weaviate.exceptions import UnexpectedStatusCodeError, WeaviateBaseError
except ModuleNotFoundError as error:
    if error.name != "weaviate":
        raise
    msg = "a Weaviate server needs its client: pip install 'shelfmark[weaviate]'"
    raise MissingExtraError(msg) from error

_GRPC_PORT = "50051"
_PER_REQUEST = 1000
_WIDTH = re.compile(r"vectors of (\d+) numbers")
_FULL = re.compile(r"no space left|disk is full|read-only|readonly", re.IGNORECASE)
_AWAY = re.compile(
    r"unavailable|connection|deadline|timed? ?out|reset by peer|not ready|broken pipe|goaway"
    r"|shutting down|leader not found",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"unauthorized|unauthenticated|forbidden|permission.?denied", re.IGNORECASE)

_T = TypeVar("_T")


class WeaviateStore:
    """A :class:`~kb.vectors.base.VectorStore` on a Weaviate server. Thread-safe.

    Args:
        address: ``weaviate://host:8080?grpc=50051``; with ``tls=1`` both ports speak TLS. A tenant
            and a database stand in the names of the collections there.
        site: the token, and how long to wait.
    """

    most_chunks = 10_000

    def __init__(self, address: Address, site: Site) -> None:
        self._address = address
        self._site = site
        self._where = f"the Weaviate server {address.root}"
        self._peer = Peer(named=self._where, root=address.root, secret=site.token, word="token")
        self._mutex = threading.Lock()
        self._client: Any = None
        self._widths: dict[str, int] = {}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold nothing: the server locks for itself."""
        yield

    def create(self, collection: str, dim: int) -> None:
        """Make an empty collection in cosine space."""

        def make(client: Any) -> None:  # noqa: ANN401 - the client's types are not always there
            name = self._name(collection)
            if not client.collections.exists(name):
                client.collections.create(
                    name,
                    description=f"Chunks of Shelfmark: vectors of {dim} numbers.",
                    properties=_properties(),
                    vector_config=config.Configure.Vectors.self_provided(
                        vector_index_config=config.Configure.VectorIndex.hnsw(
                            distance_metric=config.VectorDistances.COSINE,
                            ef=200,
                            ef_construction=200,
                            max_connections=32,
                        )
                    ),
                )

        self._write(make)
        check_width(collection, self._width(collection), dim)

    def drop(self, collection: str) -> None:
        """Delete a collection with all its vectors."""
        with self._mutex:
            self._widths.pop(collection, None)
        self._write(lambda client: client.collections.delete(self._name(collection)))

    def remake(self, collection: str, dim: int) -> None:
        """Put an empty collection in the place of one."""
        self.drop(collection)
        self.create(collection, dim)

    def upsert(self, collection: str, records: Sequence[VectorRecord], vectors: Vectors) -> None:
        """Store vectors with their text and metadata."""
        check_width(collection, self._width(collection), vectors.shape[1])
        for at in range(0, len(records), _PER_REQUEST):
            objects = [
                data.DataObject(
                    uuid=UUID(int=record.id),
                    properties={**_described(record), "text": record.text},
                    vector=row.tolist(),
                )
                for record, row in zip(
                    records[at : at + _PER_REQUEST], vectors[at : at + _PER_REQUEST], strict=True
                )
            ]
            self._write(partial(self._insert, collection, objects))

    def describe(self, collection: str, records: Sequence[VectorRecord]) -> None:
        """Replace what describes vectors; ids that are not there are ignored."""
        there = self.vectors(collection, [record.id for record in records])
        for record in records:
            if record.id in there:
                self._write(partial(self._update, collection, record))

    def query(
        self, collection: str, vector: Vector, limit: int, where: VectorFilter | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``limit`` (id, cosine similarity) of those that pass, best first."""
        check_width(collection, self._width(collection), len(vector))
        if limit <= 0 or (where is not None and () in {where.documents, where.chunks}):
            return []
        found = self._search(
            lambda client: self._there(client, collection).query.near_vector(
                near_vector=vector.tolist(),
                limit=limit,
                filters=_condition(where),
                return_properties=[],
                return_metadata=query.MetadataQuery(distance=True),
            )
        )
        return [(each.uuid.int, 1.0 - float(each.metadata.distance)) for each in found.objects]

    def vectors(self, collection: str, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors of those ``ids`` that are there."""
        self._width(collection)
        result: dict[int, Vector] = {}
        for part in _batches(dict.fromkeys(ids)):
            found = self._search(partial(self._fetch, collection, part))
            for each in found.objects:
                result[each.uuid.int] = np.asarray(each.vector["default"], dtype=np.float32)
        return result

    def delete(self, collection: str, ids: Iterable[int]) -> None:
        """Delete vectors; ids that are not there are ignored."""
        self._width(collection)
        for part in _batches(ids):
            self._write(partial(self._delete, collection, part))

    def ids(self, collection: str) -> set[int]:
        """Return every id in the collection."""
        self._width(collection)
        return self._search(
            lambda client: {
                each.uuid.int
                for each in self._there(client, collection).iterator(return_properties=[])
            }
        )

    def count(self, collection: str) -> int:
        """Count the vectors of a collection."""
        self._width(collection)
        return self._search(
            lambda client: int(
                self._there(client, collection).aggregate.over_all(total_count=True).total_count
            )
        )

    def prune(self) -> None:
        """Do nothing: the files are the server's, which compacts them by itself."""

    def close(self) -> None:
        """Close the connections."""
        with self._mutex:
            if self._client is not None:
                self._client.close()
                self._client = None

    # -- helpers

    def _name(self, collection: str) -> str:
        """Return a name as Weaviate wants it: a capital first, then letters, digits and ``_``."""
        place = [self._address.parameter(name, "") for name in ("tenant", "database")]
        named = "_".join([*filter(None, place), collection])
        return "Kb_" + re.sub(r"\W", "_", named, flags=re.ASCII)

    def _width(self, collection: str) -> int:
        """Return how wide a collection's vectors are.

        Raises:
            StoreError: the server does not know the collection.
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
            width = self._search(ask)
            if width is None:
                raise no_collection(collection, self._where)
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
        chosen = query.Filter.by_id().contains_any([UUID(int=item) for item in ids])
        self._there(client, collection).data.delete_many(where=chosen)

    def _insert(self, collection: str, objects: list[Any], client: Any) -> None:  # noqa: ANN401 - as above
        done = self._there(client, collection).data.insert_many(objects)
        if done.has_errors:
            first = next(iter(done.errors.values()))
            raise self._explained(str(first.message), None)

    def _update(self, collection: str, record: VectorRecord, client: Any) -> None:  # noqa: ANN401 - as above
        try:
            self._there(client, collection).data.update(
                uuid=UUID(int=record.id), properties=_described(record)
            )
        except UnexpectedStatusCodeError as error:
            if error.status_code != 404:  # noqa: PLR2004 - deleted meanwhile
                raise

    def _search(self, work: Callable[[Any], _T]) -> _T:
        return self._patiently(work, min(SEARCH_TIMEOUT_S, self._site.timeout_s))

    def _write(self, work: Callable[[Any], _T]) -> _T:
        return self._patiently(work, self._site.timeout_s)

    def _patiently(self, work: Callable[[Any], _T], patience_s: float) -> _T:
        def send(_: float) -> _T:
            try:
                return work(self._connected())
            except WeaviateBaseError as error:
                raise self._explained(str(error), getattr(error, "status_code", None)) from error

        return patiently(send, patience_s, self._site.interrupted)

    def _connected(self) -> Any:  # noqa: ANN401 - as above
        with self._mutex:
            if self._client is None:
                secure = self._address.parameter("tls", "") not in {"", "0"}
                self._peer.warn_of_onlookers(tls=secure, instead="tls=1 in its address")
                timeout = round(self._site.timeout_s) or 1
                self._client = weaviate.connect_to_custom(
                    http_host=self._address.host,
                    http_port=self._address.port or (443 if secure else 8080),
                    http_secure=secure,
                    grpc_host=self._address.host,
                    grpc_port=int(self._address.parameter("grpc", _GRPC_PORT)),
                    grpc_secure=secure,
                    headers=self._site.headers(),
                    additional_config=init.AdditionalConfig(
                        timeout=init.Timeout(init=5, query=timeout, insert=timeout),
                        trust_env=not self._peer.local,
                    ),
                )
            return self._client

    def _explained(self, said: str, status: int | None) -> StoreError:
        """Return the error that Weaviate's own means."""
        answer = f"{self._where}: {self._peer.words_in(said, most=400)}"
        if status in {401, 403} or _TOKEN.search(said):
            return refusals.refused(answer, self._peer, self._site.token_header)
        if status == 507 or _FULL.search(said):  # noqa: PLR2004 - insufficient storage
            return refusals.full(answer)
        if status in {429, 502, 503, 504} or _AWAY.search(said):
            return VectorServerUnavailableError(answer)
        return refusals.failed(answer)


def _properties() -> list[Any]:
    """What objects hold: what filters look at, and what an outside client sees."""
    kinds = config.DataType
    exactly = {"tokenization": config.Tokenization.FIELD, "index_searchable": False}
    seen = {"index_filterable": False, "index_searchable": False}
    return [
        config.Property(name="document_id", data_type=kinds.INT),
        config.Property(name="language", data_type=kinds.TEXT, **exactly),
        config.Property(name="source", data_type=kinds.TEXT, **seen),
        config.Property(name="text", data_type=kinds.TEXT, **seen),
        config.Property(name="metadata", data_type=kinds.TEXT, **seen),
    ]


def _described(record: VectorRecord) -> dict[str, Any]:
    return {
        "document_id": record.document_id,
        "language": record.language,
        "source": str(record.metadata.get("source", "")),
        "metadata": json.dumps(dict(record.metadata), ensure_ascii=False),
    }


def _condition(where: VectorFilter | None) -> Any:  # noqa: ANN401 - as above
    if where is None:
        return None
    if where.chunks is not None:
        return query.Filter.by_id().contains_any([UUID(int=item) for item in where.chunks])
    if where.documents is not None:
        return query.Filter.by_property("document_id").contains_any(list(where.documents))
    return query.Filter.by_property("language").equal(where.language or "")


def _batches(values: Iterable[int]) -> Iterator[list[int]]:
    items = iter(values)
    while part := list(islice(items, _PER_REQUEST)):
        yield part


def open_weaviate(address: Address, site: Site) -> VectorStore:
    """Open the store on the server that an address names."""
    return WeaviateStore(address, site)
