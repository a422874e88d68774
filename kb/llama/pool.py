"""Lends the contexts of one model to threads in order of arrival, queries before documents."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from kb.llama.context import Context

MOST_PASSES = 4
"""How many queries may pass documents that wait: then the first of those has its turn."""

MOST_THREADS = 8
"""Threads that share one text at most: each layer of a small model is too little for more."""


class _Waiter:
    """Somebody who waits for a context, and the one that was handed over.

    ``calls`` is how many share the idle cores with this one, itself included; 0 where none are
    wanted.
    """

    __slots__ = ("calls", "context", "texts", "urgent_tokens")

    def __init__(self, urgent_tokens: int, texts: int, calls: int) -> None:
        self.urgent_tokens = urgent_tokens
        self.texts = texts
        self.calls = calls
        self.context: Context | None = None


class ContextPool:
    """Lends contexts; queries have one of their own, and come before documents for the others.

    Who gives a context back hands it to who waits longest. Without that order the thread that
    gives it back takes it again, before the others are awake, and one of them waits for ever.

    Without ``express`` a query waits for the call that is under way (0.2 s for a chunk on one
    core). With it the query's few tokens share the processor with the bulk, at once.

    A context comes with the cores that nobody else has use for: all of them for a text that is
    alone. Who comes meanwhile waits until they are back, since ggml's threads wait for each other
    at every layer: one that has to share its core holds all of them up.

    Args:
        contexts: for documents, and for queries that are long or many.
        express: for queries of at most its ``n_batch`` tokens; None where there is no memory.
    """

    def __init__(self, contexts: Sequence[Context], express: Context | None = None) -> None:
        self._contexts = list(contexts)
        self._free = list(contexts)
        self._express = express
        self._express_free = express is not None
        self._idle = self._cores = _threads(contexts)
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
    def borrow(
        self, *, urgent_tokens: int = 0, texts: int = 1, calls: int = 0
    ) -> Iterator[Context]:
        """Lend a context for the block.

        Args:
            urgent_tokens: how long a query is, or several of one call; 0 for documents.
            texts: how many queries those are.
            calls: how many calls the borrower has to make yet, this one included: so many share
                the idle cores. 0 takes no more cores than the context's own.
        """
        waiter = _Waiter(urgent_tokens, texts, 1 if urgent_tokens else calls)
        context = self._take(waiter)
        try:
            yield context
        finally:
            with self._changed:
                self._give_back(context)

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
                cores = _threads(made)
                self._idle, self._cores = self._idle + cores - self._cores, cores
            finally:
                self._replacing = False
                self._hand_over()
        for context in old:
            context.close()

    def close(self) -> None:
        """Free all contexts; none may be lent."""
        for context in [*self._contexts, *([self._express] if self._express else [])]:
            context.close()

    def _take(self, waiter: _Waiter) -> Context:
        with self._changed:
            if self._fits_express(waiter):
                return self._take_express()
            line = self._queries if waiter.urgent_tokens else self._documents
            line.append(waiter)
            self._hand_over()
            try:
                while (context := waiter.context) is None:
                    self._changed.wait()
                    if waiter.context is None and self._fits_express(waiter):
                        line.remove(waiter)
                        return self._take_express()
            except BaseException:
                # Whoever is interrupted while waiting leaves nothing behind.
                if waiter.context is None:
                    line.remove(waiter)
                else:
                    self._give_back(waiter.context)
                raise
            return context

    def _hand_over(self) -> None:
        """Give free contexts and idle cores to those who wait, and wake everybody to look."""
        while self._free and not self._replacing and (self._queries or self._documents):
            passing = self._queries and (not self._documents or self._passes < MOST_PASSES)
            line = self._queries if passing else self._documents
            if self._idle < self._free[-1].threads:
                break  # one text has the cores of several contexts
            self._passes = self._passes + 1 if passing and self._documents else 0
            sharing = max(line[0].calls, len(self._queries) + len(self._documents))
            share = self._idle // sharing if line[0].calls else 0
            line[0].context = self._lend(self._free.pop(), share)
            line.popleft()
        self._changed.notify_all()

    def _lend(self, context: Context, threads: int) -> Context:
        context.use(max(context.threads, min(threads, MOST_THREADS)))
        self._idle -= self._taken(context)
        return context

    def _give_back(self, context: Context) -> None:
        self._idle += self._taken(context)
        if context is self._express:
            self._express_free = True
        else:
            self._free.append(context)
        self._hand_over()

    def _taken(self, context: Context) -> int:
        """Return how many cores others do without while a context is lent.

        A query beside documents takes none: it shares theirs, so that neither waits.
        """
        beside = context is self._express and context.using == context.threads
        return 0 if beside else context.using

    def _take_express(self) -> Context:
        assert self._express is not None  # noqa: S101 - tells mypy what _fits_express found
        self._express_free = False
        return self._lend(self._express, self._idle)

    def _fits_express(self, waiter: _Waiter) -> bool:
        return (
            self._express is not None
            and self._express_free
            and waiter.texts <= self._express.n_seq
            and 0 < waiter.urgent_tokens <= self._express.n_batch
        )


def _threads(contexts: Sequence[Context]) -> int:
    return sum(context.threads for context in contexts)
