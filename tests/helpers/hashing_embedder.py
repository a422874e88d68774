"""An embedder without a model: words hashed to a few dimensions, for megabytes of text.

Feature hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009):
each word adds one or minus one to a place that its hash decides. The vectors compare texts by
the words that they share.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from zlib import crc32

import numpy as np

from kb.embedding.base import Abilities, EmbedderIdentity, Vector, Vectors, unit_rows

DIM = 64
_WORD = re.compile(r"\w+|\S")


class HashingEmbedder:
    """Vectors of hashed words; one token per word, and as much to read as a long context."""

    identity = EmbedderIdentity(model_id="hashed-words", fingerprint=f"crc32-{DIM}", dim=DIM)
    dim = DIM
    max_tokens = 8192
    abilities = Abilities(least_dim=DIM, takes_task=True)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_WORD.findall(text)) for text in texts]

    def count_read(self, texts: Sequence[str], *, query: bool = False, task: str = "") -> list[int]:
        return self.count_tokens([f"{task} {text}" if query else text for text in texts])

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        rows = np.zeros((len(texts), DIM), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in _WORD.findall(text.lower()):
                hashed = crc32(word.encode("utf-8", "surrogatepass"))
                row[hashed % DIM] += 1 if hashed & (1 << 16) else -1
            # A text whose words cancel out would have no direction.
            row[0] += 0.5
        if on_progress is not None:
            on_progress(len(texts))
        return unit_rows(rows, dim=DIM)

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        vector: Vector = self.embed_documents([f"{task} {text}"])[0]
        return vector

    def count_bare(self, texts: Sequence[str]) -> list[int]:
        return self.count_tokens(texts)

    def embed_bare(self, texts: Sequence[str]) -> Vectors:
        return self.embed_documents(texts)

    def close(self) -> None:
        """Hold nothing."""
