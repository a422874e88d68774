"""The queue of jobs in the catalog: waiting, running and ended jobs."""

from __future__ import annotations

from collections.abc import Iterable

from kb.catalog.collections import CollectionReads
from kb.catalog.job_records import JobFile, JobInfo, JobState
from kb.catalog.job_rows import job_file, job_info
from kb.catalog.numbers import storable
from kb.catalog.rows import collection_info
from kb.errors import CollectionGoneError
from kb.records import CollectionInfo, CollectionRef
from kb.uploads import UPLOADS_ROOT

LISTED_FILES = 200
"""Files of a job in its record."""

_SELECT = (
    "SELECT j.*, c.name AS current_name FROM jobs j"
    " LEFT JOIN collections c ON c.id = j.collection_id"
)

_SELECT_FILES = (
    "SELECT f.*, s.document_id, d.media_type FROM job_files f JOIN jobs j ON j.id = f.job_id"
    " LEFT JOIN sources s ON f.stage IN ('stored', 'unchanged') AND j.kind = 'uploads'"
    " AND s.collection_id = j.collection_id AND s.root = ? AND s.path = f.name"
    " AND s.content_hash = f.content_hash LEFT JOIN documents d ON d.id = s.document_id"
)


class JobReads(CollectionReads):
    """Reads jobs."""

    def job_changes(self) -> int:
        """Return a count that rises whenever a process changes a job."""
        return int(self._db.execute("SELECT value FROM job_changes").fetchone()[0])

    def jobs(self) -> list[JobInfo]:
        """Return all remembered jobs, oldest first."""
        rows = self._db.execute(f"{_SELECT} ORDER BY j.id").fetchall()
        return [job_info(row, self._told(row["id"])) for row in rows]

    def job(self, job_id: int) -> JobInfo | None:
        """Return a job; None if it is forgotten."""
        row = self._db.execute(f"{_SELECT} WHERE j.id = ?", (job_id,)).fetchone()
        return None if row is None else job_info(row, self._told(job_id))

    def job_files(self, job_id: int, *, limit: int | None = None, offset: int = 0) -> list[JobFile]:
        """Return the remembered files of a job, or a part of them, in their order of arrival."""
        # The index contains their numbers, so skipped files are not read.
        rows = self._db.execute(
            f"{_SELECT_FILES} WHERE f.id IN"  # noqa: S608 - all of it is ours
            " (SELECT id FROM job_files WHERE job_id = ? ORDER BY id LIMIT ? OFFSET ?)"
            " ORDER BY f.id",
            (UPLOADS_ROOT, job_id, -1 if limit is None else storable(limit), storable(offset)),
        )
        return [job_file(row) for row in rows]

    def job_file_count(self, job_id: int) -> int:
        """Count the remembered files of a job."""
        row = self._db.execute(
            "SELECT count(*) AS files FROM job_files WHERE job_id = ?", (job_id,)
        ).fetchone()
        return int(row["files"])

    def count_jobs(self) -> dict[JobState, int]:
        """Count the remembered jobs by state."""
        rows = self._db.execute("SELECT state, count(*) AS jobs FROM jobs GROUP BY state")
        return {row["state"]: row["jobs"] for row in rows}

    def next_job(self) -> JobInfo | None:
        """Return the next job: the one queued first."""
        row = self._db.execute(
            f"{_SELECT} WHERE j.phase = 'waiting' ORDER BY j.id LIMIT 1"
        ).fetchone()
        return None if row is None else job_info(row, ())

    def running_jobs(self) -> list[int]:
        """Return the jobs recorded as running."""
        return [
            row["id"] for row in self._db.execute("SELECT id FROM jobs WHERE phase = 'running'")
        ]

    def unended_jobs(self) -> frozenset[int]:
        """Return the jobs that have not ended."""
        rows = self._db.execute("SELECT id FROM jobs WHERE phase <> 'ended'")
        return frozenset(row["id"] for row in rows)

    def has_active_jobs(self) -> bool:
        """Return whether a job is running, or will run without further action."""
        found = self._db.execute(
            "SELECT 1 FROM jobs WHERE phase IN ('running', 'waiting') LIMIT 1"
        ).fetchone()
        return found is not None

    def has_waiting_jobs(self) -> bool:
        """Return whether a job waits for its turn."""
        found = self._db.execute("SELECT 1 FROM jobs WHERE phase = 'waiting' LIMIT 1").fetchone()
        return found is not None

    def wanted_refinements(self) -> list[CollectionInfo]:
        """Return the collections to refine between jobs, the oldest request first."""
        rows = self._db.execute(
            "SELECT c.* FROM wanted_sentences w JOIN collections c ON c.id = w.collection_id"
            " ORDER BY w.rowid"
        )
        return [collection_info(row) for row in rows]

    def wants_spool(self, spool: str) -> bool:
        """Return whether a job needs a folder of the spool."""
        found = self._db.execute("SELECT 1 FROM jobs WHERE spool = ?", (spool,)).fetchone()
        return found is not None

    def awaited_contents(self, collection: str) -> dict[str, str]:
        """Return the content hashes, by name, of uploads on their way into a collection."""
        rows = self._db.execute(
            "SELECT f.name, f.content_hash FROM job_files f JOIN jobs j ON j.id = f.job_id"
            " LEFT JOIN collections c ON c.id = j.collection_id"
            " WHERE j.phase <> 'ended' AND coalesce(c.name, j.collection) = ?"
            " AND f.content_hash <> '' ORDER BY j.id",
            (collection,),
        )
        return {row["name"]: row["content_hash"] for row in rows}

    def superseded_names(self, job_id: int) -> frozenset[str]:
        """Return the names of a job's uploads that a later job has stored with other contents."""
        rows = self._db.execute(
            "SELECT f.name FROM job_files f JOIN jobs j ON j.id = f.job_id"
            " JOIN jobs l ON l.id > j.id AND l.kind = 'uploads' AND l.state = 'done'"
            " AND l.collection_id = j.collection_id"
            " JOIN job_files g ON g.job_id = l.id AND g.name = f.name AND g.stage = 'stored'"
            " AND g.content_hash <> f.content_hash WHERE j.id = ? AND j.kind = 'uploads'",
            (job_id,),
        )
        return frozenset(row["name"] for row in rows)

    def collection_of_job(self, job: JobInfo) -> CollectionRef:
        """Return a job's target: the collection, even if renamed, or the name of a new one.

        Raises:
            CollectionGoneError: the collection was deleted.
        """
        if job.collection_id is None:
            return self.find_collection(job.collection) or job.collection
        found: CollectionInfo | None = self.collection_by_id(job.collection_id)
        if found is None:
            msg = f"the collection {job.collection!r} was deleted meanwhile; start again"
            raise CollectionGoneError(msg)
        return found

    def is_job_cancelling(self, job_id: int) -> bool:
        """Return whether a running job is being cancelled, or is gone."""
        row = self._db.execute("SELECT cancelling FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return row is None or bool(row["cancelling"])

    def _told(self, job_id: int) -> Iterable[JobFile]:
        rows = self._db.execute(
            f"{_SELECT_FILES} WHERE f.job_id = ? ORDER BY f.rank, f.id LIMIT ?",
            (UPLOADS_ROOT, job_id, LISTED_FILES),
        )
        return [job_file(row) for row in rows]
