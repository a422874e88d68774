"""Lends the contexts of one model to threads, queries before documents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from kb.embedding.context import Context


class ContextPool:
    """Lends contexts; queries have one of their own, and come before documents for the others.

    Without ``express`` a query waits for the call that is under way (0.2 s for a chunk on one
    core). With it the query's few tokens share the processor with the bulk, at once.

    Args:
        contexts: for documents, and for queries that are long or many.
        express: for queries of at most its ``n_batch`` tokens; None where there is no memory.
    """

    def __init__(self, contexts: Sequence[Context], express: Context | None = None) -> None:
        self._contexts = list(contexts)
        self._free = list(contexts)
        self._express = express
        self._express_free = express is not None
        self._changed = threading.Condition()
        self._urgent_waiting = 0

    @property
    def size(self) -> int:
        """How many contexts there are for documents."""
        return len(self._contexts)

    def any(self) -> Context:
        """Return a context to look at, not to compute with."""
        return self._contexts[0]

    @contextmanager
    def borrow(self, *, urgent_tokens: int = 0) -> Iterator[Context]:
        """Lend a context for the block; a query says by ``urgent_tokens`` how long it is."""
        context = self._take(urgent_tokens)
        try:
            yield context
        finally:
            with self._changed:
                if context is self._express:
                    self._express_free = True
                else:
                    self._free.append(context)
                self._changed.notify_all()

    def _take(self, urgent_tokens: int) -> Context:
        urgent = urgent_tokens > 0
        with self._changed:
            self._urgent_waiting += urgent
            try:
                self._changed.wait_for(
                    lambda: (
                        self._fits_express(urgent_tokens)
                        or (self._free and (urgent or self._urgent_waiting == 0))
                    )
                )
                if self._express is not None and self._fits_express(urgent_tokens):
                    self._express_free = False
                    return self._express
                return self._free.pop()
            finally:
                self._urgent_waiting -= urgent
                if urgent:
                    self._changed.notify_all()

    def replace(self, contexts: Callable[[], Sequence[Context]]) -> bool:
        """Lend other contexts for documents from now on; False if one of the present is lent."""
        with self._changed:
            if len(self._free) < len(self._contexts):
                return False
            made = list(contexts())
            old, self._contexts, self._free = self._contexts, made, list(made)
        for context in old:
            context.close()
        return True

    def _fits_express(self, urgent_tokens: int) -> bool:
        return (
            self._express is not None
            and self._express_free
            and 0 < urgent_tokens <= self._express.n_batch
        )

    def close(self) -> None:
        """Free all contexts; none may be lent."""
        for context in [*self._contexts, *([self._express] if self._express else [])]:
            context.close()
