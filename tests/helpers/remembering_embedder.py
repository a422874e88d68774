"""A real embedder that computes no document twice, for tests that each begin with the same ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kb.embedding.base import Embedder, Vector, Vectors, embed_short


class RememberingEmbedder:
    """Has another embed, and keeps the vectors of documents; closing it is the other's business."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[tuple[str, str], Vector] = {}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the other has
        return getattr(self._embedder, name)

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        vectors = self._embed("one by one", texts, self._embedder.embed_documents)
        if on_progress is not None:
            on_progress(len(texts))
        return vectors

    def embed_short(self, texts: Sequence[str]) -> Vectors:
        return self._embed("together", texts, lambda new: embed_short(self._embedder, new))

    def _embed(
        self, way: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]
    ) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if (way, text) not in self._known]
        if new:
            self._known.update(zip(((way, text) for text in new), embed(new), strict=True))
        found = [self._known[way, text] for text in texts]
        return np.array(found, dtype=np.float32).reshape(len(texts), self._embedder.dim)
