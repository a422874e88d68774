"""Lends the contexts of one model to threads in order of arrival, queries before documents."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from kb.llama.context import Context

MOST_PASSES = 4
"""How many queries may pass documents that wait: then the first of those has its turn."""


class _Waiter:
    """Somebody who waits for a context, and the one that was handed over."""

    __slots__ = ("context",)

    def __init__(self) -> None:
        self.context: Context | None = None


class ContextPool:
    """Lends contexts; queries have one of their own, and come before documents for the others.

    Who gives a context back hands it to who waits longest. Without that order the thread that
    gives it back takes it again, before the others are awake, and one of them waits for ever.

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
        self._queries: deque[_Waiter] = deque()
        self._documents: deque[_Waiter] = deque()
        self._passes = 0
        self._replacing = False

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
                self._hand_over()

    def replace(self, contexts: Callable[[], Sequence[Context]]) -> None:
        """Lend other contexts for documents from now on, as soon as the present ones are back.

        Raises:
            OutOfMemoryError: what ``contexts`` raises; the present ones stay.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._replacing)
            self._replacing = True
            try:
                self._changed.wait_for(lambda: len(self._free) == len(self._contexts))
                made = list(contexts())
                old, self._contexts, self._free = self._contexts, made, list(made)
            finally:
                self._replacing = False
                self._hand_over()
        for context in old:
            context.close()

    def close(self) -> None:
        """Free all contexts; none may be lent."""
        for context in [*self._contexts, *([self._express] if self._express else [])]:
            context.close()

    def _take(self, urgent_tokens: int) -> Context:
        waiter = _Waiter()
        with self._changed:
            if self._express is not None and self._fits_express(urgent_tokens):
                self._express_free = False
                return self._express
            line = self._queries if urgent_tokens else self._documents
            line.append(waiter)
            self._hand_over()
            try:
                while (context := waiter.context) is None:
                    self._changed.wait()
                    express = self._express
                    if waiter.context is None and express and self._fits_express(urgent_tokens):
                        line.remove(waiter)
                        self._express_free = False
                        return express
            except BaseException:
                # Whoever is interrupted while waiting leaves nothing behind.
                if waiter.context is None:
                    line.remove(waiter)
                else:
                    self._free.append(waiter.context)
                    self._hand_over()
                raise
            return context

    def _hand_over(self) -> None:
        """Give free contexts to those who wait, and wake everybody to look."""
        while self._free and not self._replacing and (self._queries or self._documents):
            passing = self._queries and (not self._documents or self._passes < MOST_PASSES)
            self._passes = self._passes + 1 if passing and self._documents else 0
            line = self._queries if passing else self._documents
            line.popleft().context = self._free.pop()
        self._changed.notify_all()

    def _fits_express(self, urgent_tokens: int) -> bool:
        return (
            self._express is not None
            and self._express_free
            and 0 < urgent_tokens <= self._express.n_batch
        )
