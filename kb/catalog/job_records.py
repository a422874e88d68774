"""Records of ingestion jobs: their input, progress and end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from kb.records import Notice

JobKind = Literal["uploads", "paths"]
JobState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
JobStage = Literal["waiting", "reading", "embedding", "stored", "unchanged", "failed", "cancelled"]

SETTLED = frozenset({"stored", "unchanged", "failed"})
"""Final stages of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFile:
    """One file of a job; ``done`` of ``total`` are pages while reading, chunks afterwards.

    ``content_hash`` is set for uploads. ``spooled`` is the name of their bytes in the job's folder
    of the spool; it is empty if the original is kept already. ``replaced`` says that the file has
    replaced an older one with its name. ``document_id`` and ``short_id`` are those of the upload's
    document while it exists.
    """

    name: str
    stage: JobStage = "waiting"
    done: int = 0
    total: int = 0
    notices: tuple[Notice, ...] = ()
    reason: str = ""
    reason_code: str = ""
    replaced: bool = False
    size: int = 0
    content_hash: str = ""
    spooled: str = ""
    document_id: int | None = None
    short_id: str = ""

    @property
    def settled(self) -> bool:
        """Whether the file is finished, successfully or not."""
        return self.stage in SETTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """Progress of a job, over all its files.

    ``finished`` of ``total`` files are done, and ``failed`` of these have failed. ``unread`` says
    that some file has not been read yet. ``chunks_per_s`` covers the time since the first embedded
    chunk. ``gone`` and ``left_out`` are as in :class:`kb.catalog.runs.RunInfo`.
    """

    total: int = 0
    finished: int = 0
    failed: int = 0
    unread: bool = True
    chunks_done: int = 0
    chunks_total: int = 0
    chunks_per_s: float = 0.0
    gone: tuple[str, ...] = ()
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to queue.

    ``spool`` is the name of its folder in the spool. ``options`` are the options of ingestion as
    JSON values, without passwords. ``locked`` says that there are passwords, which only a process
    has in memory.
    """

    kind: JobKind
    collection: str
    collection_id: str | None
    spool: str
    files: tuple[JobFile, ...] = ()
    paths: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInfo:
    """A snapshot of a job.

    ``files`` are the most important ones: first the active, then the failed, then the others.
    ``error`` is set if the whole job failed (the store, the model), not just a file. ``error_code``
    is a code of this program, or empty. ``cancelling`` says that a client has cancelled it.
    """

    id: int
    kind: JobKind
    state: JobState
    collection: str
    collection_id: str | None
    spool: str
    paths: tuple[str, ...]
    options: Mapping[str, Any]
    locked: bool
    cancelling: bool
    attempts: int
    progress: JobProgress
    files: tuple[JobFile, ...]
    error: str
    error_code: str
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def asks(self) -> bool:
        """Whether it waits for a password that no process knows any more."""
        return self.state == "interrupted" and self.locked

    @property
    def active(self) -> bool:
        """Whether it runs, or will run without further action."""
        return self.state in ("queued", "running") or (
            self.state == "interrupted" and not self.locked
        )

    @property
    def ended(self) -> bool:
        """Whether it has ended for good."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def total(self) -> int:
        """Number of its files, as far as known."""
        return self.progress.total

    @property
    def finished(self) -> int:
        """Number of finished files, successful or not."""
        return self.progress.finished

    @property
    def failed(self) -> int:
        """Number of files that could not be read."""
        return self.progress.failed

    @property
    def seconds(self) -> float:
        """Duration of its work since it last began, in seconds."""
        if self.started_at is None:
            return 0.0
        return ((self.ended_at or datetime.now(UTC)) - self.started_at).total_seconds()

    @property
    def seconds_left(self) -> float | None:
        """Estimated rest in seconds, once every file has been read; None before."""
        told = self.progress
        if told.unread or not told.chunks_per_s:
            return None
        return (told.chunks_total - told.chunks_done) / told.chunks_per_s
