"""Work while no job waits: sentences of collections that jobs have filled.

The catalog lists the collections to refine, so that another process continues after this one.
Between steps of a few seconds the worker looks for a waiting job, and lets it go first.
"""

from __future__ import annotations

import logging
import threading
import time

from kb.errors import CollectionGoneError, EmbedderMismatchError, KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase

_log = logging.getLogger(__name__)

# Seconds until a retry after a failure of the model or the disk.
_REST_S = 60.0


class Between:
    """Refines collections, one after the other, until a job waits. Thread-safe.

    Args:
        base: the knowledge base.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._closed = False
        self._rest_until = float("-inf")

    def make_way(self) -> None:
        """Interrupt the present work: a job was queued."""
        with self._mutex:
            self._stop.set()

    def close(self) -> None:
        """End the present work, and start no more."""
        with self._mutex:
            self._closed = True
            self._stop.set()

    def is_wanted(self) -> bool:
        """Return whether any collection needs refining now."""
        resting = self._closed or time.monotonic() < self._rest_until
        return self._base.settings.sentences and not resting and bool(self._base.jobs.refining())

    def run(self) -> bool:
        """Refine the next collection; return whether there was one and the work succeeded."""
        if not self.is_wanted():
            return False
        target = next(iter(self._base.jobs.refining()), None)
        with self._mutex:
            stop = self._stop = threading.Event()
            if self._closed or target is None:
                return False

        def look(_done: int, _total: int) -> None:
            jobs = self._base.jobs
            waiting = jobs.is_waiting() or self._base.watched.is_waiting()
            if waiting or target.id not in {each.id for each in jobs.refining()}:
                stop.set()

        try:
            self._base.refine(target, look, stop=stop)
        except (CollectionGoneError, EmbedderMismatchError) as error:
            _log.warning("sentences are left out: %s", error)
        except KnowledgeBaseError as error:
            _log.warning("sentences are tried again in %g s: %s", _REST_S, error)
            self._rest_until = time.monotonic() + _REST_S
            return False
        if not stop.is_set():
            self._base.jobs.leave_unrefined(target.id)
        return True
