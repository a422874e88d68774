"""The queue of jobs: every step of a job is one change of the catalog.

:mod:`ingest.jobs` works through it. One process at a time does, and holds a lock meanwhile; all
others add jobs, cancel them, retry them and look on. No method waits for the store's write lock: no
step of a job changes what searches find, and cancelling must not wait for a long commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kb.catalog.catalog import Catalog
from kb.catalog.job_records import JobFile, JobInfo, JobProgress, JobState, NewJob
from kb.records import CollectionInfo, CollectionRef


class JobQueue:
    """The jobs of a knowledge base. Thread-safe.

    Raises (every method that changes something):
        StoreError: the folder is read-only, the disk is full, or the file failed.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    # -- looking on

    def changes(self) -> int:
        """Return a count that rises whenever a process changes a job."""
        with self._catalog.reading() as state:
            return state.job_changes()

    def listed(self) -> list[JobInfo]:
        """Return all remembered jobs, oldest first."""
        with self._catalog.reading() as state:
            return state.jobs()

    def get(self, job_id: int) -> JobInfo | None:
        """Return a job; None if it is forgotten."""
        with self._catalog.reading() as state:
            return state.job(job_id)

    def files(self, job_id: int, *, limit: int | None = None, offset: int = 0) -> list[JobFile]:
        """Return the remembered files of a job, or a part of them, in their order of arrival."""
        with self._catalog.reading() as state:
            return state.job_files(job_id, limit=limit, offset=offset)

    def file_count(self, job_id: int) -> int:
        """Return the number of a job's remembered files."""
        with self._catalog.reading() as state:
            return state.job_file_count(job_id)

    def counts(self) -> dict[JobState, int]:
        """Count the remembered jobs by state."""
        with self._catalog.reading() as state:
            return state.count_jobs()

    def unended(self) -> frozenset[int]:
        """Return the jobs that have not ended."""
        with self._catalog.reading() as state:
            return state.unended_jobs()

    def is_active(self) -> bool:
        """Return whether a job is running, or will run without further action."""
        with self._catalog.reading() as state:
            return state.has_active_jobs()

    def is_waiting(self) -> bool:
        """Return whether a job waits for its turn."""
        with self._catalog.reading() as state:
            return state.has_waiting_jobs()

    def refining(self) -> list[CollectionInfo]:
        """Return the collections whose sentences are embedded while there is no job."""
        with self._catalog.reading() as state:
            return state.wanted_refinements()

    def wants(self, spool: str) -> bool:
        """Return whether a job needs a folder of the spool."""
        with self._catalog.reading() as state:
            return state.wants_spool(spool)

    def contents(self, collection: str) -> dict[str, str]:
        """Return the content hashes, by name, of uploads on their way into a collection."""
        with self._catalog.reading() as state:
            return state.awaited_contents(collection)

    def superseded(self, job: JobInfo) -> frozenset[str]:
        """Return the names of a job's uploads that a later job has stored with other contents."""
        with self._catalog.reading() as state:
            return state.superseded_names(job.id)

    def collection_of(self, job: JobInfo) -> CollectionRef:
        """Return a job's target: the collection, even if renamed, or the name of a new one.

        Raises:
            CollectionGoneError: the collection was deleted.
        """
        with self._catalog.reading() as state:
            return state.collection_of_job(job)

    # -- clients

    def add(self, job: NewJob) -> int:
        """Add a job at the end of the queue."""
        with self._catalog.change() as change:
            return change.add_job(job)

    def replace(self, ended: int, job: NewJob) -> int | None:
        """Replace an ended job by a new one at the end of the queue; None if the old is gone."""
        with self._catalog.change() as change:
            return change.add_job(job) if change.dismiss_job(ended) else None

    def cancel(self, job_id: int) -> bool:
        """Cancel a job; return whether it has already ended because no process works on it."""
        with self._catalog.change() as change:
            return change.cancel_job(job_id)

    def answer(self, job_id: int, *, locked: bool) -> bool:
        """Let a job that waits for a password go on; return whether it was waiting.

        ``locked`` says that the caller knows a password; otherwise the job goes on without one.
        """
        with self._catalog.change() as change:
            return change.answer_job(job_id, locked=locked)

    def refine(self, collection: CollectionInfo) -> bool:
        """Request that a collection's sentences be embedded; return False if all are already."""
        with self._catalog.change() as change:
            return change.want_refinement(change.current_collection(collection).id)

    def leave_unrefined(self, collection_id: str) -> None:
        """Cancel the embedding of a collection's sentences between jobs."""
        with self._catalog.change() as change:
            change.forget_refinement(collection_id)

    def dismiss(self, job_id: int) -> None:
        """Forget an ended job."""
        with self._catalog.change() as change:
            change.dismiss_job(job_id)

    # -- the worker, which holds the lock

    def settle(self) -> list[int]:
        """Record jobs of dead processes as interrupted; return their ids.

        Jobs that were being cancelled are recorded as ended.
        """
        with self._catalog.reading() as state:
            if not state.running_jobs():
                return []
        with self._catalog.change() as change:
            left = change.running_jobs()
            for job_id in left:
                change.settle_job(job_id)
        return left

    def next(self) -> JobInfo | None:
        """Return the next job: the one queued first."""
        with self._catalog.reading() as state:
            return state.next_job()

    def ask(self, job_id: int) -> None:
        """Record that a job needs a password that no process knows any more."""
        with self._catalog.change() as change:
            change.ask_of_job(job_id)

    def begin(self, job_id: int) -> bool:
        """Record that a job runs; return False if it was cancelled meanwhile."""
        with self._catalog.change() as change:
            return change.begin_job(job_id)

    def place(self, job_id: int, collection: CollectionInfo) -> None:
        """Record the collection that a job fills, if the job was to create it."""
        with self._catalog.change() as change:
            change.place_job(job_id, collection)

    def note(
        self, job_id: int, files: Iterable[JobFile], progress: JobProgress, *, advanced: bool
    ) -> None:
        """Record the progress of a job.

        ``advanced`` says that this attempt has finished at least one file.
        """
        with self._catalog.change() as change:
            change.note_job(job_id, files, progress, advanced=advanced)

    def is_cancelling(self, job_id: int) -> bool:
        """Return whether a running job is being cancelled, or is gone."""
        with self._catalog.reading() as state:
            return state.is_job_cancelling(job_id)

    def end(
        self,
        job_id: int,
        state: JobState,
        *,
        files: Sequence[JobFile] = (),
        progress: JobProgress | None = None,
        error: str = "",
        error_code: str = "",
        kept_jobs: int,
        refine: bool = False,
    ) -> None:
        """Record the end of a job, or the end of its process before it.

        A failed job keeps its folder of the spool, so that it can be retried. The queue remembers
        the last ``kept_jobs`` ended jobs. With ``refine``, the collection's sentences are embedded
        while there is no job.
        """
        with self._catalog.change() as change:
            if progress is not None:
                change.note_job(job_id, (), progress, advanced=False)
            change.end_job(job_id, state, files=files, error=error, error_code=error_code)
            job = change.job(job_id) if refine else None
            if job is not None and job.ended and job.collection_id is not None:
                change.want_refinement(job.collection_id)
            change.forget_jobs(but=kept_jobs)
