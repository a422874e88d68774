"""The locks of a store: one writer at a time, and documents stored without the write lock.

A commit of a few documents or a step of the clean-up holds the write lock for about a second.
Opening and reopening embedded Chroma holds it, too. Compaction, checks, repairs, and the end of
embedding with another model hold it throughout. Reading and embedding files does not. Two more
locks come before it: long documents take turns, and work that must be alone goes first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kb.store.flights import Flight, Flights, Patience
from kb.store.lock import WriteLock


class Locks:
    """The locks of one store.

    Args:
        place: the folder of the lock files.
        timeout_s: how long to wait for others without progress, in seconds.
        interrupted: once set, all waiting ends with a KeyboardInterrupt.

    Attributes:
        write: the lock for changes of the catalog, except for jobs and keys, and of vectors in
            files.
        flights: documents being stored without the write lock.
    """

    def __init__(self, place: Path, timeout_s: float, interrupted: threading.Event | None) -> None:
        self._place = place
        self._timeout_s = timeout_s
        self._interrupted = interrupted
        self.write, self._long, self._turnstile = (
            WriteLock(place / name, timeout_s=timeout_s, interrupted=interrupted)
            for name in ("write.lock", "long.lock", "alone.lock")
        )
        self.flights = Flights(place / "storing")

    @contextmanager
    def alone(self, generation: Callable[[], int]) -> Iterator[None]:
        """Hold the write lock while no document is being stored.

        Args:
            generation: returns a count that changes with the progress of others.

        Raises:
            StoreBusyError: a document is being stored without progress.
        """
        progress = self._progress(generation)
        what = f"another process or thread has been storing a document in {self._place}"
        with self._turnstile.hold(progress=progress):
            patience = Patience(self._timeout_s, progress, what)
            while True:
                with self.write.hold():
                    if not self.flights.are_under_way():
                        yield
                        return
                patience.wait()

    @contextmanager
    def long(self, generation: Callable[[], int]) -> Iterator[None]:
        """Store a document of thousands of chunks in files: one at a time.

        Raises:
            StoreBusyError: another one is being stored without progress.
        """
        with self._long.hold(progress=self._progress(generation)):
            yield

    def refining(self, collection_id: str) -> WriteLock:
        """Return the lock for computing the vectors of a collection's sentences."""
        return WriteLock(
            self._place / "refining" / f"{collection_id}.lock",
            timeout_s=self._timeout_s,
            interrupted=self._interrupted,
        )

    def forget_refining(self, known: Collection[str]) -> None:
        """Delete the lock files of collections that are gone."""
        for file in (self._place / "refining").glob("*.lock"):
            if file.stem not in known:
                file.unlink(missing_ok=True)

    @contextmanager
    def flying(self, generation: Callable[[], int]) -> Iterator[Flight]:
        """Store a document without the write lock; nobody takes its rows for leftovers.

        Raises:
            StoreBusyError: another process wants to be alone and makes no progress.
        """
        with self._turnstile.hold(progress=self._progress(generation)):
            pass  # work that must be alone goes first
        with ExitStack() as held:
            with self.write.hold():
                flight = held.enter_context(self.flights.begun())
            yield flight

    def _progress(self, generation: Callable[[], int]) -> Callable[[], tuple[int, int]]:
        """Return a function that returns the progress of others."""
        return lambda: (generation(), self.flights.latest_beat())
