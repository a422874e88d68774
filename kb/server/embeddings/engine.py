"""The engine of every dialect: token counts and vectors, computed beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from fastapi.responses import Response

from kb.embedding.base import Embedder, Vectors, batching, embed_queries
from kb.errors import InputTooLongError
from kb.server.embeddings.card import Card
from kb.server.embeddings.facts import Facts
from kb.server.embeddings.windows import Windowed, in_pieces, windowed
from kb.server.fields import MOST_TEXTS, LongInputs
from kb.server.lanes import Lane
from kb.server.queueing.room import Load
from kb.server.queueing.texts import Compute, TextQueue
from kb.stopping import checkpoint

_TEXTS_AT_ONCE = 64
_AT_ONCE_CHARACTERS = 2000
"""Characters of texts that the event loop counts by itself. That takes 0.1 ms. Handing them to
another thread takes as long, or longer where all cores compute."""

_BARE = "bare"  # queue of documents without a prompt of the model

InputType = Literal["query", "document", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The model's prompt around texts: for queries, for documents, or none.

    ``instruct`` is the instruction of queries.
    """

    input_type: InputType = "document"
    instruct: str = ""

    @property
    def query(self) -> bool:
        """Whether the texts are queries, for which somebody waits."""
        return self.input_type == "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Vectors of texts in their order.

    Attributes:
        vectors: float32, shape (n, dim), unit length.
        tokens: tokens that the model read; tokens shared by windows count in each window.
        windows: number of windows by the number of each text that was too long.
    """

    vectors: Vectors
    tokens: int
    windows: Mapping[int, int]


class Engine:
    """One loaded model for all routes.

    Args:
        embedder: the model.
        quick: lane for counting.
        most: most texts that may wait, and most bytes of them.
        long_inputs: how to treat texts that are too long for the model, unless a request says.

    Attributes:
        card: the model's facts.
        documents: the queue of documents.
        queries: the queue of queries.
        facts: facts about the model's file.
        long_inputs: as above.
        long_texts: number of texts embedded in windows.
        windows: number of their windows.
        count: receives the number of tokens read.
    """

    def __init__(
        self,
        embedder: Embedder,
        *,
        quick: Lane,
        most: Load,
        long_inputs: LongInputs = "windows",
    ) -> None:
        self._embedder = embedder
        self._quick = quick
        self.card = Card.of(embedder)
        self.count: Callable[[int, Wording], None] = lambda *_: None
        self.facts = Facts.of(embedder)
        self.long_inputs = long_inputs
        self.long_texts = 0
        self.windows = 0
        by = batching(embedder)

        def queue(what: str, compute: Compute) -> TextQueue:
            return TextQueue(what, compute, width=self.card.dim, batching=by, most=most)

        def documents(texts: Sequence[str], task: str) -> Vectors:
            return (embedder.embed_bare if task == _BARE else embedder.embed_documents)(texts)

        def queries(texts: Sequence[str], task: str) -> Vectors:
            return embed_queries(embedder, texts, task=task)

        self.documents = queue("texts", documents)
        self.queries = queue("queries", queries)

    async def embed(
        self, texts: Sequence[str], wording: Wording, long_inputs: LongInputs | None = None
    ) -> Embedded:
        """Return the vectors of texts; read a too long text in windows, or refuse it.

        Raises:
            InputTooLongError: names the first text that is too long, and its tokens.
            RefusalError: too many texts wait.
        """
        counts = await self.counts(texts, wording)
        if max(counts, default=0) <= self.card.most_read:
            vectors = await self.vectors(texts, wording)
            self.count(sum(counts), wording)
            return Embedded(vectors=vectors, tokens=sum(counts), windows={})
        if (long_inputs or self.long_inputs) == "refuse":
            self._refuse_long(counts)
        cut = await self._quick.run(lambda: self._windowed(texts, counts, wording))
        parts = await self.vectors(cut.parts, wording)
        vectors = await asyncio.to_thread(cut.joined, parts)
        self.long_texts += len(cut.counts)
        self.windows += sum(cut.counts.values())
        self.count(sum(cut.tokens), wording)
        return Embedded(vectors=vectors, tokens=sum(cut.tokens), windows=cut.counts)

    async def counts(self, texts: Sequence[str], wording: Wording | None = None) -> list[int]:
        """Return the tokens of each text: alone, or those of the model's whole input."""
        count = (
            in_pieces(self._embedder.count_tokens) if wording is None else self._counting(wording)
        )
        if sum(map(len, texts)) <= _AT_ONCE_CHARACTERS:
            return _counted(texts, count)
        return await self._quick.run(lambda: _counted(texts, count))

    async def vectors(self, texts: Sequence[str], wording: Wording) -> Vectors:
        """Return the vectors of texts that fit the model, in their order.

        The texts wait for their turn. The model computes them together with those of other
        requests.

        Raises:
            RefusalError: too many texts wait (429).
        """
        if wording.query:
            return await self.queries.vectors(texts, task=wording.instruct)
        task = _BARE if wording.input_type == "none" else ""
        return await self.documents.vectors(texts, task=task)

    def close(self) -> None:
        """Wait for the present computation."""
        self.documents.close()
        self.queries.close()

    async def written(self, write: Callable[[], Response], *, texts: int) -> Response:
        """Return the answer that ``write`` makes for ``texts`` texts; a large one takes a while."""
        return write() if texts == 1 else await asyncio.to_thread(write)

    def _counting(self, wording: Wording) -> Callable[[Sequence[str]], list[int]]:
        """Return a function that counts all tokens of the model's input for a text."""
        if wording.input_type == "none":
            return in_pieces(self._embedder.count_bare)
        count = partial(self._embedder.count_read, query=wording.query, task=wording.instruct)
        return in_pieces(count)

    def _windowed(self, texts: Sequence[str], counts: Sequence[int], wording: Wording) -> Windowed:
        return windowed(
            texts,
            counts,
            self.card.most_read,
            self._counting(wording),
            most_parts=MOST_TEXTS,
            check=checkpoint(),
        )

    def _refuse_long(self, counts: Sequence[int]) -> None:
        most = self.card.most_read
        index = next(index for index, tokens in enumerate(counts) if tokens > most)
        msg = (
            f"input {index} of {len(counts)} has {counts[index]} tokens with its prompt, more "
            f"than the context length of {self.card.name}, {most}; split it (nothing was cut off)"
        )
        raise InputTooLongError(msg)


def _counted(texts: Sequence[str], count: Callable[[Sequence[str]], list[int]]) -> list[int]:
    """Count tokens, a few texts at a time, and stop when the client has disconnected."""
    check = checkpoint()
    counts: list[int] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        check()
        counts += count(texts[start : start + _TEXTS_AT_ONCE])
    return counts
