"""An embedder that computes some vectors only: hours of ingestion in minutes, in the same memory.

The model is whole, loaded and at work, so the memory of a run is what it is without sampling;
only time is saved. Vectors that are not computed are random ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kb.embedding.base import Embedder, EmbedderIdentity, Vector, Vectors, unit_rows


class SampledEmbedder:
    """Any embedder, of which one call in ``every`` is computed (all, if that is 1)."""

    def __init__(self, inner: Embedder, every: int) -> None:
        self._inner = inner
        self._every = every
        self._random = np.random.default_rng(7)

    @property
    def identity(self) -> EmbedderIdentity:
        return self._inner.identity

    @property
    def dim(self) -> int:
        return self._inner.dim

    @property
    def max_tokens(self) -> int:
        return self._inner.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._inner.count_tokens(texts)

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        if self._random.random() < 1 / self._every:
            return self._inner.embed_documents(texts, on_progress)
        vectors = self._random.standard_normal((len(texts), self.dim), dtype=np.float32)
        return unit_rows(vectors, dim=self.dim)

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        return self._inner.embed_query(text, task=task)

    def close(self) -> None:
        self._inner.close()
