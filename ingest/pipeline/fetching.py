"""Fetches files of other machines ahead of their readers, and deletes them after reading.

They are in a folder of this run in the data folder, readable only by its owner. The next run
deletes the remains of a crash.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import LoadError
from ingest.finding.candidate import Candidate
from ingest.pipeline.planning import Decision, Planner
from kb.errors import StoreError
from kb.locked_files import LockedFile, LockedFolders
from kb.stopping import StoppedError

MOST_AHEAD = 8
"""Most files that are being fetched or wait for their reader."""
MOST_BYTES_AHEAD = 256 * 2**20
"""Most bytes of these files, except that a single one may be larger."""
_POLL_S = 0.2


@dataclass(slots=True)
class _Waiting:
    """A candidate in its turn; ``arriving`` is None for a file of this machine."""

    candidate: Candidate
    settled: Decision | None = None
    arriving: Future[Candidate] | None = None


class Fetcher:
    """Decides what to do with each file of a run; fetches its bytes if necessary.

    Args:
        planner: decides.
        folder: contains the folders of runs.
        most_bytes: limit of a fetched file.
        stop: set it to end.
    """

    def __init__(
        self, planner: Planner, folder: Path, *, most_bytes: int, stop: threading.Event
    ) -> None:
        self._planner = planner
        self._folders = LockedFolders(folder)
        self._most_bytes = most_bytes
        self._stop = stop
        self._own: tuple[Path, LockedFile] | None = None

    def decisions(self, candidates: Sequence[Candidate]) -> Iterator[Decision]:
        """Yield a decision for each candidate in order; its file is then on this machine.

        Give the file back with :meth:`release`. Ends early once ``stop`` is set.

        Raises:
            StoreError: the disk is full, or the data folder is not writable.
        """
        coming = iter(candidates)
        waiting: deque[_Waiting] = deque()
        following = next(coming, None)
        while following is not None or waiting:
            while following is not None and self._has_room(waiting, following):
                waiting.append(self._begin(following))
                following = next(coming, None)
            decision = self._decided(waiting.popleft())
            if decision is None:
                return
            yield decision

    def release(self, candidate: Candidate) -> None:
        """Delete the file of a candidate, if it was fetched."""
        if candidate.origin.remote and self._own is not None:
            path = candidate.path
            if path.parent == self._own[0]:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Delete the remaining files."""
        if self._own is not None:
            folder, lock = self._own
            self._own = None
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def _has_room(self, waiting: Sequence[_Waiting], following: Candidate) -> bool:
        remote = [each.candidate.size for each in waiting if each.arriving is not None]
        if not following.origin.remote:
            return not waiting  # a file of this machine is decided in its turn
        return not waiting or (
            len(waiting) < MOST_AHEAD and sum(remote) + following.size <= MOST_BYTES_AHEAD
        )

    def _begin(self, candidate: Candidate) -> _Waiting:
        if not candidate.origin.remote:
            return _Waiting(candidate)
        settled = self._planner.at_sight(candidate)
        if settled is not None:
            return _Waiting(candidate, settled)
        folder = self._folder()
        arriving: Future[Candidate] = Future()

        def fetch() -> None:
            try:
                arriving.set_result(
                    candidate.origin.fetch(
                        candidate, folder, most_bytes=self._most_bytes, stop=self._stop
                    )
                )
            except BaseException as error:  # noqa: BLE001 - raised where the file is waited for
                arriving.set_exception(error)

        # Not a pool: its threads would delay the exit, and one may wait for a server.
        threading.Thread(target=fetch, daemon=True).start()
        return _Waiting(candidate, arriving=arriving)

    def _decided(self, waiting: _Waiting) -> Decision | None:
        if waiting.settled is not None:
            return waiting.settled
        if waiting.arriving is None:
            return self._planner.decide(waiting.candidate)
        while not self._stop.is_set():
            try:
                return self._planner.decide(waiting.arriving.result(timeout=_POLL_S))
            except FutureTimeoutError:
                continue
            except LoadError as error:
                return self._planner.refused(waiting.candidate, error)
            except StoppedError:
                return None
        return None

    def _folder(self) -> Path:
        if self._own is None:
            try:
                self._own = self._folders.new()
                self._folders.clear()
            except OSError as error:
                msg = (
                    f"nothing can be fetched into {self._folders.parent}: {error}; free some "
                    "space, or let this user write there"
                )
                raise StoreError(msg) from error
        return self._own[0]
