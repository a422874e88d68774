"""Weaviate's objects for vectors, and filters in its form."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from weaviate.classes import config, data, query

from kb.embedding.base import Vector
from kb.vectors.base import VectorFilter, VectorRecord

DISTANCE = query.MetadataQuery(distance=True)
"""The metadata that a search returns with each object."""


def index() -> Any:  # noqa: ANN401 - the client's types are not always there
    """Return the index settings for our own vectors: in cosine space."""
    return config.Configure.Vectors.self_provided(
        vector_index_config=config.Configure.VectorIndex.hnsw(
            distance_metric=config.VectorDistances.COSINE,
            ef=200,
            ef_construction=200,
            max_connections=32,
        )
    )


def made(record: VectorRecord, row: Vector) -> Any:  # noqa: ANN401 - as above
    """Return an object with a vector."""
    return data.DataObject(
        uuid=UUID(int=record.id),
        properties={**described(record), "text": record.text},
        vector=row.tolist(),
    )


def of_ids(ids: list[int]) -> Any:  # noqa: ANN401 - as above
    """Return the condition that an object has one of some ids."""
    return query.Filter.by_id().contains_any([UUID(int=item) for item in ids])


def properties() -> list[Any]:
    """Return the properties of objects, for filters and for outside clients."""
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


def described(record: VectorRecord) -> dict[str, Any]:
    """Return the properties of a vector, without its text."""
    return {
        "document_id": record.document_id,
        "language": record.language,
        "source": str(record.metadata.get("source", "")),
        "metadata": json.dumps(dict(record.metadata), ensure_ascii=False),
    }


def condition(where: VectorFilter | None) -> Any:  # noqa: ANN401 - as above
    """Return the client's filter."""
    if where is None:
        return None
    if where.chunks is not None:
        return of_ids(list(where.chunks))
    if where.documents is not None:
        return query.Filter.by_property("document_id").contains_any(list(where.documents))
    return query.Filter.by_property("language").equal(where.language or "")
