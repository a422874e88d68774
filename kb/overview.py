"""A collection at a glance: kinds of documents, lengths of chunks, and a map of similarity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kb.embedding.base import Vectors
from kb.records import CollectionInfo, MediaType
from kb.store.store import Store

MOST_POINTS = 5_000
"""Most documents on the map; the newest are chosen."""

LENGTH_STEP = 128
"""Width of one bar of the chunk lengths, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPoint:
    """A document on the map; ``x`` and ``y`` are in [-1, 1], and near means similar."""

    document_id: int
    name: str
    media_type: MediaType
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Counts of a collection, and a map of its documents.

    ``chunk_lengths`` counts chunks by their length in characters; each key is the start of a step
    of :data:`LENGTH_STEP`. ``added`` counts documents by day (ISO 8601).
    """

    types: Mapping[str, int] = field(default_factory=dict)
    chunk_lengths: Mapping[int, int] = field(default_factory=dict)
    added: Mapping[str, int] = field(default_factory=dict)
    points: tuple[MapPoint, ...] = ()


def overview(store: Store, target: CollectionInfo) -> Overview:
    """Summarise a collection: 0.1 s for 5,000 documents, more for more chunks."""
    with store.catalog.reading() as state:
        every = state.glances(target.id)
        lengths = state.chunk_lengths(target.id, LENGTH_STEP)
    shown = {each.chunk_id: each for each in every[:MOST_POINTS] if each.chunk_id is not None}
    vectors = store.stored_vectors(target.id, list(shown))
    # A vector may just be deleted: the map shows the others.
    shown = {chunk_id: each for chunk_id, each in shown.items() if chunk_id in vectors}
    places = flat([vectors[chunk_id] for chunk_id in shown])
    return Overview(
        types=dict(Counter(each.media_type for each in every).most_common()),
        chunk_lengths=lengths,
        added=dict(sorted(Counter(each.day for each in every).items())),
        points=tuple(
            MapPoint(
                document_id=each.id,
                name=each.name,
                media_type=each.media_type,
                x=float(x),
                y=float(y),
            )
            for each, (x, y) in zip(shown.values(), places, strict=True)
        ),
    )


def flat(vectors: list[npt.NDArray[np.float32]]) -> Vectors:
    """Return vectors' first two principal components, float32, shape (n, 2), within [-1, 1].

    H. Hotelling, "Analysis of a complex of statistical variables into principal components", 1933.
    """
    if not vectors:
        return np.empty((0, 2), dtype=np.float32)
    rows: Vectors = np.stack(vectors).astype(np.float32)
    rows = rows - rows.mean(axis=0)
    # Through the covariance: vectors are narrow, documents many. Eigenvalues come in ascending
    # order.
    _, axes = np.linalg.eigh(rows.T @ rows)
    places = rows @ axes[:, :-3:-1]
    widest = np.abs(places).max(axis=0)
    scaled: Vectors = (places / np.where(widest > 0, widest, 1)).astype(np.float32)
    return scaled
