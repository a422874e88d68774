"""The worker of the queue: one process at a time, job after job in the order of arrival.

Processes take turns by a lock that the operating system releases when its holder dies. The next
process finds a ``running`` job that nobody works on, and continues it.
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
"""Most ended jobs that are remembered for display."""
MOST_ATTEMPTS = 5
"""Most consecutive attempts that end with their process and without a finished file."""
CRASHES = "crashes"
"""Error code of a job that was given up after so many attempts."""
POLL_S = 0.5
"""Seconds between two checks for jobs of other processes, or for this process's turn."""

TURN_S = 0.1
"""Seconds between two checks of a watched folder's run for its turn."""

LEASE = "work.lock"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Known:
    """Passwords of a job, and the lock that shows other processes that this one knows them."""

    passwords: tuple[str, ...] = field(repr=False)
    lock: LockedFile


class Worker:
    """The thread of a process that runs jobs. Thread-safe.

    Args:
        base: the knowledge base for the documents.
        spool: the bytes of uploads.
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
        """Start to work."""
        # A daemon, so that a program's exit does not wait for hours of embedding. Commits stay, and
        # the next process continues.
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Wake the worker: a job was queued."""
        self._refining.make_way()
        self._wake.set()

    @contextlib.contextmanager
    def turn(self, stop: threading.Event) -> Iterator[bool]:
        """Wait for the turn to ingest, after the present job; give False if ``stop`` is set first.

        Waiting jobs come after it.
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
        """Remember the passwords of a job, and lock its batch, until the job has ended."""
        with self._mutex:
            self._known[job_id] = _Known(passwords, lock)

    def forget(self, job_id: int) -> None:
        """Forget the passwords of a job."""
        with self._mutex:
            known = self._known.pop(job_id, None)
        if known is not None:
            known.lock.release()

    def cancel(self, job_id: int) -> None:
        """End a job at once if it runs here, before the next check."""
        with self._mutex:
            if self._current is not None and self._current.job.id == job_id:
                self._current.cancel()

    def close(self, *, timeout_s: float | None = None) -> None:
        """Stop after the present commit; remaining work stays queued."""
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
        """Mark jobs of dead processes as not running."""
        if not self._base.jobs.is_active():
            return
        with self._lease() as is_ours:
            if is_ours and self._base.jobs.settle():
                self.clean()

    def clean(self) -> None:
        """Delete everything that no job needs any more."""
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
        """Run the next job; return whether this process had one."""
        self._forget_ended()
        if not self._base.jobs.is_active() and not self._refining.is_wanted():
            return False
        if self._yielding:
            return False
        with self._lease() as is_ours:
            if not is_ours:
                return False
            if self._base.jobs.settle():
                self.clean()  # somebody may want one of them to end
            job = self._next()
            if job is None:
                return self._refining.run()
            # If nobody here wanted an interruption, do not start the job again at once.
            return self._do(job) != "interrupted"

    def _forget_ended(self) -> None:
        """Forget the passwords of jobs that another process cancelled."""
        with self._mutex:
            known = set(self._known)
        if known and (ended := known - self._base.jobs.unended()):
            for job_id in ended:
                self.forget(job_id)
            self.clean()

    @contextlib.contextmanager
    def _lease(self) -> Iterator[bool]:
        """Hold the lock of the one working process, unless another process has it."""
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
        """Return the next job, already started; None if there is none for this process."""
        jobs = self._base.jobs
        while (job := jobs.next()) is not None:
            with self._mutex:
                known = job.id in self._known
            if job.locked and not known:
                if self._spool.is_held(job.spool):
                    return None  # another process knows its passwords and will run it
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
                # Until then the job counts as running, so another process continues it if this one
                # ends.
                _log.warning("the end of job %d was not written down: %s", job.id, error)
                if self._closed.wait(POLL_S):
                    return ending.state
        self.clean()
        return ending.state
