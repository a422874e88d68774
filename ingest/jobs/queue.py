"""The queue of jobs for callers that want something ingested."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ingest.jobs.adding import Queueing
from kb.catalog.job_records import JobFile, JobInfo, NewJob
from kb.errors import StoreError
from kb.knowledge_base import KnowledgeBase
from kb.locked_files import LockedFile
from kb.records import CollectionInfo


class Jobs(Queueing):
    """The jobs of a data folder, and the thread of this process that runs them. Thread-safe.

    Several processes may have such an object: they see the same jobs, and one of them works at a
    time. A queued job runs, whatever happens to the process that queued it.

    Args:
        base: the knowledge base for the documents.
        working: run jobs in this process. Otherwise it only shows, queues and cancels jobs until
            :meth:`work`.

    Raises (every method that changes something):
        StoreError: the data folder is read-only, or its disk is full.
    """

    def __init__(self, base: KnowledgeBase, *, working: bool = True) -> None:
        super().__init__(base)
        if not base.read_only:
            self._worker.clean()
            if working:
                self.work()

    def work(self, *, watching: bool = True) -> None:
        """Run jobs in this process from now on; call it once, after ``working=False``.

        Args:
            watching: also follow watched folders, unless another process does.

        Raises:
            StoreError: the data folder is read-only.
        """
        if self._base.read_only:
            raise StoreError(self._base.read_only)
        self._worker.start()
        if watching:
            self._watching.start()

    def is_watched(self) -> bool:
        """Return whether any process, including this one, follows the watched folders."""
        return self._watching.is_watched()

    def retry(self, job_id: int, *, passwords: tuple[str, ...] = ()) -> int | None:
        """Queue the failed and remaining files of an ended job again; None if there are none.

        The new job replaces the old one.
        """
        old = self._base.jobs.get(job_id)
        if old is None or not old.ended:
            return None
        newer = self._base.jobs.superseded(old)
        files = tuple(
            replace(file, stage="waiting", done=0, total=0, notices=(), reason="", reason_code="")
            for file in self._base.jobs.files(job_id)
            if (not file.settled or file.stage == "failed") and file.name not in newer
        )
        if old.kind == "uploads":
            files = tuple(file for file in files if self._is_there(old, file))
        if not files and (old.kind == "uploads" or old.state != "failed"):
            return None
        if old.spool:
            # The batch of a job that failed as a whole still has its bytes.
            spool, lock = old.spool, self.spool.hold(old.spool)
            if lock is None:
                return None  # another process has just retried it
        else:
            batch = self.batch()
            spool, lock = batch.name, batch.hand_over()
        job = NewJob(
            kind=old.kind,
            collection=old.collection,
            collection_id=old.collection_id,
            spool=spool,
            files=files if old.kind == "uploads" else (),
            paths=old.paths,
            options={**old.options, "retry": True},
            locked=bool(passwords),
        )
        with _released_on_error(lock):
            new = self._base.jobs.replace(job_id, job)
        if new is None:
            lock.release()
        else:
            self._leave(new, passwords, lock)
        return new

    def answer(self, job_id: int, *, passwords: tuple[str, ...] = ()) -> bool:
        """Give a waiting job its password, or none: then it continues without its protected files.

        Returns:
            Whether the job waited for one.
        """
        job = self._base.jobs.get(job_id)
        if job is None or not job.asks:
            return False
        if not passwords:
            asked = self._base.jobs.answer(job_id, locked=False)
            self._worker.wake()
            return asked
        lock = self.spool.hold(job.spool)
        if lock is None:
            return False  # another process has just answered
        with _released_on_error(lock):
            asked = self._base.jobs.answer(job_id, locked=True)
        if asked:
            self._leave(job_id, passwords, lock)
        else:
            lock.release()
        return asked

    def cancel(self, job_id: int) -> None:
        """End a job after its present commit, or before it begins. Stored documents stay."""
        if self._base.jobs.cancel(job_id):
            self._worker.forget(job_id)
            self._worker.clean()
        else:
            self._worker.cancel(job_id)

    def settle(self) -> None:
        """Mark jobs of dead processes as not running."""
        if not self._base.read_only:
            self._worker.settle()

    def dismiss(self, job_id: int) -> None:
        """Forget a job that has ended."""
        self._base.jobs.dismiss(job_id)
        self._worker.clean()

    def close(self, *, timeout_s: float | None = None) -> None:
        """Stop after the present commit; remaining work continues when a process works again.

        With a timeout, a thread finishes a longer commit. The next process that opens the knowledge
        base cleans up.
        """
        self._watching.stop()
        self._worker.close(timeout_s=timeout_s)
        self._watching.close(timeout_s=timeout_s)

    def refine(self, collection: CollectionInfo) -> bool:
        """Request a collection's sentences for when no job waits; return False if all are done.

        Raises:
            CollectionGoneError: the collection was deleted.
        """
        wanted = self._base.jobs.refine(collection)
        if wanted:
            self._worker.wake()
        return wanted

    def leave_unrefined(self, collection_id: str) -> None:
        """Leave a collection's sentences alone, until a job fills the collection again."""
        self._base.jobs.leave_unrefined(collection_id)
        self._worker.wake()

    def _is_there(self, job: JobInfo, file: JobFile) -> bool:
        original = self._base.uploads.path(file.name, file.content_hash)
        spooled = self.spool.file(job.spool, file.spooled) if job.spool and file.spooled else None
        return original.is_file() or (spooled is not None and spooled.is_file())


@contextmanager
def _released_on_error(lock: LockedFile) -> Iterator[None]:
    try:
        yield
    except BaseException:
        lock.release()
        raise
