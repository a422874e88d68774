"""Embedders without a model that know our own texts: what a text is about, and its language.

The questions of a language are about what their answers are about, in every language; any other
text is about its words. How loudly vectors say their language is chosen.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
from hashing_embedder import HashingEmbedder

from kb.embedding.base import EmbedderIdentity, Vector, Vectors, unit_rows
from kb.languages import questions
from kb.languages.chunks import chunk_language

DIM = 96


def _direction(name: str) -> Vector:
    draw = np.random.default_rng(zlib.crc32(name.encode("utf-8", "surrogatepass")))
    vector = draw.standard_normal(DIM)
    made: Vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return made


class LanguageEmbedder(HashingEmbedder):
    """Matter and language; ``loudness`` is that of the language against 1 for the matter."""

    dim = DIM

    def __init__(self, loudness: float) -> None:
        self.loudness = loudness
        self.identity = EmbedderIdentity(
            model_id=f"languages-{loudness:g}", fingerprint=f"languages-{loudness:g}", dim=DIM
        )
        self.embedded: list[str] = []
        self._known = {
            text: (f"matter {row}", language)
            for language in questions.languages()
            for part in (questions.texts(language).queries, questions.texts(language).answers)
            for row, text in enumerate(part)
        }

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self.embedded += texts
        rows = []
        for text in texts:
            matter, language = self._known.get(text) or (text, "")
            language = language or chunk_language(text, "") or "en"
            own = 0.3 * _direction(f"own {text}")
            rows.append(_direction(matter) + own + self.loudness * _direction(language))
        if on_progress is not None:
            on_progress(len(texts))
        return unit_rows(np.stack(rows)) if rows else np.empty((0, DIM), np.float32)

    def embed_query(self, text: str, *, task: str = "") -> Vector:  # noqa: ARG002 - the protocol's
        vector: Vector = self.embed_documents([text])[0]
        return vector
