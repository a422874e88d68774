"""What every dialect asks: tokens and vectors of texts, computed beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from fastapi.responses import Response

from kb.embedding.base import Embedder, Vectors
from kb.errors import InputTooLongError
from kb.server.embeddings.card import Card
from kb.server.lanes import Lane
from kb.stopping import checkpoint

_TEXTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the model puts around texts; ``instruct`` is what queries ask for."""

    input_type: Literal["query", "document"] = "document"
    instruct: str = ""

    @property
    def query(self) -> bool:
        """Whether the texts are queries, which somebody waits for."""
        return self.input_type == "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Vectors of texts in their order, and the tokens that the model read."""

    vectors: Vectors
    tokens: int


class Engine:
    """One loaded model for all routes.

    Args:
        embedder: the model.
        bulk: threads for documents.
        quick: threads for queries and counts, which do not wait behind documents.
    """

    def __init__(self, embedder: Embedder, *, bulk: Lane, quick: Lane) -> None:
        self._embedder = embedder
        self._bulk = bulk
        self._quick = quick
        self.card = Card.of(embedder)

    async def embed(self, texts: Sequence[str], wording: Wording) -> Embedded:
        """Return the vectors of texts.

        Raises:
            InputTooLongError: names the first text that is too long, and its tokens.
            RefusalError: there is too much to do now.
        """
        counts = await self.counts(texts, wording)
        self._check_lengths(counts)
        return Embedded(vectors=await self.vectors(texts, wording), tokens=sum(counts))

    async def counts(self, texts: Sequence[str], wording: Wording | None = None) -> list[int]:
        """Return the tokens of each text: alone, or all that the model reads with a wording."""

        def count(some: Sequence[str]) -> list[int]:
            if wording is None:
                return self._embedder.count_tokens(some)
            return self._embedder.count_read(some, query=wording.query, task=wording.instruct)

        return await self._quick.run(lambda: _counted(texts, count))

    async def vectors(self, texts: Sequence[str], wording: Wording) -> Vectors:
        """Return the vectors of texts that the model reads whole, in their order."""
        lane = self._quick if wording.query else self._bulk
        return await lane.run(lambda: self._vectors(texts, wording))

    async def written(self, write: Callable[[], Response]) -> Response:
        """Return the answer that ``write`` makes; large ones take a while."""
        return await asyncio.to_thread(write)

    def _vectors(self, texts: Sequence[str], wording: Wording) -> Vectors:
        if not wording.query:
            return self._embedder.embed_documents(texts)
        check = checkpoint()
        vectors = []
        for text in texts:
            check()
            vectors.append(self._embedder.embed_query(text, task=wording.instruct))
        return np.stack(vectors)

    def _check_lengths(self, counts: Sequence[int]) -> None:
        most = self.card.most_read
        for index, tokens in enumerate(counts):
            if tokens > most:
                msg = (
                    f"input {index} of {len(counts)} has {tokens} tokens with its prompt, more "
                    f"than the context length of {self.card.name}, {most}; split it (nothing was "
                    "cut off)"
                )
                raise InputTooLongError(msg)


def _counted(texts: Sequence[str], count: Callable[[Sequence[str]], list[int]]) -> list[int]:
    """Count tokens, some texts at a time: a client that has gone is not counted for."""
    check = checkpoint()
    counts: list[int] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        check()
        counts += count(texts[start : start + _TEXTS_AT_ONCE])
    return counts
