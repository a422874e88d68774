"""Lends the contexts of one model to threads, queries before documents."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kb.embedding.context import Context


class ContextPool:
    """Lends contexts; a query that waits is served before any document.

    A query waits at most for the call that is under way, never for the bulk that it belongs to.
    """

    def __init__(self, contexts: Sequence[Context]) -> None:
        self._all = list(contexts)
        self._free = list(contexts)
        self._changed = threading.Condition()
        self._urgent_waiting = 0

    @property
    def size(self) -> int:
        """How many contexts there are."""
        return len(self._all)

    def any(self) -> Context:
        """Return a context to look at, not to compute with."""
        return self._all[0]

    @contextmanager
    def borrow(self, *, urgent: bool = False) -> Iterator[Context]:
        """Lend a context for the block, to the ``urgent`` first."""
        context = self._take(urgent=urgent)
        try:
            yield context
        finally:
            with self._changed:
                self._free.append(context)
                self._changed.notify_all()

    def _take(self, *, urgent: bool) -> Context:
        with self._changed:
            self._urgent_waiting += urgent
            try:
                self._changed.wait_for(lambda: self._free and (urgent or self._urgent_waiting == 0))
                return self._free.pop()
            finally:
                self._urgent_waiting -= urgent
                if urgent:
                    self._changed.notify_all()

    def close(self) -> None:
        """Free all contexts; none may be lent."""
        for context in self._all:
            context.close()
