"""The queue of jobs in the catalog: every step of a job is one transaction.

:mod:`ingest.jobs` does the work. One process at a time works, which holds a lock for it; the others
add jobs, cancel them and look on. Every job needs a folder of the spool until ``spool`` is empty.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from kb.catalog.database import Database
from kb.catalog.job_records import JobFile, JobInfo, JobProgress, JobState, NewJob
from kb.catalog.job_rows import file_row, job_file, job_info, progress_text
from kb.records import CollectionInfo, CollectionRef
from kb.store import collections
from kb.store.rows import collection_info, now

LISTED_FILES = 200
"""Files of a job that are told of."""
KEPT_FILES = 500
"""Files of an ended job that are remembered, the most telling first."""

_SELECT = (
    "SELECT j.*, c.name AS current_name FROM jobs j"
    " LEFT JOIN collections c ON c.id = j.collection_id"
)


class JobTable:
    """The jobs of a catalog. Thread-safe.

    Raises (every method that changes something):
        StoreError: the folder is read-only, the disk is full, or the file failed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- looking on

    def changes(self) -> int:
        """Return a count that rises with every change of any job, by any process."""
        with self._database.read() as db:
            return int(db.execute("SELECT value FROM job_changes").fetchone()[0])

    def listed(self) -> list[JobInfo]:
        """Return all jobs that are remembered, oldest first."""
        with self._database.read() as db:
            rows = db.execute(f"{_SELECT} ORDER BY j.id").fetchall()
            return [job_info(row, _told(db, row["id"])) for row in rows]

    def get(self, job_id: int) -> JobInfo | None:
        """Return a job; None if it is not remembered."""
        with self._database.read() as db:
            row = db.execute(f"{_SELECT} WHERE j.id = ?", (job_id,)).fetchone()
            return None if row is None else job_info(row, _told(db, job_id))

    def files(self, job_id: int) -> list[JobFile]:
        """Return all files of a job that are remembered, in the order in which they came."""
        with self._database.read() as db:
            return _all_files(db, job_id)

    def unended(self) -> frozenset[int]:
        """Return the jobs to which something may still happen."""
        with self._database.read() as db:
            return frozenset(
                row["id"] for row in db.execute("SELECT id FROM jobs WHERE phase <> 'ended'")
            )

    def is_active(self) -> bool:
        """Say whether any job is under way, or will be without anybody's doing."""
        with self._database.read() as db:
            found = db.execute(
                "SELECT 1 FROM jobs WHERE phase IN ('running', 'waiting') LIMIT 1"
            ).fetchone()
        return found is not None

    def wants(self, spool: str) -> bool:
        """Say whether a job needs that folder of the spool."""
        with self._database.read() as db:
            found = db.execute("SELECT 1 FROM jobs WHERE spool = ?", (spool,)).fetchone()
        return found is not None

    def contents(self, collection: str) -> dict[str, str]:
        """Return the content hashes, by name, of uploads that a collection is yet to get."""
        with self._database.read() as db:
            rows = db.execute(
                "SELECT f.name, f.content_hash FROM job_files f JOIN jobs j ON j.id = f.job_id"
                " LEFT JOIN collections c ON c.id = j.collection_id"
                " WHERE j.phase <> 'ended' AND coalesce(c.name, j.collection) = ?"
                " AND f.content_hash <> '' ORDER BY j.id",
                (collection,),
            )
            return {row["name"]: row["content_hash"] for row in rows}

    def collection_of(self, job: JobInfo) -> CollectionRef:
        """Return the collection that a job fills, whatever it is called now, or a name to make.

        Raises:
            CollectionGoneError: it was deleted.
        """
        with self._database.read() as db:
            if job.collection_id is None:
                return collections.find(db, job.collection) or job.collection
            row = db.execute(
                f"{collections.SELECT} WHERE c.id = ?", (job.collection_id,)
            ).fetchone()
        if row is None:
            raise collections.gone(job.collection)
        return collection_info(row)

    # -- whoever wants something done

    def add(self, job: NewJob, *, instead_of: int | None = None) -> int:
        """Queue a job behind the others, in the place of one that has ended if given."""
        with self._database.write() as db:
            if instead_of is not None:
                db.execute("DELETE FROM jobs WHERE id = ? AND phase = 'ended'", (instead_of,))
            cursor = db.execute(
                "INSERT INTO jobs (kind, state, collection_id, collection, paths, options, spool,"
                " locked, progress, queued_at) VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.kind,
                    job.collection_id,
                    job.collection,
                    json.dumps(job.paths),  # in ASCII: a path may be no Unicode
                    json.dumps(job.options, ensure_ascii=False),
                    job.spool,
                    int(job.locked),
                    progress_text(JobProgress(total=len(job.files or job.paths))),
                    now(),
                ),
            )
            job_id = int(cursor.lastrowid or 0)
            _put(db, job_id, job.files)
        return job_id

    def cancel(self, job_id: int) -> bool:
        """Have a job end; return whether it has ended here and now: nobody is at work on it."""
        with self._database.write() as db:
            waiting = db.execute(
                "UPDATE jobs SET state = 'cancelled', ended_at = ?, spool = '', locked = 0"
                " WHERE id = ? AND state IN ('queued', 'interrupted')",
                (now(), job_id),
            ).rowcount
            db.execute(
                "UPDATE jobs SET cancelling = 1 WHERE id = ? AND state = 'running'", (job_id,)
            )
            if waiting:
                _forget_files(db, job_id)
        return waiting > 0

    def answer(self, job_id: int, *, locked: bool) -> bool:
        """Let a job that asks for a password go on; say whether it did ask.

        ``locked`` says that the process that calls knows one; else it goes on without.
        """
        with self._database.write() as db:
            changed = db.execute(
                "UPDATE jobs SET state = 'queued', locked = ?, attempts = 0"
                " WHERE id = ? AND state = 'interrupted' AND locked",
                (int(locked), job_id),
            ).rowcount
        return changed > 0

    def dismiss(self, job_id: int) -> None:
        """Forget a job that has ended."""
        with self._database.write() as db:
            db.execute("DELETE FROM jobs WHERE id = ? AND phase = 'ended'", (job_id,))

    # -- whoever works, with the lock held

    def settle(self) -> list[int]:
        """Note of jobs whose process is gone that they were interrupted; return them.

        Those that somebody wanted to end have ended.
        """
        with self._database.read() as db:
            if db.execute("SELECT 1 FROM jobs WHERE state = 'running'").fetchone() is None:
                return []
        with self._database.write() as db:
            left = [row["id"] for row in db.execute("SELECT id FROM jobs WHERE state = 'running'")]
            for job_id in left:
                db.execute(
                    "UPDATE jobs SET state = iif(cancelling, 'cancelled', 'interrupted'),"
                    " spool = iif(cancelling, '', spool), ended_at = iif(cancelling, ?, NULL)"
                    " WHERE id = ?",
                    (now(), job_id),
                )
        return left

    def next(self) -> JobInfo | None:
        """Return the job whose turn it is: the one that was queued first."""
        with self._database.read() as db:
            row = db.execute(
                f"{_SELECT} WHERE j.phase = 'waiting' ORDER BY j.id LIMIT 1"
            ).fetchone()
            return None if row is None else job_info(row, ())

    def ask(self, job_id: int) -> None:
        """Note that a job needs a password that nobody knows any more."""
        with self._database.write() as db:
            db.execute(
                "UPDATE jobs SET state = 'interrupted' WHERE id = ? AND state = 'queued'",
                (job_id,),
            )

    def begin(self, job_id: int) -> bool:
        """Note that a job is under way; say whether it is: it may have been cancelled."""
        with self._database.write() as db:
            changed = db.execute(
                "UPDATE jobs SET state = 'running', attempts = attempts + 1, started_at = ?"
                " WHERE id = ? AND phase = 'waiting'",
                (now(), job_id),
            ).rowcount
        return changed > 0

    def place(self, job_id: int, collection: CollectionInfo) -> None:
        """Note which collection a job fills, where there was none of that name before."""
        with self._database.write() as db:
            db.execute("UPDATE jobs SET collection_id = ? WHERE id = ?", (collection.id, job_id))

    def note(
        self, job_id: int, files: Iterable[JobFile], progress: JobProgress, *, advanced: bool
    ) -> bool:
        """Write down how far a job is; return whether somebody wants it to end.

        ``advanced`` says that a file was done with, so that this attempt was not in vain.
        """
        with self._database.write() as db:
            _put(db, job_id, files)
            db.execute(
                "UPDATE jobs SET progress = ?, attempts = iif(?, 0, attempts) WHERE id = ?",
                (progress_text(progress), int(advanced), job_id),
            )
            return _is_cancelling(db, job_id)

    def is_cancelling(self, job_id: int) -> bool:
        """Say whether somebody wants a job to end that is under way, or it is gone."""
        with self._database.read() as db:
            return _is_cancelling(db, job_id)

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
    ) -> None:
        """Write down how a job ended, or that its process ends before it.

        A job that failed as a whole keeps its folder of the spool, so that it can be tried again.
        Of the jobs that have ended, the last ``kept_jobs`` are remembered.
        """
        interrupted = state == "interrupted"
        with self._database.write() as db:
            _put(db, job_id, files)
            if progress is not None:
                db.execute(
                    "UPDATE jobs SET progress = ? WHERE id = ?", (progress_text(progress), job_id)
                )
            db.execute(
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
                _forget_files(db, job_id)
            db.execute(
                "DELETE FROM jobs WHERE phase = 'ended' AND id NOT IN"
                " (SELECT id FROM jobs WHERE phase = 'ended' ORDER BY id DESC LIMIT ?)",
                (kept_jobs,),
            )


def forget_names(db: sqlite3.Connection) -> None:
    """Take the names of files that the catalog no longer knows out of the jobs that have ended."""
    db.execute(
        "DELETE FROM job_files WHERE NOT EXISTS"
        " (SELECT 1 FROM sources s WHERE s.path = job_files.name)"
        " AND job_id IN (SELECT id FROM jobs WHERE phase = 'ended' AND state <> 'failed')"
    )
    rows = db.execute("SELECT id, progress FROM jobs WHERE phase = 'ended'").fetchall()
    for row in rows:
        told = {**json.loads(row["progress"]), "gone": (), "left_out": {}}
        db.execute("UPDATE jobs SET progress = ? WHERE id = ?", (json.dumps(told), row["id"]))


def _told(db: sqlite3.Connection, job_id: int) -> list[JobFile]:
    rows = db.execute(
        "SELECT * FROM job_files WHERE job_id = ? ORDER BY rank, id LIMIT ?",
        (job_id, LISTED_FILES),
    )
    return [job_file(row) for row in rows]


def _all_files(db: sqlite3.Connection, job_id: int) -> list[JobFile]:
    rows = db.execute("SELECT * FROM job_files WHERE job_id = ? ORDER BY id", (job_id,))
    return [job_file(row) for row in rows]


def _put(db: sqlite3.Connection, job_id: int, files: Iterable[JobFile]) -> None:
    db.executemany(
        # The order in which files came stays.
        "INSERT INTO job_files (job_id, name, rank, stage, done, total, notices, reason,"
        " reason_code, replaced, size, content_hash, spooled)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (job_id, name) DO UPDATE SET rank = excluded.rank, stage = excluded.stage,"
        " done = excluded.done, total = excluded.total, notices = excluded.notices,"
        " reason = excluded.reason, reason_code = excluded.reason_code,"
        " replaced = excluded.replaced",
        [file_row(job_id, file) for file in files],
    )


def _forget_files(db: sqlite3.Connection, job_id: int) -> None:
    db.execute(
        "DELETE FROM job_files WHERE job_id = ?1 AND name NOT IN"
        " (SELECT name FROM job_files WHERE job_id = ?1 ORDER BY rank, id LIMIT ?2)",
        (job_id, KEPT_FILES),
    )


def _is_cancelling(db: sqlite3.Connection, job_id: int) -> bool:
    row = db.execute("SELECT cancelling FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return row is None or bool(row["cancelling"])
