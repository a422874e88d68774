"""Parts of a crew: pieces of work, and actors with the threads that feed them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ingest.engines.cluster.library import Actor, is_full, ray
from ingest.errors import ClusterError

T = TypeVar("T")

_FULL_WAIT_S = 1.0
_FULL_ATTEMPTS = 60


@dataclass(slots=True, eq=False)
class Task(Generic[T]):
    """A piece of work. ``obituary`` makes the error for work that has killed too many actors."""

    work: Callable[[Actor], T]
    obituary: Callable[[int], Exception]
    future: Future[T] = field(default_factory=Future)
    died_on: list[str] = field(default_factory=list)
    begun: bool = False

    def done_by(self, actor: Actor, cancelled: threading.Event) -> T:
        """Let an actor do it; wait while an object store is full.

        Raises:
            ClusterError: the store stays full.
        """
        for _ in range(_FULL_ATTEMPTS):
            try:
                return self.work(actor)
            except Exception as error:
                if not is_full(error):
                    raise
                if cancelled.wait(_FULL_WAIT_S):
                    raise CancelledError from error
        msg = (
            "the object store of a node of the Ray cluster stays full, and its disk, too; start "
            "nodes with a larger --object-store-memory, or free space on their disks"
        )
        raise ClusterError(msg)

    def give(self, result: T) -> None:
        """Settle the future, unless it was settled while an actor was silent."""
        with contextlib.suppress(InvalidStateError):
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        """Settle the future with an error, unless it is settled."""
        with contextlib.suppress(InvalidStateError):
            self.future.set_exception(error)

    def cancel(self) -> None:
        """Cancel the future if nobody works on it."""
        if self.begun:
            self.fail(CancelledError())
        elif self.future.cancel():
            self.future.set_running_or_notify_cancel()


class Manned:
    """A post with its threads, and its actor at first use."""

    def __init__(self) -> None:
        self.making = threading.Lock()
        self.actor: Actor | None = None
        self.gone = False
        self.threads: list[threading.Thread] = []

    def begin(self, threads: Iterable[threading.Thread]) -> None:
        """Start the threads that feed its actor."""
        self.threads = list(threads)
        for thread in self.threads:
            thread.start()

    def dead(self, actor: Actor) -> None:
        """Release a dead actor, and end the rest of its process."""
        with self.making:
            if self.actor is actor:
                self.kill()
                self.actor = None

    def kill(self) -> None:
        """End the actor at once, even during work."""
        if self.actor is not None:
            with contextlib.suppress(Exception):  # the cluster itself may be gone
                ray.kill(self.actor)
