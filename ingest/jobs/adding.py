"""Jobs as they are queued: files of a batch, originals that are kept, folders of this machine."""

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

# Passwords are never written down; the other two are for who watches folders.
_NOT_STORED = frozenset({"passwords", "vanished", "taken_in"})


class Queueing(Looking):
    """What queues jobs; whoever works through them is told. Thread-safe.

    Args:
        base: where documents go.

    Raises (every method that changes something):
        StoreError: the data folder is read-only, or its disk is full.
    """

    def __init__(self, base: KnowledgeBase) -> None:
        super().__init__(base)
        self.spool = Spool(base.settings.spool_dir)
        self._worker = Worker(base, self.spool)
        self._watching = Watching(base, self.spool, self._worker.turn)

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
        paths: Sequence[Path | str],
        *,
        collection: str | None = None,
        options: IngestOptions | None = None,
    ) -> int:
        """Queue folders and files of this machine, and URLs as text; return the job's id.

        Raises:
            SettingsError: nothing can be ingested from such a URL.
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
        held = self._base.held(collection)  # it may be renamed before its turn comes
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
        # The batch is held until the job is queued, so that nobody takes it for left behind.
        job_id = self._base.jobs.add(job)
        batch.keep_only(kept)
        self._leave(job_id, options.passwords, batch.hand_over())
        return job_id

    def _leave(self, job_id: int, passwords: tuple[str, ...], lock: LockedFile) -> None:
        """Leave a job to whoever works; hold its batch where this process knows its passwords."""
        if passwords:
            self._worker.remember(job_id, passwords, lock)
        else:
            lock.release()
            if job_id not in self._base.jobs.unended():
                self._worker.clean()  # done already, while its batch was still held
        self._worker.wake()


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


def _whole(path: Path | str) -> str:
    """Return a path as a job keeps it: it may run in another folder."""
    address = object_address(path)
    return str(Path(local_path(path)).absolute()) if address is None else address.url
