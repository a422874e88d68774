"""Whoever works through the queue: one process at a time, job after job, first come first served.

Processes take turns by a lock that the operating system frees when its holder dies. Who gets it
finds a job that says ``running`` without anybody at work, and goes on with it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.jobs.between import Between
from ingest.jobs.execution import Execution
from ingest.jobs.spool import Spool
from kb.catalog.job_records import JobInfo, JobState
from kb.errors import StoreError
from kb.knowledge_base import KnowledgeBase
from kb.locked_files import LockedFile

KEPT_JOBS = 20
"""Jobs that have ended and are remembered for who looks on."""
MOST_ATTEMPTS = 5
"""Attempts in a row that end with their process and without a single file done."""
CRASHES = "crashes"
"""Error code of a job that was given up after so many attempts."""
POLL_S = 0.5
"""Seconds after which a process looks what others have queued, or whether it is its turn."""

TURN_S = 0.1
"""Seconds after which the run of a watched folder looks again whether it is its turn."""

LEASE = "work.lock"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Known:
    """Passwords of a job, and the lock by which other processes know that somebody has them."""

    passwords: tuple[str, ...] = field(repr=False)
    lock: LockedFile


class Worker:
    """The thread of a process that does jobs. Thread-safe.

    Args:
        base: where documents go.
        spool: where the bytes of uploads are.
    """

    def __init__(self, base: KnowledgeBase, spool: Spool) -> None:
        self._base = base
        self._spool = spool
        self._mutex = threading.Lock()
        self._known: dict[int, _Known] = {}
        self._current: Execution | None = None
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._refining = Between(base)
        self._yielding = 0

    def start(self) -> None:
        """Begin to work."""
        # A daemon: the exit of a program does not wait for hours of embedding. What was committed
        # stays, and the next process goes on.
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that something was queued."""
        self._refining.make_way()
        self._wake.set()

    @contextlib.contextmanager
    def turn(self, stop: threading.Event) -> Iterator[bool]:
        """Be the one who ingests, once the job under way has ended; False if ``stop`` is set first.

        Jobs that wait come after it.
        """
        with self._mutex:
            self._yielding += 1
        try:
            while not stop.is_set():
                self._refining.make_way()
                with self._lease() as is_ours:
                    if is_ours:
                        yield True
                        return
                stop.wait(TURN_S)
            yield False
        finally:
            with self._mutex:
                self._yielding -= 1
            self._wake.set()

    def remember(self, job_id: int, passwords: tuple[str, ...], lock: LockedFile) -> None:
        """Remember the passwords of a job, and hold its batch, until the job has ended."""
        with self._mutex:
            self._known[job_id] = _Known(passwords, lock)

    def forget(self, job_id: int) -> None:
        """Forget the passwords of a job."""
        with self._mutex:
            known = self._known.pop(job_id, None)
        if known is not None:
            known.lock.release()

    def cancel(self, job_id: int) -> None:
        """End a job if it is under way here, without waiting for the next look."""
        with self._mutex:
            if self._current is not None and self._current.job.id == job_id:
                self._current.cancel()

    def close(self, *, timeout_s: float | None = None) -> None:
        """Stop after the commit under way; what is not done stays queued."""
        self._closed.set()
        self._refining.close()
        self._wake.set()
        with self._mutex:
            if self._current is not None:
                self._current.interrupt()
        if self._thread is not None:
            self._thread.join(timeout_s)
        with self._mutex:
            known, self._known = self._known, {}
        for each in known.values():
            each.lock.release()

    def settle(self) -> None:
        """Note of jobs whose process is gone that nobody is at work on them any more."""
        if not self._base.jobs.is_active():
            return
        with self._lease() as is_ours:
            if is_ours and self._base.jobs.settle():
                self.clean()

    def clean(self) -> None:
        """Delete what no job needs any more."""
        self._spool.clean(self._base.jobs.wants)

    def _loop(self) -> None:
        while not self._closed.is_set():
            try:
                worked = self._step()
            except StoreError as error:
                _log.warning("no job was begun: %s", error)
                worked = False
            except Exception:  # noqa: BLE001 - a bug must show, not end the thread
                _log.exception("no job was begun")
                worked = False
            if not worked:
                self._wake.wait(POLL_S)
                self._wake.clear()

    def _step(self) -> bool:
        """Do the job whose turn it is; say whether there was one for this process."""
        self._forget_ended()
        if not self._base.jobs.is_active() and not self._refining.is_wanted():
            return False
        if self._yielding:
            return False
        with self._lease() as is_ours:
            if not is_ours:
                return False
            if self._base.jobs.settle():
                self.clean()  # somebody may have wanted one of them to end
            job = self._next()
            if job is None:
                return self._refining.run()
            # What is interrupted, though nobody here wanted that, is not begun again at once.
            return self._do(job) != "interrupted"

    def _forget_ended(self) -> None:
        """Forget the passwords of jobs that another process has cancelled."""
        with self._mutex:
            known = set(self._known)
        if known and (ended := known - self._base.jobs.unended()):
            for job_id in ended:
                self.forget(job_id)
            self.clean()

    @contextlib.contextmanager
    def _lease(self) -> Iterator[bool]:
        """Be the one process that works, unless another one is."""
        self._spool.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = LockedFile(self._spool.folder / LEASE)
        if not lock.take():
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _next(self) -> JobInfo | None:
        """Return the job whose turn it is, which has begun; None if it is not for this process."""
        jobs = self._base.jobs
        while (job := jobs.next()) is not None:
            with self._mutex:
                known = job.id in self._known
            if job.locked and not known:
                if self._spool.is_held(job.spool):
                    return None  # its passwords are known to another process, whose turn it is
                jobs.ask(job.id)
            elif job.attempts >= MOST_ATTEMPTS:
                error = f"the program ended {job.attempts} times in a row while it did this"
                jobs.end(job.id, "failed", error=error, error_code=CRASHES, kept_jobs=KEPT_JOBS)
            elif jobs.begin(job.id):
                return job
        return None

    def _do(self, job: JobInfo) -> JobState:
        with self._mutex:
            known = self._known.get(job.id)
            execution = Execution(
                self._base, self._spool, job, passwords=known.passwords if known else ()
            )
            self._current = execution
            if self._closed.is_set():
                execution.interrupt()
        del known
        try:
            ending = execution.run()
        finally:
            with self._mutex:
                self._current = None
        self.forget(job.id)
        while True:
            try:
                self._base.jobs.end(
                    job.id,
                    ending.state,
                    files=ending.files,
                    progress=ending.progress,
                    error=ending.error,
                    error_code=ending.error_code,
                    kept_jobs=KEPT_JOBS,
                    refine=self._base.settings.sentences,
                )
                break
            except StoreError as error:
                # Until then the job counts as running, and is gone on with if this process ends.
                _log.warning("the end of job %d was not written down: %s", job.id, error)
                if self._closed.wait(POLL_S):
                    return ending.state
        self.clean()
        return ending.state
