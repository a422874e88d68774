"""Records of the catalog: collections, their documents, and the documents' files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

from kb.records.documents import MediaType, MetadataValue, Notice
from kb.records.short_ids import document_id

Outcome = Literal["indexed", "warnings", "failed"]
SearchMode = Literal["hybrid", "dense", "keyword"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Origin of a document: a registered root and a path below it, with ``/``.

    ``root`` is an absolute folder, the URL of a folder in an object store
    (``s3://bucket/minutes``), ``"uploads"`` for files from the browser, or ``"python"`` for
    documents added from Python.
    """

    root: str
    path: str

    def __str__(self) -> str:
        """Return the name for people: the file's URL, else its path below the root."""
        return self.whole if self.is_remote else self.path

    @property
    def is_remote(self) -> bool:
        """Whether the file is in an object store."""
        return "://" in self.root

    @property
    def whole(self) -> str:
        """The root and the path, joined."""
        return f"{self.root.rstrip('/')}/{self.path}"

    @property
    def file(self) -> Path | None:
        """The path on disk; None without a folder, or for a path that leads out of it."""
        root, path = PurePosixPath(self.root), PurePosixPath(self.path)
        if not root.is_absolute() or path.is_absolute() or ".." in (*root.parts, *path.parts):
            return None
        return Path(root, path)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """State of a source in the catalog, which reveals changes of its file.

    ``size`` is in bytes, ``mtime_ns`` in nanoseconds since the epoch. ``revision`` identifies the
    content in an object store (an etag, for example); it is empty for files. ``settings_hash``
    covers everything but the bytes that affects the result (loader version, chunking, model).
    ``document_id`` is None if the file could not be read; then ``reason`` says why.
    """

    source: Source
    size: int
    mtime_ns: int
    content_hash: str
    settings_hash: str
    outcome: Outcome
    document_id: int | None = None
    reason: str = ""
    reason_code: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """A document as the catalog lists it. ``size`` is in bytes, ``characters`` in code points.

    ``language`` is the document's own statement, else an ISO 639-1 code detected from its text,
    else empty. ``tags`` are those that people gave it; its own are in ``metadata``.
    """

    id: int
    collection: str
    title: str
    media_type: MediaType
    sources: tuple[Source, ...]
    size: int
    characters: int
    pages: int
    chunks: int
    tokens: int
    content_hash: str
    added_at: datetime
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    language: str = ""
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file name that people call it by, or else its title."""
        return self.sources[0].name if self.sources else self.title or f"document {self.id}"

    @property
    def short_id(self) -> str:
        """Its short id, the same wherever its content is stored.

        See :mod:`kb.records.short_ids`.
        """
        return document_id(self.media_type, self.content_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """A page of a collection's documents, newest first, out of ``total``.

    ``next`` requests the page that follows, whatever is added or removed meanwhile. It is empty on
    the last page.
    """

    documents: tuple[DocumentInfo, ...]
    total: int
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A file that could not be read, with the reason.

    ``document_id`` is its older version that searches still find, added at ``document_added_at``.
    Both are None if there is none.
    """

    source: Source
    reason: str
    reason_code: str
    size: int
    seen_at: datetime
    document_id: int | None = None
    document_added_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionInfo:
    """A collection and figures of its contents. ``embedder`` identifies the model of its vectors.

    ``instruction`` is the instruction for its queries, for models that take one; empty for that of
    the settings. ``mode`` is its search mode; None for that of the settings. ``refined`` counts the
    chunks whose sentences have vectors. ``folders`` holds descriptions of folders by path: see
    :mod:`kb.folders`.
    """

    id: str
    name: str
    description: str
    instruction: str = ""
    mode: SearchMode | None = None
    embedder: str
    dim: int
    documents: int
    chunks: int
    refined: int = 0
    folders: Mapping[str, str] = field(default_factory=dict, hash=False)
    created_at: datetime


CollectionRef = CollectionInfo | str | None
"""A collection: by its record, even if renamed since; by name; or None for the settings'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Tags and languages of a collection's documents, most frequent first."""

    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddResult:
    """Result of adding one document.

    ``short_id`` is empty if the server is too old to report it.
    """

    document_id: int
    outcome: Literal["added", "changed", "unchanged"]
    chunks: int
    embedded: int
    reused: int
    tokens: int
    short_id: str = ""
