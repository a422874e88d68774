"""Lends one model's contexts to threads in order of arrival, queries before documents."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from kb.llama.context import Context

MOST_PASSES = 4
"""Highest number of queries that may overtake waiting documents."""

MOST_THREADS = 8
"""Highest number of threads for one text: layers of a small model are too little work for more."""


class _Waiter:
    """A caller that waits for a context, and the context it was given.

    ``calls`` is the number of calls that share the idle cores, including this one; 0 if it wants
    none.
    """

    __slots__ = ("calls", "context", "texts", "urgent_tokens")

    def __init__(self, urgent_tokens: int, texts: int, calls: int) -> None:
        self.urgent_tokens = urgent_tokens
        self.texts = texts
        self.calls = calls
        self.context: Context | None = None


class ContextPool:
    """Lends contexts. Queries have one of their own, and come before documents for the others.

    A returned context goes to the caller that has waited longest. Without that order the returning
    thread would take it again before the others are awake, and one of them would wait forever.

    Without ``express`` a query waits for the running call (0.2 s for a chunk on one core). With it
    the query's few tokens share the processor with the bulk at once.

    A context comes with all idle cores: a single text gets every core. Later callers wait until the
    cores are returned. ggml's threads wait for each other at every layer, so a thread that shares
    its core would delay them all.

    Args:
        contexts: contexts for documents, and for long or many queries.
        express: context for queries of at most its ``n_batch`` tokens; None if memory does not
            suffice.
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
        """Number of contexts for documents."""
        return len(self._contexts)

    def any(self) -> Context:
        """Return a context to inspect, not to compute with."""
        return self._contexts[0]

    @contextmanager
    def borrow(
        self, *, urgent_tokens: int = 0, texts: int = 1, calls: int = 0
    ) -> Iterator[Context]:
        """Lend a context during the block.

        Args:
            urgent_tokens: tokens of a query, or of the queries of one call; 0 for documents.
            texts: number of these queries.
            calls: number of calls left to the borrower, including this one. They share the idle
                cores. 0 takes only the context's own cores.
        """
        waiter = _Waiter(urgent_tokens, texts, 1 if urgent_tokens else calls)
        context = self._take(waiter)
        try:
            yield context
        finally:
            with self._changed:
                self._give_back(context)

    def replace(self, contexts: Callable[[], Sequence[Context]]) -> None:
        """Lend other contexts for documents, as soon as the present ones have been returned.

        Raises:
            OutOfMemoryError: ``contexts`` raised it. The present contexts stay.
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
        """Free all contexts; none may be on loan."""
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
                # An interrupted waiter leaves nothing behind.
                if waiter.context is None:
                    line.remove(waiter)
                else:
                    self._give_back(waiter.context)
                raise
            return context

    def _hand_over(self) -> None:
        """Give free contexts and idle cores to the waiters, and wake all of them."""
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
        """Return the number of cores that a lent context takes from others.

        A query beside documents takes none. It shares the documents' cores, so that neither waits.
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
