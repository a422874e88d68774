"""Runs one job: ingests its files, and saves its progress meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from ingest.jobs.spool import Spool
from ingest.mishaps import recorded
from ingest.options import IngestOptions
from ingest.pipeline.report import IngestReport
from ingest.pipeline.sentences import Refining
from ingest.results import FileEvent
from ingest.run import ingest, ingest_uploads
from ingest.sending.keeping import SentFile
from kb.catalog.job_records import JobFile, JobInfo, JobProgress, JobStage, JobState
from kb.errors import KnowledgeBaseError, StoreError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo, Source

TICK_S = 0.3
"""Seconds between two saves of progress, each of which also notices a cancellation."""

UNEXPECTED = "unexpected"
"""Error code of a job that met a fault of the program; its error is the number in the log."""

# Waiting jobs come first: sentences are embedded when there is no job (ingest.jobs.between).
_LATER = Refining(wanted=False)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of a job."""

    state: JobState
    files: tuple[JobFile, ...] = ()
    progress: JobProgress
    error: str = ""
    error_code: str = ""


@dataclass(slots=True)
class _Tally:
    """Knowledge about the files; guarded by the execution's mutex."""

    files: dict[str, JobFile]
    changed: dict[str, None] = field(default_factory=dict)
    settled: int = 0
    embedded: dict[str, tuple[int, int]] = field(default_factory=dict)
    embedding_since: float = 0.0


