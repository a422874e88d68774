"""Reads the jobs of a data folder for display."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

from ingest.jobs.spool import Upload
from kb.catalog.job_records import JobInfo
from kb.knowledge_base import KnowledgeBase
from kb.uploads import UPLOADS_ROOT

_WAIT_S = 0.05


class Looking:
    """The state of a data folder's jobs. Thread-safe."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._mutex = threading.Lock()
        self._seen: tuple[int, list[JobInfo]] | None = None

    def listed(self) -> list[JobInfo]:
        """Return the remembered jobs, oldest first; none if the data folder is read-only."""
        if self._base.read_only:
            return []
        changes = self._base.jobs.changes()
        with self._mutex:
            if self._seen is not None and self._seen[0] == changes:
                return list(self._seen[1])
        found = self._base.jobs.listed()
        with self._mutex:
            self._seen = (changes, found)
        return list(found)

    def get(self, job_id: int) -> JobInfo | None:
        """Return a job; None if it is forgotten."""
        return self._base.jobs.get(job_id)

    def wait(self, job_id: int, *, timeout_s: float) -> JobInfo | None:
        """Return a job when it has ended or waits for a password, or at the end of the time."""
        deadline = time.monotonic() + timeout_s
        while True:
            job = self.get(job_id)
            if job is None or not job.active or time.monotonic() >= deadline:
                return job
            time.sleep(_WAIT_S)

    def follow(self, job_id: int) -> Iterator[JobInfo]:
        """Yield a job now and after every change, until nothing more will happen.

        That is when it has ended, is forgotten, or waits for a password.
        """
        seen = -1
        while True:
            changes = self._base.jobs.changes()
            if changes != seen:
                seen = changes
                job = self.get(job_id)
                if job is None:
                    return
                yield job
                if not job.active:
                    return
            time.sleep(_WAIT_S)

    @property
    def active(self) -> bool:
        """Whether any job runs, or will run without a person's action."""
        return not self._base.read_only and self._base.jobs.is_active()

    def refines(self, collection_id: str) -> bool:
        """Return whether a collection's sentences are embedded when there is no job."""
        wanted = [] if self._base.read_only else self._base.jobs.refining()
        return any(each.id == collection_id for each in wanted)

    def sent(self, *, collection: str) -> dict[str, str]:
        """Return the content hash of every uploaded document by its name.

        A file that waits for its job counts as its future document.
        """
        known = {
            state.source.path: state.content_hash
            for state in self._base.files.states(root=UPLOADS_ROOT, collection=collection)
            if state.document_id is not None
        }
        return known | self._base.jobs.contents(collection)

    def would_replace(self, uploads: Iterable[Upload], *, collection: str) -> list[str]:
        """Return the names of documents that these uploads would replace with other content."""
        known = self.sent(collection=collection)
        return [
            upload.name
            for upload in uploads
            if known.get(upload.name, upload.content_hash) != upload.content_hash
        ]
