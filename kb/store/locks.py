"""Who may change a store: one writer at a time, and those who store documents without the lock.

The write lock is held for the commit of a few documents or a step of cleaning up, about a second;
while embedded Chroma is opened or read anew; and from beginning to end by compaction, by checks and
repairs, and by the end of an embedding with another model. Files are read and embedded without it.
Two more locks stand before it: long documents take turns, and whoever wants to be alone goes first.
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
        place: the folder for their files.
        timeout_s: how long to wait for others who do not get on.
        interrupted: its setting ends all waiting, with a KeyboardInterrupt.

    Attributes:
        write: held by whoever changes the catalog, jobs and keys aside, or vectors in files.
        flights: documents that are being stored without it.
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
        """Hold the write lock while nobody is in the middle of storing a document.

        Args:
            generation: changes as others get on.

        Raises:
            StoreBusyError: somebody is, and does not get on.
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
            StoreBusyError: another is being stored, and does not get on.
        """
        with self._long.hold(progress=self._progress(generation)):
            yield

    def refining(self, collection_id: str) -> WriteLock:
        """Return the lock of whoever computes the vectors of a collection's sentences."""
        return WriteLock(
            self._place / "refining" / f"{collection_id}.lock",
            timeout_s=self._timeout_s,
            interrupted=self._interrupted,
        )

    def forget_refining(self, known: Collection[str]) -> None:
        """Delete the files of locks of collections that are gone."""
        for file in (self._place / "refining").glob("*.lock"):
            if file.stem not in known:
                file.unlink(missing_ok=True)

    @contextmanager
    def flying(self, generation: Callable[[], int]) -> Iterator[Flight]:
        """Store a document without the write lock; nobody takes its rows for leftovers.

        Raises:
            StoreBusyError: somebody wants to be alone, and does not get on.
        """
        with self._turnstile.hold(progress=self._progress(generation)):
            pass  # whoever wants to be alone goes first
        with ExitStack() as held:
            with self.write.hold():
                flight = held.enter_context(self.flights.begun())
            yield flight

    def _progress(self, generation: Callable[[], int]) -> Callable[[], tuple[int, int]]:
        """Return what says how far others have come."""
        return lambda: (generation(), self.flights.latest_beat())
