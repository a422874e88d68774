"""The queue of jobs: every step of a job is one change of the catalog.

:mod:`ingest.jobs` does the work. One process at a time works, which holds a lock for it; the others
add jobs, cancel them, try them again and look on. None of this waits for the store's write lock: no
step of a job concerns what can be found, and who cancels must not wait for a long commit.
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
        """Return a count that rises with every change of any job, by any process."""
        with self._catalog.reading() as state:
            return state.job_changes()

    def listed(self) -> list[JobInfo]:
        """Return all jobs that are remembered, oldest first."""
        with self._catalog.reading() as state:
            return state.jobs()

    def get(self, job_id: int) -> JobInfo | None:
        """Return a job; None if it is not remembered."""
        with self._catalog.reading() as state:
            return state.job(job_id)

    def files(self, job_id: int, *, limit: int | None = None, offset: int = 0) -> list[JobFile]:
        """Return the files of a job that are remembered, or some, in the order they came in."""
        with self._catalog.reading() as state:
            return state.job_files(job_id, limit=limit, offset=offset)

    def file_count(self, job_id: int) -> int:
        """Return how many files of a job are remembered."""
        with self._catalog.reading() as state:
            return state.job_file_count(job_id)

    def counts(self) -> dict[JobState, int]:
        """Return how many jobs of each state are remembered."""
        with self._catalog.reading() as state:
            return state.count_jobs()

    def unended(self) -> frozenset[int]:
        """Return the jobs to which something may still happen."""
        with self._catalog.reading() as state:
            return state.unended_jobs()

    def is_active(self) -> bool:
        """Say whether any job is under way, or will be without anybody's doing."""
        with self._catalog.reading() as state:
            return state.has_active_jobs()

    def is_waiting(self) -> bool:
        """Say whether any job waits for its turn."""
        with self._catalog.reading() as state:
            return state.has_waiting_jobs()

    def refining(self) -> list[CollectionInfo]:
        """Return the collections whose sentences are embedded when there is no job."""
        with self._catalog.reading() as state:
            return state.wanted_refinements()

    def wants(self, spool: str) -> bool:
        """Say whether a job needs that folder of the spool."""
        with self._catalog.reading() as state:
            return state.wants_spool(spool)

    def contents(self, collection: str) -> dict[str, str]:
        """Return the content hashes, by name, of uploads that a collection is yet to get."""
        with self._catalog.reading() as state:
            return state.awaited_contents(collection)

    def superseded(self, job: JobInfo) -> frozenset[str]:
        """Return the names of a job's uploads that a later job has stored with other contents."""
        with self._catalog.reading() as state:
            return state.superseded_names(job.id)

    def collection_of(self, job: JobInfo) -> CollectionRef:
        """Return the collection that a job fills, whatever it is called now, or a name to make.

        Raises:
            CollectionGoneError: it was deleted.
        """
        with self._catalog.reading() as state:
            return state.collection_of_job(job)

    # -- whoever wants something done

    def add(self, job: NewJob) -> int:
        """Queue a job behind the others."""
        with self._catalog.change() as change:
            return change.add_job(job)

    def replace(self, ended: int, job: NewJob) -> int | None:
        """Queue a job in the place of one that has ended; None if that is not there any more."""
        with self._catalog.change() as change:
            return change.add_job(job) if change.dismiss_job(ended) else None

    def cancel(self, job_id: int) -> bool:
        """Have a job end; return whether it has ended here and now: nobody is at work on it."""
        with self._catalog.change() as change:
            return change.cancel_job(job_id)

    def answer(self, job_id: int, *, locked: bool) -> bool:
        """Let a job that asks for a password go on; say whether it did ask.

        ``locked`` says that the process that calls knows one; else it goes on without.
        """
        with self._catalog.change() as change:
            return change.answer_job(job_id, locked=locked)

    def refine(self, collection: CollectionInfo) -> bool:
        """Have a collection's sentences embedded when there is no job; False where all are."""
        with self._catalog.change() as change:
            return change.want_refinement(change.current_collection(collection).id)

    def leave_unrefined(self, collection_id: str) -> None:
        """Have nobody embed a collection's sentences between jobs."""
        with self._catalog.change() as change:
            change.forget_refinement(collection_id)

    def dismiss(self, job_id: int) -> None:
        """Forget a job that has ended."""
        with self._catalog.change() as change:
            change.dismiss_job(job_id)

    # -- whoever works, with the lock held

    def settle(self) -> list[int]:
        """Note of jobs whose process is gone that they were interrupted; return them.

        Those that somebody wanted to end have ended.
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
        """Return the job whose turn it is: the one that was queued first."""
        with self._catalog.reading() as state:
            return state.next_job()

    def ask(self, job_id: int) -> None:
        """Note that a job needs a password that nobody knows any more."""
        with self._catalog.change() as change:
            change.ask_of_job(job_id)

    def begin(self, job_id: int) -> bool:
        """Note that a job is under way; say whether it is: it may have been cancelled."""
        with self._catalog.change() as change:
            return change.begin_job(job_id)

    def place(self, job_id: int, collection: CollectionInfo) -> None:
        """Note which collection a job fills, where there was none of that name before."""
        with self._catalog.change() as change:
            change.place_job(job_id, collection)

    def note(
        self, job_id: int, files: Iterable[JobFile], progress: JobProgress, *, advanced: bool
    ) -> None:
        """Write down how far a job is.

        ``advanced`` says that a file was done with, so that this attempt was not in vain.
        """
        with self._catalog.change() as change:
            change.note_job(job_id, files, progress, advanced=advanced)

    def is_cancelling(self, job_id: int) -> bool:
        """Say whether somebody wants a job to end that is under way, or it is gone."""
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
        """Write down how a job ended, or that its process ends before it.

        A job that failed as a whole keeps its folder of the spool, so that it can be tried again.
        Of the jobs that have ended, the last ``kept_jobs`` are remembered. With ``refine``, the
        sentences of what it filled are embedded when there is no job.
        """
        with self._catalog.change() as change:
            if progress is not None:
                change.note_job(job_id, (), progress, advanced=False)
            change.end_job(job_id, state, files=files, error=error, error_code=error_code)
            job = change.job(job_id) if refine else None
            if job is not None and job.ended and job.collection_id is not None:
                change.want_refinement(job.collection_id)
            change.forget_jobs(but=kept_jobs)
