"""Jobs of ingestion as values: what is to be read, how far it is, how it ended."""

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
"""Stages after which nothing more happens to a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFile:
    """One file of a job; ``done`` of ``total`` are pages while reading, chunks afterwards.

    ``content_hash`` is known of uploads. ``spooled`` names their bytes in the job's folder of the
    spool; it is empty where the original is kept already. ``replaced`` says that the file was
    stored in place of what was there under its name. ``document_id`` and ``short_id`` are of the
    document that an upload is found as, for as long as it is.
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
        """Whether the file is done with, well or badly."""
        return self.stage in SETTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far a job is, all its files together.

    ``finished`` of ``total`` files are done with, ``failed`` of them badly. ``unread`` says that
    some file has not been read yet. ``chunks_per_s`` covers the time since the first chunk was
    embedded. ``gone`` and ``left_out`` are those of :class:`kb.catalog.runs.RunInfo`.
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
    """A job to be queued.

    ``spool`` names its folder in the spool. ``options`` are those of ingestion as JSON values,
    without passwords. ``locked`` says that passwords were given, which only the memory of a process
    knows.
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
    """A job as it was a moment ago.

    ``files`` are the most telling ones: what moves, then what failed, then the rest. ``error`` is
    set when the whole job failed (the store, the model), not one of its files; ``error_code`` is
    one of this program's own, or empty. ``cancelling`` says that somebody wants it to end.
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
        """Whether it waits for a password that nobody knows any more."""
        return self.state == "interrupted" and self.locked

    @property
    def active(self) -> bool:
        """Whether it is under way, or will be without anybody's doing."""
        return self.state in ("queued", "running") or (
            self.state == "interrupted" and not self.locked
        )

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def total(self) -> int:
        """How many files it has, as far as is known."""
        return self.progress.total

    @property
    def finished(self) -> int:
        """How many files are done with, well or badly."""
        return self.progress.finished

    @property
    def failed(self) -> int:
        """How many files could not be read."""
        return self.progress.failed

    @property
    def seconds(self) -> float:
        """How long it has been at work since it last began."""
        if self.started_at is None:
            return 0.0
        return ((self.ended_at or datetime.now(UTC)) - self.started_at).total_seconds()

    @property
    def seconds_left(self) -> float | None:
        """An estimate once every file has been read; None before."""
        told = self.progress
        if told.unread or not told.chunks_per_s:
            return None
        return (told.chunks_total - told.chunks_done) / told.chunks_per_s
