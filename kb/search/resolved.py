"""A resolved request: its collections, its queries and their modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.catalog.filters import SearchFilter
from kb.embedding.base import Vector
from kb.languages.neutral import Means
from kb.records import CollectionInfo, SearchMode
from kb.search.query import Query
from kb.search.reranked import Reranking


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """One resolved query: its mode, and its vector for each collection.

    ``means`` is one snapshot of the language means, for all its scores.
    """

    query: Query
    vectors: Sequence[Vector | None]
    means: Means
    mode: SearchMode
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A resolved request: its collections and its queries."""

    collections: Sequence[CollectionInfo]
    queries: Sequence[Sought]
    top_k: int
    where: SearchFilter
    context: int
    diversity: float
    rerank: Reranking | None
    task: str

    @property
    def vectors(self) -> list[dict[str, Vector]]:
        """The vectors of each query, by the collection's name."""
        names = [each.name for each in self.collections]
        return [
            {name: each for name, each in zip(names, own.vectors, strict=True) if each is not None}
            for own in self.queries
        ]

    @property
    def weights(self) -> list[float]:
        """The weight of each query."""
        return [each.weight for each in self.queries]

    @property
    def wanted(self) -> int:
        """Number of hits to find: the reranker may read more than are shown."""
        if self.rerank is None:
            return self.top_k
        return max(self.top_k, self.rerank.candidates)
