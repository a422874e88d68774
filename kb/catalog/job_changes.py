"""The steps of a job, each a single change of the catalog."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from kb.catalog.job_records import JobFile, JobProgress, JobState, NewJob
from kb.catalog.job_rows import file_row, progress_text
from kb.catalog.jobs import JobReads
from kb.catalog.rows import now
from kb.records import CollectionInfo

KEPT_FILES = 500
"""Remembered files of an ended job, the most important first."""


class JobChanges(JobReads):
    """Writes jobs."""

    # -- clients

    def add_job(self, job: NewJob) -> int:
        """Add a job at the end of the queue."""
        cursor = self._db.execute(
            "INSERT INTO jobs (kind, state, collection_id, collection, paths, options, spool,"
            " locked, progress, queued_at) VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                job.kind,
                job.collection_id,
                job.collection,
                json.dumps(job.paths),  # in ASCII, because a path may not be Unicode
                json.dumps(job.options, ensure_ascii=False),
                job.spool,
                int(job.locked),
                progress_text(JobProgress(total=len(job.files or job.paths))),
                now(),
            ),
        )
        job_id = int(cursor.lastrowid or 0)
        self._put_files(job_id, job.files)
        return job_id

    def cancel_job(self, job_id: int) -> bool:
        """Cancel a job; return whether it has already ended because no process works on it."""
        waiting = self._db.execute(
            "UPDATE jobs SET state = 'cancelled', ended_at = ?, spool = '', locked = 0"
            " WHERE id = ? AND state IN ('queued', 'interrupted')",
            (now(), job_id),
        ).rowcount
        self._db.execute(
            "UPDATE jobs SET cancelling = 1 WHERE id = ? AND state = 'running'", (job_id,)
        )
        if waiting:
            self._forget_files(job_id)
        return waiting > 0

    def answer_job(self, job_id: int, *, locked: bool) -> bool:
        """Let a job that waits for a password go on; return whether it was waiting.

        ``locked`` says that the caller knows a password; otherwise the job goes on without one.
        """
        changed = self._db.execute(
            "UPDATE jobs SET state = 'queued', locked = ?, attempts = 0"
            " WHERE id = ? AND phase = 'asking'",
            (int(locked), job_id),
        ).rowcount
        return changed > 0

    def dismiss_job(self, job_id: int) -> bool:
        """Forget an ended job; return whether there was one."""
        forgotten = self._db.execute(
            "DELETE FROM jobs WHERE id = ? AND phase = 'ended'", (job_id,)
        ).rowcount
        return forgotten > 0

    # -- the worker

    def settle_job(self, job_id: int) -> None:
        """Record a dead process's job as interrupted, or as ended if it was being cancelled."""
        self._db.execute(
            "UPDATE jobs SET state = iif(cancelling, 'cancelled', 'interrupted'),"
            " spool = iif(cancelling, '', spool), ended_at = iif(cancelling, ?, NULL)"
            " WHERE id = ? AND phase = 'running'",
            (now(), job_id),
        )

    def ask_of_job(self, job_id: int) -> None:
        """Record that a job needs a password that no process knows any more."""
        self._db.execute(
            "UPDATE jobs SET state = 'interrupted' WHERE id = ? AND state = 'queued'", (job_id,)
        )

    def begin_job(self, job_id: int) -> bool:
        """Record that a job runs; return False if it was cancelled meanwhile."""
        changed = self._db.execute(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, started_at = ?"
            " WHERE id = ? AND phase = 'waiting'",
            (now(), job_id),
        ).rowcount
        return changed > 0

    def place_job(self, job_id: int, collection: CollectionInfo) -> None:
        """Record the collection that a job fills, if the job was to create it."""
        self._db.execute("UPDATE jobs SET collection_id = ? WHERE id = ?", (collection.id, job_id))

    def note_job(
        self, job_id: int, files: Iterable[JobFile], progress: JobProgress, *, advanced: bool
    ) -> None:
        """Record the progress of a job.

        ``advanced`` says that this attempt has finished at least one file.
        """
        self._put_files(job_id, files)
        self._db.execute(
            "UPDATE jobs SET progress = ?, attempts = iif(?, 0, attempts) WHERE id = ?",
            (progress_text(progress), int(advanced), job_id),
        )

    def end_job(
        self,
        job_id: int,
        state: JobState,
        *,
        files: Sequence[JobFile] = (),
        error: str = "",
        error_code: str = "",
    ) -> None:
        """Record the end of a job, or the end of its process before it.

        A failed job keeps its folder of the spool, so that it can be retried.
        """
        self._put_files(job_id, files)
        interrupted = state == "interrupted"
        self._db.execute(
            "UPDATE jobs SET state = ?, error = ?, error_code = ?, ended_at = ?,"
            " spool = iif(?, spool, ''), locked = iif(?, locked, 0),"
            " attempts = iif(?, max(0, attempts - 1), attempts) WHERE id = ?",
            (
                state,
                error,
                error_code,
                None if interrupted else now(),
                state in ("failed", "interrupted"),
                interrupted,
                interrupted,
                job_id,
            ),
        )
        if state in ("done", "cancelled"):
            self._forget_files(job_id)

    def forget_jobs(self, *, but: int) -> None:
        """Forget all ended jobs but the last ``but`` ones."""
        self._db.execute(
            "DELETE FROM jobs WHERE phase = 'ended' AND id NOT IN"
            " (SELECT id FROM jobs WHERE phase = 'ended' ORDER BY id DESC LIMIT ?)",
            (but,),
        )

    def forget_job_names(self) -> None:
        """Remove the names of unknown files from ended jobs."""
        self._db.execute(
            "DELETE FROM job_files WHERE NOT EXISTS"
            " (SELECT 1 FROM sources s WHERE s.path = job_files.name)"
            " AND job_id IN (SELECT id FROM jobs WHERE phase = 'ended' AND state <> 'failed')"
        )
        rows = self._db.execute("SELECT id, progress FROM jobs WHERE phase = 'ended'").fetchall()
        for row in rows:
            told = {**json.loads(row["progress"]), "gone": (), "left_out": {}}
            text = json.dumps(told)
            self._db.execute("UPDATE jobs SET progress = ? WHERE id = ?", (text, row["id"]))

    def _put_files(self, job_id: int, files: Iterable[JobFile]) -> None:
        self._db.executemany(
            # Files keep their order of arrival.
            "INSERT INTO job_files (job_id, name, rank, stage, done, total, notices, reason,"
            " reason_code, replaced, size, content_hash, spooled)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (job_id, name) DO UPDATE SET rank = excluded.rank, stage ="
            " excluded.stage, done = excluded.done, total = excluded.total, notices ="
            " excluded.notices, reason = excluded.reason, reason_code = excluded.reason_code,"
            " replaced = excluded.replaced",
            [file_row(job_id, file) for file in files],
        )

    def _forget_files(self, job_id: int) -> None:
        self._db.execute(
            "DELETE FROM job_files WHERE job_id = ?1 AND id NOT IN"
            " (SELECT id FROM job_files WHERE job_id = ?1 ORDER BY rank, id LIMIT ?2)",
            (job_id, KEPT_FILES),
        )
