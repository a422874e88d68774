"""What every dialect asks: tokens and vectors of texts, computed beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fastapi.responses import Response

from kb.embedding.base import Embedder, Vectors, batching, embed_queries
from kb.errors import InputTooLongError
from kb.server.embeddings.card import Card
from kb.server.lanes import Lane
from kb.server.queueing.room import Load
from kb.server.queueing.texts import Compute, TextQueue
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
        quick: threads for counting.
        most: how many texts may wait, and how many bytes of them.
    """

    def __init__(self, embedder: Embedder, *, quick: Lane, most: Load) -> None:
        self._embedder = embedder
        self._quick = quick
        self.card = Card.of(embedder)
        by = batching(embedder)

        def queue(what: str, compute: Compute) -> TextQueue:
            return TextQueue(what, compute, width=self.card.dim, batching=by, most=most)

        self.documents = queue("texts", lambda texts, _: embedder.embed_documents(texts))
        self.queries = queue(
            "queries", lambda texts, task: embed_queries(embedder, texts, task=task)
        )

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
        """Return the vectors of texts that the model reads whole, in their order.

        They wait for their turn, and are computed together with those of other requests.

        Raises:
            RefusalError: so many wait that there is no room for these (429).
        """
        if wording.query:
            return await self.queries.vectors(texts, task=wording.instruct)
        return await self.documents.vectors(texts)

    def close(self) -> None:
        """Wait for what is computed now."""
        self.documents.close()
        self.queries.close()

    async def written(self, write: Callable[[], Response]) -> Response:
        """Return the answer that ``write`` makes; large ones take a while."""
        return await asyncio.to_thread(write)

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
