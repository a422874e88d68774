"""The queue as whoever wants something ingested sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ingest.jobs.spool import Batch, Spool, Upload
from ingest.jobs.worker import Worker
from ingest.options import IngestOptions
from kb.catalog.job_records import JobFile, JobInfo, JobKind, NewJob
from kb.errors import StoreError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo
from kb.uploads import UPLOADS_ROOT

_WAIT_S = 0.05
# Passwords are never written down; the other two are for who watches folders.
_NOT_STORED = frozenset({"passwords", "vanished", "taken_in"})


class Jobs:
    """The jobs of a data folder, and the thread of this process that does them. Thread-safe.

    Several processes may have one each: they see the same jobs, and one of them works at a time.
    A job that is queued is done, whatever becomes of the process that queued it.

    Raises (every method that changes something):
        StoreError: the data folder is read-only, or its disk is full.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self.spool = Spool(base.settings.spool_dir)
        self._worker = Worker(base, self.spool)
        self._mutex = threading.Lock()
        self._seen: tuple[int, list[JobInfo]] | None = None
        if not base.read_only:
            self._worker.clean()
            self._worker.start()

    # -- queueing

    def batch(self) -> Batch:
        """Make room for files that are to be queued together.

        Raises:
            StoreError: the data folder is read-only, or its disk is full.
        """
        if self._base.read_only:
            raise StoreError(self._base.read_only)
        return self.spool.batch()

    def add_uploads(
        self,
        uploads: Sequence[Upload],
        *,
        collection: str | None = None,
        options: IngestOptions | None = None,
    ) -> int:
        """Queue files of one batch, each with a name of its own; return the job's id.

        The rest of the batch is deleted. The passwords among the options are tried on protected
        files; only this process knows them, until the job has ended.

        Raises:
            ValueError: the files are of several batches, or two have one name.
        """
        batches = {upload.batch.name: upload.batch for upload in uploads}
        if len(batches) != 1 or len({upload.name for upload in uploads}) != len(uploads):
            msg = "files that are queued together have one batch and a name each"
            raise ValueError(msg)
        files = [
            JobFile(
                name=upload.name,
                size=upload.size,
                content_hash=upload.content_hash,
                spooled=upload.spooled,
            )
            for upload in uploads
        ]
        (batch,) = batches.values()
        return self._add("uploads", batch, collection, options, files=files)

    def add_kept(
        self,
        originals: Mapping[str, str],
        *,
        collection: str | None = None,
        options: IngestOptions | None = None,
    ) -> int:
        """Queue uploads whose originals are kept: their content hashes by name; return the id."""
        files = [JobFile(name=name, content_hash=content) for name, content in originals.items()]
        return self._add("uploads", self.batch(), collection, options, files=files)

    def add_paths(
        self,
        paths: Sequence[Path],
        *,
        collection: str | None = None,
        options: IngestOptions | None = None,
    ) -> int:
        """Queue folders and files of this machine; return the job's id."""
        return self._add("paths", self.batch(), collection, options, paths=paths)

    def retry(self, job_id: int, *, passwords: tuple[str, ...] = ()) -> int | None:
        """Queue again what of a job that has ended was not done or failed; None if nothing was.

        The new job takes the place of the old one.
        """
        old = self._base.jobs.get(job_id)
        if old is None or not old.ended:
            return None
        files = tuple(
            replace(file, stage="waiting", done=0, total=0, notices=(), reason="", reason_code="")
            for file in self._base.jobs.files(job_id)
            if not file.settled or file.stage == "failed"
        )
        if old.kind == "uploads":
            files = tuple(file for file in files if self._is_there(old, file))
            if not files:
                return None
        batch = None if old.spool else self.batch()
        job = NewJob(
            kind=old.kind,
            collection=old.collection,
            collection_id=old.collection_id,
            spool=batch.name if batch else old.spool,
            files=files,
            paths=old.paths,
            options={**old.options, "retry": True},
            locked=bool(passwords),
        )
        if batch is not None:
            return self._queue(job, batch, passwords, instead_of=job_id)
        # The batch goes from job to job in one step, so it is never without one.
        if not passwords:
            new = self._base.jobs.add(job, instead_of=job_id)
        else:
            lock = self.spool.hold(old.spool)
            if lock is None:
                return None  # somebody else is at it
            new = self._base.jobs.add(job, instead_of=job_id)
            self._worker.remember(new, passwords, lock)
        self._worker.wake()
        return new

    def answer(self, job_id: int, *, passwords: tuple[str, ...] = ()) -> bool:
        """Give a job that asks for a password one, or none: then it goes on without.

        Returns:
            Whether it did ask.
        """
        job = self._base.jobs.get(job_id)
        if job is None or not job.asks:
            return False
        if passwords:
            lock = self.spool.hold(job.spool)
            if lock is None:
                return False  # another process was just told
            self._worker.remember(job_id, passwords, lock)
        asked = self._base.jobs.answer(job_id, locked=bool(passwords))
        if not asked:
            self._worker.forget(job_id)
        self._worker.wake()
        return asked

    def cancel(self, job_id: int) -> None:
        """End a job after the commit under way, or before it begins. What is stored stays."""
        if self._base.jobs.cancel(job_id):
            self._worker.forget(job_id)
            self._worker.clean()
        else:
            self._worker.cancel(job_id)

    def dismiss(self, job_id: int) -> None:
        """Forget a job that has ended."""
        self._base.jobs.dismiss(job_id)
        self._worker.clean()

    # -- looking on

    def listed(self) -> list[JobInfo]:
        """Return the jobs that are remembered, oldest first."""
        changes = self._base.jobs.changes()
        with self._mutex:
            if self._seen is not None and self._seen[0] == changes:
                return list(self._seen[1])
        found = self._base.jobs.listed()
        with self._mutex:
            self._seen = (changes, found)
        return list(found)

    def get(self, job_id: int) -> JobInfo | None:
        """Return a job; None if it is not remembered."""
        return self._base.jobs.get(job_id)

    def wait(self, job_id: int, *, timeout_s: float) -> JobInfo | None:
        """Return a job when it has ended or asks for a password; as it is when the time is up."""
        deadline = time.monotonic() + timeout_s
        while True:
            job = self.get(job_id)
            if job is None or not job.active or time.monotonic() >= deadline:
                return job
            time.sleep(_WAIT_S)

    @property
    def active(self) -> bool:
        """Whether any job is under way, or will be without anybody's doing."""
        return self._base.jobs.is_active()

    def sent(self, *, collection: str) -> dict[str, str]:
        """Return the content hash of every uploaded document by its name.

        A file that still waits for its job counts, as the document that it is going to be.
        """
        known = {
            state.source.path: state.content_hash
            for state in self._base.files.states(root=UPLOADS_ROOT, collection=collection)
            if state.document_id is not None
        }
        return known | self._base.jobs.contents(collection)

    def would_replace(self, uploads: Iterable[Upload], *, collection: str) -> list[str]:
        """Return the names whose documents these uploads would replace by something else."""
        known = self.sent(collection=collection)
        return [
            upload.name
            for upload in uploads
            if known.get(upload.name, upload.content_hash) != upload.content_hash
        ]

    def close(self) -> None:
        """Stop after the commit under way; what is not done goes on when a process works again."""
        self._worker.close()

    # -- helpers

    def _add(
        self,
        kind: JobKind,
        batch: Batch,
        collection: str | None,
        options: IngestOptions | None,
        *,
        files: Iterable[JobFile] = (),
        paths: Iterable[Path] = (),
    ) -> int:
        options = options or IngestOptions()
        held = self._base.held(collection)  # it may be renamed before its turn comes
        known = held if isinstance(held, CollectionInfo) else None
        job = NewJob(
            kind=kind,
            collection=known.name if known else str(held),
            collection_id=known.id if known else None,
            spool=batch.name,
            files=tuple(files),
            paths=tuple(str(path.absolute()) for path in paths),
            options=_written(options),
            locked=bool(options.passwords),
        )
        return self._queue(job, batch, options.passwords)

    def _queue(
        self,
        job: NewJob,
        batch: Batch,
        passwords: tuple[str, ...],
        *,
        instead_of: int | None = None,
    ) -> int:
        """Queue a job. Its batch is held until it is, so that nobody takes it for left behind."""
        job_id = self._base.jobs.add(job, instead_of=instead_of)
        batch.keep_only({file.spooled for file in job.files})
        lock = batch.hand_over()
        if passwords:
            self._worker.remember(job_id, passwords, lock)
        else:
            lock.release()
        self._worker.wake()
        return job_id

    def _is_there(self, job: JobInfo, file: JobFile) -> bool:
        original = self._base.uploads.path(file.name, file.content_hash)
        spooled = self.spool.file(job.spool, file.spooled) if job.spool and file.spooled else None
        return original.is_file() or (spooled is not None and spooled.is_file())


def retry_options(passwords: tuple[str, ...] = ()) -> IngestOptions:
    """Return the options of a job over uploads.

    Uploads carry no time of change, so their bytes are always compared; and whoever sends a
    file that failed once more wants it tried once more.
    """
    return IngestOptions(checksum=True, retry=True, passwords=passwords)


def _written(options: IngestOptions) -> dict[str, Any]:
    """Return options as JSON values, those that differ from the defaults."""
    default = asdict(IngestOptions())
    return {
        name: value
        for name, value in asdict(options).items()
        if name not in _NOT_STORED and value != default[name]
    }
