"""Shapes of the ``--json`` output of commands, except records that the server returns, too."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from kb.catalog.key_records import KeyScope, Standing
from kb.catalog.watched_folders import FolderState
from kb.records import MediaType
from kb.server.knowledge.records import HitReply, NoticeReply, ReadingReply, SourceReply
from kb.server.replies import Reply


class FileShape(Reply):
    """A document in a search: ``score`` is that of its best hit, whose id is ``best``."""

    short_id: str
    score: float
    path: str
    collection: str
    document_id: int
    title: str
    media_type: MediaType
    best: str


class UnreadShape(Reply):
    """An address that could not be read, and the reason."""

    address: str
    reason: str


class SeveralShape(Reply):
    """Several readings; ``left`` are the addresses without room."""

    readings: list[ReadingReply]
    left: list[str]
    failed: list[UnreadShape]


class PassagesShape(Reply):
    """The best passages, in place of an answer when the settings name no chat model."""

    answer: None
    sources: list[HitReply]


class KeyShape(Reply):
    """A key of the server; ``collections`` is null for a key of all collections."""

    id: int
    name: str
    label: str
    scopes: list[KeyScope]
    collections: list[str] | None
    rate: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    state: Standing


class NewKeyShape(KeyShape):
    """A new key; ``key`` appears only here."""

    key: str


class FolderFailureShape(Reply):
    """An unreadable file of a watched folder, and the reason."""

    path: str
    reason: str
    reason_code: str


class FolderRunShape(Reply):
    """A run over a watched folder; ``counts`` has the number of files by outcome.

    ``gone_count`` files no longer exist. The run kept their documents, because they are more than
    half of the folder's; ``gone`` names the first ones. ``left_out`` maps known files to the rule
    that excludes them.
    """

    began_at: datetime
    ended_at: datetime
    counts: dict[str, int]
    failures: list[FolderFailureShape]
    gone: list[str]
    gone_count: int
    left_out: dict[str, dict[str, str]]


class FolderShape(Reply):
    """A watched folder of a collection.

    The run under way has finished ``done`` of ``total`` files. ``error`` says why the last run
    failed as a whole.
    """

    id: int
    path: str
    collection: str
    paused: bool
    state: FolderState
    error: str
    done: int
    total: int
    last_run: FolderRunShape | None
    added_at: datetime


class ReembeddingShape(Reply):
    """A collection embedded with another model."""

    collection: str
    model_id: str
    documents: int
    chunks: int
    embedded: int
    resumed: int


class RefinementShape(Reply):
    """The result of embedding a collection's sentences; ``left`` chunks remain."""

    collection: str
    chunks: int
    refined: int
    computed: int
    sentences: int
    left: int


class MigrationShape(Reply):
    """The result of copying a collection's vectors to another store, and their difference."""

    collection: str
    before: str
    after: str
    vectors: int
    copied: int
    resumed: int
    difference: float


class CompactionShape(Reply):
    """The result of rewriting the store without removed documents."""

    bytes_before: int
    bytes_after: int
    uploads: int
    backups: int


class LeftOutShape(SourceReply):
    """A file that a rule excludes, but that search still finds."""

    rule: str
    left_out_by: str


class IngestedShape(SourceReply):
    """The outcome of a file; ``document_id`` is null if the file has no document."""

    outcome: Literal["added", "changed", "moved", "removed", "unchanged", "failed"]
    moved_from: str | None
    document_id: int | None
    chunks: int
    embedded: int
    reused: int
    tokens: int
    seconds: float
    notices: list[NoticeReply]
    reason: str
    reason_code: str


class ReportShape(Reply):
    """A run of ingestion."""

    collection: str
    counts: dict[str, int]
    chunks: int
    embedded: int
    reused: int
    tokens: int
    seconds: float
    refined: int
    refined_seconds: float | None
    unrefined: int
    unrefined_reason: str
    embedder_busy_share: float
    interrupted: bool
    dry_run: bool
    gone: list[SourceReply]
    left_out: list[LeftOutShape]
    not_included: int
    other_types: dict[str, int]
    remarks: list[str]
    files: list[IngestedShape]
