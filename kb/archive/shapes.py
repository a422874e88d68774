"""The JSON of an archive as typed records; anything of another shape is refused, its place named.

A missing field has its default, because older releases lack some. An unknown field of a document is
refused: a newer release wrote it, and without it something would be lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ConfigDict, ValidationError

from kb.adapters import adapter
from kb.embedding.base import EmbedderIdentity
from kb.records import Chunk, Document, FileState, SearchMode

ShapeT = TypeVar("ShapeT")

_COMPLETE = ConfigDict(extra="forbid")  # holds for the records inside, too
_UNKNOWN = "unexpected_keyword_argument"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileShape(FileState):
    """A source with the time it was last seen and its given tags."""

    __pydantic_config__ = _COMPLETE

    seen_at: datetime
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentShape:
    """A member ``documents/n.json``; the text of a chunk is that of its span."""

    __pydantic_config__ = _COMPLETE

    document: Document
    content_hash: str
    settings_hash: str
    size: int
    added_at: datetime
    files: tuple[FileShape, ...]
    chunks: tuple[Chunk, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionShape:
    """The properties of the collection."""

    name: str
    description: str
    instruction: str
    created_at: datetime
    mode: SearchMode | None = None
    folders: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestShape:
    """The manifest, without its list of members."""

    embedder: EmbedderIdentity
    collection: CollectionShape
    documents: int
    chunks: int
    unread: tuple[FileShape, ...]


def shaped(kind: type[ShapeT], values: Any) -> ShapeT:  # noqa: ANN401 - JSON
    """Return JSON as a record.

    Raises:
        ValueError: it has another shape; the message names the place.
    """
    try:
        return adapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        said = str(first["msg"]).split(" or an instance of ", maxsplit=1)[0]
        if first["type"] == _UNKNOWN:
            said = "this release does not know it"
        msg = f"{place}: {said[:1].lower()}{said[1:]}"
        raise ValueError(msg) from error
