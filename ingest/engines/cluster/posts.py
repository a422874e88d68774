"""Parts of a crew: pieces of work, and actors with the threads that feed them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ingest.engines.cluster.library import Actor, is_full, ray
from ingest.engines.cluster.nodes import Node
from ingest.errors import ClusterError

T = TypeVar("T")

_FULL_WAIT_S = 1.0
_FULL_ATTEMPTS = 60


@dataclass(slots=True, eq=False)
class Task(Generic[T]):
    """A piece of work.

    ``obituary`` makes the error where it has killed too many actors, ``about`` names what it is
    about. ``failed_on`` are nodes where it killed an actor, or met a fault; ``since`` is when it
    began to wait.
    """

    work: Callable[[Actor], T]
    obituary: Callable[[int], Exception]
    about: str = ""
    future: Future[T] = field(default_factory=Future)
    failed_on: list[str] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    begun: bool = False

    def begin(self) -> bool:
        """Say whether it is still to be done."""
        if not self.begun:
            if self.future.done() or not self.future.set_running_or_notify_cancel():
                return False
            self.begun = True
        return True

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

    def failed(self, node: Node, verdict: Callable[[int], Exception], *, most: int) -> bool:
        """Note a failure on a node; say whether to try again, else settle with the verdict."""
        self.failed_on.append(node.id)
        if len(self.failed_on) < most:
            return True
        self.fail(verdict(len(self.failed_on)))
        return False

    def cancel(self) -> None:
        """Cancel the future if nobody works on it."""
        if self.begun:
            self.fail(CancelledError())
        elif self.future.cancel():
            self.future.set_running_or_notify_cancel()


class Manned:
    """A post with its threads, and its actor once that is needed.

    Attributes:
        starting: somebody is having its actor made.
        busy: pieces of work that its actor does.
        gone: nobody shall work there any more.
    """

    def __init__(self) -> None:
        self.making = threading.Lock()
        self.actor: Actor | None = None
        self.starting = False
        self.busy = 0
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


def fault_of(what: str, node: Node, error: Exception) -> ClusterError:
    """Return the error of work that a node was not able to do."""
    made = ClusterError(
        f"{what} failed on node {node.name} of the Ray cluster: {_last_line(error)}. Mend the "
        "node, or end it with `ray stop`. What was stored stays: ingest again"
    )
    made.__cause__ = error
    return made


def unable(what: str, node: Node, error: Exception) -> ClusterError:
    """Return the error of a cluster whose last node has no actor for some work."""
    made = ClusterError(
        f"no node of the Ray cluster can do {what}; the last one, {node.name}, says: "
        f"{_last_line(error)}. Mend it, or start others. What was stored stays: ingest again"
    )
    made.__cause__ = error
    return made


def _last_line(error: Exception) -> str:
    lines = str(getattr(error, "cause", None) or error).strip().splitlines()
    return lines[-1].removesuffix(".") if lines else type(error).__name__
