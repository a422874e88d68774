"""What the catalog remembers: collections, documents in them, and the files they came from."""

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
    """Where a document came from: a registered root and a path below it, with ``/``.

    ``root`` is an absolute folder, the URL of a folder in an object store (``s3://bucket/minutes``),
    ``"uploads"`` for files sent through the browser, or ``"python"`` for documents added from
    Python.
    """

    root: str
    path: str

    def __str__(self) -> str:
        """Name the file as people are shown it: by its URL, else by its path below the root."""
        return self.whole if self.is_remote else self.path

    @property
    def is_remote(self) -> bool:
        """Whether the file lies in an object store."""
        return "://" in self.root

    @property
    def whole(self) -> str:
        """The root and the path in one."""
        return f"{self.root.rstrip('/')}/{self.path}"

    @property
    def file(self) -> Path | None:
        """The path on disk; None without a folder, or if the path leads out of it."""
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
    """What the catalog remembers of a source: enough to tell whether its file has changed.

    ``size`` is in bytes, ``mtime_ns`` in nanoseconds since the epoch. ``revision`` is what an
    object store calls the content (an etag, say), empty for files. ``settings_hash`` covers
    everything besides the bytes that decides the result (loader version, chunking, model).
    ``document_id`` is None when the file could not be read; ``reason`` then says why.
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

    ``language`` is what the document says, else ISO 639-1 told by its text, else empty. ``tags``
    are those that people gave it; those it has of its own are in ``metadata``.
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
        """The file name a person would call it by, else its title."""
        return self.sources[0].name if self.sources else self.title or f"document {self.id}"

    @property
    def short_id(self) -> str:
        """What names it wherever its content is stored: see :mod:`kb.records.short_ids`."""
        return document_id(self.media_type, self.content_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """Some documents of a collection, newest first, of ``total``.

    ``next`` asks for those that follow, whatever is added or removed meanwhile; it is empty where
    none do.
    """

    documents: tuple[DocumentInfo, ...]
    total: int
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A file that could not be read, and why.

    ``document_id`` is an older version of it that is still found, added at ``document_added_at``;
    both are None where there is none.
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
    """A collection and what is in it. ``embedder`` names the model its vectors come from.

    ``instruction`` is what its queries ask for, for models that take one; empty for the settings'.
    ``mode`` is how it is searched; None for the settings'. ``refined`` counts the chunks whose
    sentences have vectors of their own. ``folders`` is what people say of folders, by path: see
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
"""Which collection: that one, whatever it is called by now; the one of that name; the settings'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Tags and languages of the documents of a collection, most frequent first."""

    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddResult:
    """What adding one document did. ``short_id`` is empty of a server that is older than it."""

    document_id: int
    outcome: Literal["added", "changed", "unchanged"]
    chunks: int
    embedded: int
    reused: int
    tokens: int
    short_id: str = ""
