"""An embedder that waits to be let go on, to see what goes on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from hashing_embedder import HashingEmbedder

from kb.embedding.base import Vectors

Result = TypeVar("Result")
_PATIENCE_S = 60


class WaitingEmbedder(HashingEmbedder):
    """Words hashed; texts with "wait" in them only when :attr:`go` is set."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go = threading.Event()

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        if any("wait" in text for text in texts):
            self.asked.set()
            assert self.go.wait(_PATIENCE_S), "nobody let it go on: the event loop stands still"
        return super().embed_documents(texts, on_progress)

    async def let_go_by_the_loop(self, call: Coroutine[Any, Any, Result]) -> Result:
        """Run what waits for this embedder; the loop lets it go on, so it must not stand still."""
        self.asked.clear()
        self.go.clear()
        task = asyncio.create_task(call)
        while not (self.asked.is_set() or task.done()):  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.01)
        assert self.asked.is_set(), "the embedder was not asked"
        self.go.set()
        return await task
