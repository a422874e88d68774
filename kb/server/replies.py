"""What the server answers, for ``/openapi.json``; tests hold real answers against it.

The answers themselves are written by :mod:`kb.wire`, the same for commands with ``--json``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kb.records import (
    MediaType,
    MetadataValue,
    Outcome,
    PageSource,
    Reason,
    SearchMode,
    SectionKind,
)


class Reply(BaseModel):
    """An answer as JSON."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


_Span = Annotated[list[int], Field(min_length=2, max_length=2)]


class ErrorDetail(Reply):
    """What is wrong. ``code`` is stable, ``param`` names the field."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorReply(Reply):
    """Every answer that is no success."""

    error: ErrorDetail


class HealthReply(Reply):
    """The server answers requests."""

    status: Literal["ok"]


class SourceReply(Reply):
    """A file: the folder that was ingested, and the path below it."""

    root: str
    path: str


class HitReply(Reply):
    """A passage, as :class:`kb.SearchHit` describes it."""

    score: float
    text: str
    collection: str
    document_id: int
    chunk_id: int
    ordinal: int
    title: str
    media_type: MediaType
    sources: list[SourceReply]
    start: int
    end: int
    heading_path: list[str]
    kind: SectionKind
    page_first: int | None
    page_last: int | None
    page_label: str
    page_label_last: str
    read_by: PageSource
    confidence: float | None
    header: str
    highlights: list[_Span]
    sentence: _Span | None
    words: list[_Span]
    reasons: list[Reason]
    matched: list[str]
    metadata: dict[str, MetadataValue]
    scores: dict[str, float]
    ranks: dict[str, int]
    before: str
    after: str
    place: str


class SearchReply(Reply):
    """Hits, best first; ``did_you_mean`` is the query without misspelt words, else empty."""

    object: Literal["list"]
    data: list[HitReply]
    did_you_mean: str


class CollectionReply(Reply):
    """A collection, as :class:`kb.CollectionInfo` describes it."""

    id: str
    name: str
    description: str
    instruction: str
    mode: SearchMode | None
    embedder: str
    dim: int
    documents: int
    chunks: int
    refined: int
    created_at: datetime


class CollectionsReply(Reply):
    """All collections."""

    object: Literal["list"]
    data: list[CollectionReply]


class NoticeReply(Reply):
    """What a reader of the document should know."""

    code: str
    message: str
    values: dict[str, MetadataValue]


class FailedReply(Reply):
    """A file that could not be read, and the older version of it that is found."""

    source: SourceReply
    reason: str
    reason_code: str
    size: int
    seen_at: datetime
    document_id: int | None
    document_added_at: datetime | None


class DocumentReply(Reply):
    """A document, as :class:`kb.DocumentInfo` describes it."""

    id: int
    collection: str
    title: str
    media_type: MediaType
    sources: list[SourceReply]
    size: int
    characters: int
    pages: int
    chunks: int
    tokens: int
    content_hash: str
    added_at: datetime
    metadata: dict[str, Any]
    notices: list[NoticeReply]
    language: str
    tags: list[str]
    name: str
    outcome: Outcome
    newer_unreadable: list[FailedReply]


class DocumentsReply(Reply):
    """Some documents of a collection, and how many there are in all."""

    object: Literal["list"]
    data: list[DocumentReply]
    total: int
    has_more: bool
