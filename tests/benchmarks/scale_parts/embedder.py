"""The default model, its vectors turned into a wider space where a wider store is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from large_library import turning

from kb.embedding.base import Abilities, Embedder, EmbedderIdentity, Vector, Vectors


class WidenedEmbedder:
    """An embedder in front of another, with vectors of ``dim`` numbers and the same cosines."""

    def __init__(self, inner: Embedder, dim: int) -> None:
        self._inner = inner
        self._turn = turning(inner.dim, dim)
        self.identity: EmbedderIdentity = replace(
            inner.identity, fingerprint=f"{inner.identity.fingerprint}-{dim}", dim=dim
        )
        self.dim = dim
        self.max_tokens: int = inner.max_tokens
        self.abilities = Abilities(least_dim=dim, takes_task=inner.abilities.takes_task)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count as the other does."""
        return self._inner.count_tokens(texts)

    def count_read(self, texts: Sequence[str], *, query: bool = False, task: str = "") -> list[int]:
        """Count as the other does."""
        return self._inner.count_read(texts, query=query, task=task)

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Embed as the other does, wider."""
        vectors: Vectors = self._inner.embed_documents(texts, on_progress) @ self._turn
        return vectors

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        """Embed as the other does, wider."""
        vector: Vector = self._inner.embed_query(text, task=task) @ self._turn
        return vector

    def count_bare(self, texts: Sequence[str]) -> list[int]:
        """Count as the other does."""
        return self._inner.count_bare(texts)

    def embed_bare(self, texts: Sequence[str]) -> Vectors:
        """Embed as the other does, wider."""
        vectors: Vectors = self._inner.embed_bare(texts) @ self._turn
        return vectors

    def close(self) -> None:
        """Free the model."""
        self._inner.close()
