"""The queue of jobs as the catalog knows it: what waits, what is under way, how each ended."""

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
"""Files of a job that are told of."""

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
    """What there is to know of jobs."""

    def job_changes(self) -> int:
        """Return a count that rises with every change of any job, by any process."""
        return int(self._db.execute("SELECT value FROM job_changes").fetchone()[0])

    def jobs(self) -> list[JobInfo]:
        """Return all jobs that are remembered, oldest first."""
        rows = self._db.execute(f"{_SELECT} ORDER BY j.id").fetchall()
        return [job_info(row, self._told(row["id"])) for row in rows]

    def job(self, job_id: int) -> JobInfo | None:
        """Return a job; None if it is not remembered."""
        row = self._db.execute(f"{_SELECT} WHERE j.id = ?", (job_id,)).fetchone()
        return None if row is None else job_info(row, self._told(job_id))

    def job_files(self, job_id: int, *, limit: int | None = None, offset: int = 0) -> list[JobFile]:
        """Return the files of a job that are remembered, or some, in the order they came in."""
        # Their numbers stand in the index: of those that are passed over, nothing else is read.
        rows = self._db.execute(
            f"{_SELECT_FILES} WHERE f.id IN"  # noqa: S608 - all of it is ours
            " (SELECT id FROM job_files WHERE job_id = ? ORDER BY id LIMIT ? OFFSET ?)"
            " ORDER BY f.id",
            (UPLOADS_ROOT, job_id, -1 if limit is None else storable(limit), storable(offset)),
        )
        return [job_file(row) for row in rows]

    def job_file_count(self, job_id: int) -> int:
        """Count the files of a job that are remembered."""
        row = self._db.execute(
            "SELECT count(*) AS files FROM job_files WHERE job_id = ?", (job_id,)
        ).fetchone()
        return int(row["files"])

    def count_jobs(self) -> dict[JobState, int]:
        """Return how many jobs of each state are remembered."""
        rows = self._db.execute("SELECT state, count(*) AS jobs FROM jobs GROUP BY state")
        return {row["state"]: row["jobs"] for row in rows}

    def next_job(self) -> JobInfo | None:
        """Return the job whose turn it is: the one that was queued first."""
        row = self._db.execute(
            f"{_SELECT} WHERE j.phase = 'waiting' ORDER BY j.id LIMIT 1"
        ).fetchone()
        return None if row is None else job_info(row, ())

    def running_jobs(self) -> list[int]:
        """Return the jobs that say they are under way."""
        return [
            row["id"] for row in self._db.execute("SELECT id FROM jobs WHERE phase = 'running'")
        ]

    def unended_jobs(self) -> frozenset[int]:
        """Return the jobs to which something may still happen."""
        rows = self._db.execute("SELECT id FROM jobs WHERE phase <> 'ended'")
        return frozenset(row["id"] for row in rows)

    def has_active_jobs(self) -> bool:
        """Say whether any job is under way, or will be without anybody's doing."""
        found = self._db.execute(
            "SELECT 1 FROM jobs WHERE phase IN ('running', 'waiting') LIMIT 1"
        ).fetchone()
        return found is not None

    def has_waiting_jobs(self) -> bool:
        """Say whether any job waits for its turn."""
        found = self._db.execute("SELECT 1 FROM jobs WHERE phase = 'waiting' LIMIT 1").fetchone()
        return found is not None

    def wanted_refinements(self) -> list[CollectionInfo]:
        """Return the collections that are to be refined between jobs, the oldest wish first."""
        rows = self._db.execute(
            "SELECT c.* FROM wanted_sentences w JOIN collections c ON c.id = w.collection_id"
            " ORDER BY w.rowid"
        )
        return [collection_info(row) for row in rows]

    def wants_spool(self, spool: str) -> bool:
        """Say whether a job needs that folder of the spool."""
        found = self._db.execute("SELECT 1 FROM jobs WHERE spool = ?", (spool,)).fetchone()
        return found is not None

    def awaited_contents(self, collection: str) -> dict[str, str]:
        """Return the content hashes, by name, of uploads that a collection is yet to get."""
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
        """Return the collection that a job fills, whatever it is called now, or a name to make.

        Raises:
            CollectionGoneError: it was deleted.
        """
        if job.collection_id is None:
            return self.find_collection(job.collection) or job.collection
        found: CollectionInfo | None = self.collection_by_id(job.collection_id)
        if found is None:
            msg = f"the collection {job.collection!r} was deleted meanwhile; start again"
            raise CollectionGoneError(msg)
        return found

    def is_job_cancelling(self, job_id: int) -> bool:
        """Say whether somebody wants a job to end that is under way, or it is gone."""
        row = self._db.execute("SELECT cancelling FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return row is None or bool(row["cancelling"])

    def _told(self, job_id: int) -> Iterable[JobFile]:
        rows = self._db.execute(
            f"{_SELECT_FILES} WHERE f.job_id = ? ORDER BY f.rank, f.id LIMIT ?",
            (UPLOADS_ROOT, job_id, LISTED_FILES),
        )
        return [job_file(row) for row in rows]
