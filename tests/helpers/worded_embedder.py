"""An embedder without a model that puts a prompt around texts and reads few tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hashing_embedder import HashingEmbedder

from kb.embedding.base import Vector, Vectors
from kb.errors import InputTooLongError

MOST_READ = 64


class WordedEmbedder(HashingEmbedder):
    """Words hashed, one token each; ``texts`` are all that it has read, prompts included."""

    max_tokens = MOST_READ - 2

    def __init__(self) -> None:
        self.texts: list[str] = []

    def count_read(self, texts: Sequence[str], *, query: bool = False, task: str = "") -> list[int]:
        return self.count_tokens([self._worded(text, query=query, task=task) for text in texts])

    def embed_documents(
        self,
        texts: Sequence[str],
        on_progress: Callable[[int], None] | None = None,  # noqa: ARG002 - nobody looks
    ) -> Vectors:
        return self._read([self._worded(text) for text in texts])

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        vector: Vector = self._read([self._worded(text, query=True, task=task)])[0]
        return vector

    def embed_bare(self, texts: Sequence[str]) -> Vectors:
        return self._read(list(texts))

    def _worded(self, text: str, *, query: bool = False, task: str = "") -> str:
        return f"{task or 'query'}: {text}" if query else f"passage: {text}"

    def _read(self, texts: list[str]) -> Vectors:
        for text, tokens in zip(texts, self.count_tokens(texts), strict=True):
            if tokens > MOST_READ:
                raise InputTooLongError(text)
        self.texts += texts
        return HashingEmbedder.embed_documents(self, texts) if texts else np.empty((0, self.dim))
