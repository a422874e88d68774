"""Queues jobs: files of a batch, kept originals, folders of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.finding.objects.address import local_path, object_address
from ingest.jobs.looking import Looking
from ingest.jobs.spool import Batch, Spool, Upload
from ingest.jobs.watched import Watching
from ingest.jobs.worker import Worker
from ingest.options import IngestOptions
from kb.catalog.job_records import JobFile, JobKind, NewJob
from kb.errors import StoreError
from kb.knowledge_base import KnowledgeBase
from kb.locked_files import LockedFile
from kb.records import CollectionInfo

# Passwords are never written down; the other two are for watchers of folders.
_NOT_STORED = frozenset({"passwords", "vanished", "taken_in"})


class Queueing(Looking):
    """Queues jobs and wakes the worker. Thread-safe.

    Args:
        base: the knowledge base for the documents.

    Raises (every method that changes something):
        StoreError: the data folder is read-only, or its disk is full.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        super().__init__(base)
        self.spool = Spool(base.settings.spool_dir)
        self._worker = Worker(base, self.spool)
        self._watching = Watching(base, self.spool, self._worker.turn)

    def batch(self) -> Batch:
        """Make room for files to queue together.

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
        """Queue files of one batch, each with a unique name; return the job's id.

        The other files of the batch are deleted. The job tries the passwords among the options on
        protected files. Only this process knows them, until the job has ended.

        Raises:
            ValueError: the files belong to several batches, or two have one name.
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
        """Queue uploads with kept originals: their content hashes by name; return the job's id."""
        files = [JobFile(name=name, content_hash=content) for name, content in originals.items()]
        return self._add("uploads", self.batch(), collection, options, files=files)

    def add_paths(
        self,
        paths: Sequence[Path | str],
        *,
        collection: str | None = None,
        options: IngestOptions | None = None,
    ) -> int:
        """Queue folders and files of this machine, and URLs as text; return the job's id.

        Raises:
            SettingsError: a URL is not supported.
        """
        return self._add("paths", self.batch(), collection, options, paths=paths)

    def _add(
        self,
        kind: JobKind,
        batch: Batch,
        collection: str | None,
        options: IngestOptions | None,
        *,
        files: Iterable[JobFile] = (),
        paths: Iterable[Path | str] = (),
    ) -> int:
        options = options or IngestOptions()
        held = self._base.held(collection)  # it may be renamed before its turn
        known = held if isinstance(held, CollectionInfo) else None
        job = NewJob(
            kind=kind,
            collection=known.name if known else str(held),
            collection_id=known.id if known else None,
            spool=batch.name,
            files=tuple(files),
            paths=tuple(map(_whole, paths)),
            options=_written(options),
            locked=bool(options.passwords),
        )
        kept = {file.spooled for file in job.files if file.spooled}
        batch.secure(kept)
        # The batch is locked until the job is queued, so that no process deletes it as abandoned.
        job_id = self._base.jobs.add(job)
        batch.keep_only(kept)
        self._leave(job_id, options.passwords, batch.hand_over())
        return job_id

    def _leave(self, job_id: int, passwords: tuple[str, ...], lock: LockedFile) -> None:
        """Leave a job to the worker; keep its batch locked if this process knows its passwords."""
        if passwords:
            self._worker.remember(job_id, passwords, lock)
        else:
            lock.release()
            if job_id not in self._base.jobs.unended():
                self._worker.clean()  # done already, while its batch was still locked
        self._worker.wake()


def retry_options(passwords: tuple[str, ...] = ()) -> IngestOptions:
    """Return the options of a job over uploads.

    Uploads carry no modification time, so the job always compares their bytes. It also retries
    files that failed before, because their sender wants another try.
    """
    return IngestOptions(checksum=True, retry=True, passwords=passwords)


def _written(options: IngestOptions) -> dict[str, Any]:
    """Return options as JSON values, without defaults."""
    default = asdict(IngestOptions())
    return {
        name: value
        for name, value in asdict(options).items()
        if name not in _NOT_STORED and value != default[name]
    }


def _whole(path: Path | str) -> str:
    """Return an absolute path: the job may run in another folder."""
    address = object_address(path)
    return str(Path(local_path(path)).absolute()) if address is None else address.url
