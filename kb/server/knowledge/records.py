"""Shapes of records in answers, for ``/openapi.json``; :mod:`kb.wire` writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from kb.records import (
    MediaType,
    MetadataValue,
    Outcome,
    PageSource,
    Reason,
    SearchMode,
    SectionKind,
)
from kb.server.fields import INTEGER, MetadataItem
from kb.server.replies import Reply

_Integer = Annotated[int, INTEGER]
_Share = Annotated[float, Field(ge=0, le=1)]
_Score = Annotated[float, Field(ge=-1e9, le=1e9)]
_Span = Annotated[list[_Integer], Field(min_length=2, max_length=2)]


class SourceReply(Reply):
    """A file: its ingested folder, and the path below it."""

    root: str
    path: str


class HitReply(Reply):
    """A passage, as :class:`kb.SearchHit` describes it."""

    score: _Share
    text: str
    collection: str
    document_id: _Integer
    chunk_id: _Integer
    ordinal: _Integer
    title: str
    media_type: MediaType
    sources: list[SourceReply]
    start: _Integer
    end: _Integer
    heading_path: list[str]
    kind: SectionKind
    page_first: _Integer | None
    page_last: _Integer | None
    page_label: str
    page_label_last: str
    read_by: PageSource
    confidence: _Share | None
    header: str
    short_id: str = ""
    highlights: list[_Span]
    sentence: _Span | None
    words: list[_Span]
    reasons: list[Reason]
    matched: list[str]
    metadata: dict[str, MetadataItem]
    scores: dict[str, _Score]
    ranks: dict[str, _Integer]
    before: str
    after: str
    about: list[str]
    place: str


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
    folders: dict[str, str]
    created_at: datetime


class NoticeReply(Reply):
    """A remark on a document for its readers."""

    code: str
    message: str
    values: dict[str, MetadataValue]


class FailedReply(Reply):
    """A file that could not be read, and its older version that search still finds."""

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
    short_id: str
    outcome: Outcome
    newer_unreadable: list[FailedReply]


class ReadingReply(Reply):
    """A part of a document, as :class:`kb.Reading` describes it."""

    short_id: str
    document: DocumentReply
    text: str
    start: int
    end: int
    line_first: int
    line_last: int
    lines: int
    page_first: int | None
    page_last: int | None
    page_label: str
    page_label_last: str
    heading_path: list[str]
    header: str
    before: str
    after: str
    previous: str
    next: str
    more: str
    place: str


class DeletedReply(Reply):
    """The number of deleted documents."""

    object: Literal["collection", "document"]
    id: str
    deleted: Literal[True]