class Execution:
    """The one job that this process works on.

    Args:
        base: the knowledge base for the documents.
        spool: the bytes of uploads.
        job: its state at the beginning.
        passwords: tried on protected files; never written down.
        tick_s: see :data:`TICK_S`.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        spool: Spool,
        job: JobInfo,
        *,
        passwords: tuple[str, ...] = (),
        tick_s: float = TICK_S,
    ) -> None:
        self.job = job
        self._base = base
        self._spool = spool
        self._passwords = passwords
        self._tick_s = tick_s
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._over = threading.Event()
        self._cancelled = False
        self._roots: dict[str, str] = {}
        self._tally = _Tally({file.name: file for file in base.jobs.files(job.id)})

    def cancel(self) -> None:
        """End the job for good, after the present commit."""
        self._cancelled = True
        self._stop.set()

    def interrupt(self) -> None:
        """End the job for now; it continues when a process works again."""
        self._stop.set()

    def run(self) -> Ending:
        """Run the job; return its end. Raises no error that an ingestion may raise."""
        watcher = threading.Thread(target=self._write_down, name="job-progress", daemon=True)
        watcher.start()
        state: JobState = "done"
        error = error_code = ""
        history: Mapping[str, Any] = {}
        try:
            report = self._ingest()
        except Exception as failure:  # noqa: BLE001 - a bug must show, not end the thread
            if self._is_ending():
                # A failure while the program exits is retried at the next start.
                state = "interrupted"
            elif isinstance(failure, KnowledgeBaseError):
                state, error = "failed", str(failure)
            else:
                number = recorded("adding files", failure).number
                state, error, error_code = "failed", number, UNEXPECTED
        else:
            if report is not None:
                history = report.history()
                if report.interrupted:
                    state = "cancelled" if self._cancelled else "interrupted"
        finally:
            self._over.set()
            watcher.join()
        with self._mutex:
            progress = replace(
                self._progress(),
                gone=tuple(history.get("gone", ())),
                left_out=history.get("left_out", {}),
            )
            return Ending(
                state=state,
                files=self._changed(),
                progress=progress,
                error=error,
                error_code=error_code,
            )

    def _is_ending(self) -> bool:
        """Return whether this process is exiting: among others, Python then starts no threads."""
        asked = self._stop.is_set() and not self._cancelled
        return asked or not threading.main_thread().is_alive()

    def _ingest(self) -> IngestReport | None:
        collection = self._base.jobs.collection_of(self.job)
        if not isinstance(collection, CollectionInfo):
            # The job keeps filling this collection, even after renaming.
            collection = self._base.indexing.writable_collection(collection)
            self._base.jobs.place(self.job.id, collection)
        options = IngestOptions(**_read(self.job.options), passwords=self._passwords)
        if self.job.kind == "paths":
            return ingest(
                self._base,
                self.job.paths,
                collection=collection,
                options=options,
                on_event=self._on_event,
                cancel=self._stop,
                refining=_LATER,
            )
        left = self._left()
        if not left:
            return None
        return ingest_uploads(
            self._base,
            [(file.name, self._sent(file)) for file in left],
            collection=collection,
            options=options,
            on_event=self._on_event,
            cancel=self._stop,
            refining=_LATER,
        )

    def _left(self) -> list[JobFile]:
        """Return the uploads that remain to be read.

        Uploads done before an interruption are done: somebody may have removed their documents
        since. A job that waited for a password must not replace later uploads of the same name.
        """
        newer = self._base.jobs.superseded(self.job)
        with self._mutex:
            for file in list(self._tally.files.values()):
                if not file.settled and file.name in newer:
                    self._tally.files[file.name] = replace(file, stage="cancelled")
                    self._tally.changed[file.name] = None
            waiting = [file for file in self._tally.files.values() if not file.settled]
        return [file for file in waiting if file.stage != "cancelled"]

    def _sent(self, file: JobFile) -> SentFile:
        path = self._spool.file(self.job.spool, file.spooled) if file.spooled else None
        return SentFile(content_hash=file.content_hash, path=path)

    # -- progress

    def _on_event(self, event: FileEvent) -> None:
        with self._mutex:
            name = self._named(event.source)
            tally = self._tally
            before = tally.files.get(name) or JobFile(name=name)
            if before.settled and event.stage in ("waiting", "unchanged"):
                return  # an earlier attempt got this far
            if before.stage == event.stage == "waiting" and name in tally.files:
                return
            waiting = event.stage == "waiting"
            tally.files[name] = replace(
                before,
                stage=cast("JobStage", event.stage),
                done=event.done,
                total=0 if waiting else event.total,
                notices=event.notices,
                reason=event.reason,
                reason_code=event.reason_code,
                replaced=event.outcome == "changed",
            )
            if not waiting or self.job.kind == "uploads":
                tally.changed[name] = None  # of 100,000 files of a folder, most only wait
            tally.settled += tally.files[name].settled
            if event.stage == "embedding":
                tally.embedding_since = tally.embedding_since or time.monotonic()
                tally.embedded[name] = (event.done, event.total)
            elif event.stage == "stored" and name in tally.embedded:
                total = tally.embedded[name][1]
                tally.embedded[name] = (total, total)

    def _named(self, source: Source) -> str:
        """Return the name of a file in a job: two folders may have files of one name."""
        root = self._roots.setdefault(source.path, source.root)
        return source.path if root == source.root else f"{source.root}/{source.path}"

    def _write_down(self) -> None:
        """Save progress until the job is over, and check whether somebody wants it to end."""
        while not self._over.wait(self._tick_s):
            try:
                self._note()
            except StoreError as error:
                # The job's end is saved until that succeeds; this progress is only for display.
                _log.warning("the progress of job %d was not written down: %s", self.job.id, error)

    def _note(self) -> None:
        with self._mutex:
            files, progress = self._changed(), self._progress()
            advanced, self._tally.settled = self._tally.settled > 0, 0
        try:
            if files:
                self._base.jobs.note(self.job.id, files, progress, advanced=advanced)
            cancelling = self._base.jobs.is_cancelling(self.job.id)
        except StoreError:
            with self._mutex:
                self._tally.changed.update(dict.fromkeys(file.name for file in files))
            raise
        if cancelling:
            self.cancel()

    def _changed(self) -> tuple[JobFile, ...]:
        changed = tuple(self._tally.files[name] for name in self._tally.changed)
        self._tally.changed.clear()
        return changed

    def _progress(self) -> JobProgress:
        tally = self._tally
        stages = [file.stage for file in tally.files.values()]
        done = sum(pair[0] for pair in tally.embedded.values())
        since = time.monotonic() - tally.embedding_since if tally.embedding_since else 0.0
        return JobProgress(
            total=len(stages),
            finished=sum(file.settled for file in tally.files.values()),
            failed=stages.count("failed"),
            unread=not stages or "waiting" in stages or "reading" in stages,
            chunks_done=done,
            chunks_total=sum(pair[1] for pair in tally.embedded.values()),
            chunks_per_s=done / since if since > 0 else 0.0,
        )


def _read(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options from their JSON values."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in options.items()
    }
