"""What is done when there is no job: sentences of collections that jobs have filled.

The catalog knows which collections are to be refined, so that another process goes on after this
one. Whoever works looks between steps of a few seconds whether a job waits, and makes way for it.
"""

from __future__ import annotations

import logging
import threading
import time

from kb.errors import CollectionGoneError, EmbedderMismatchError, KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase

_log = logging.getLogger(__name__)

# Seconds after a failure, of the model or the disk, until it is tried again.
_REST_S = 60.0


class Between:
    """Refines collections, one after the other, until something else is to be done. Thread-safe.

    Args:
        base: where they are.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._closed = False
        self._rest_until = float("-inf")

    def make_way(self) -> None:
        """Have what is under way end for now: a job was queued."""
        with self._mutex:
            self._stop.set()

    def close(self) -> None:
        """Have what is under way end, and begin nothing more."""
        with self._mutex:
            self._closed = True
            self._stop.set()

    def is_wanted(self) -> bool:
        """Say whether any collection is to be refined now."""
        resting = self._closed or time.monotonic() < self._rest_until
        return self._base.settings.sentences and not resting and bool(self._base.jobs.refining())

    def run(self) -> bool:
        """Refine the collection whose turn it is; say whether there was one and it went well."""
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
