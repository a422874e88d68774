"""Converts rows of the catalog to records, and records to rows."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from kb.document_json import pages_from_json, sections_from_json
from kb.records import (
    CollectionInfo,
    Document,
    DocumentInfo,
    FailedFile,
    FileState,
    Notice,
    Source,
)

# Level 1 compresses text nearly as well as level 6, four times as fast.
_COMPRESSION = 1


def now() -> str:
    """Return the present time in the catalog's form: UTC, ISO 8601, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def dump(value: object) -> str:
    """Return JSON with readable Unicode."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def collection_info(row: sqlite3.Row) -> CollectionInfo:
    """Return the record of a row of ``collections``."""
    return CollectionInfo(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        instruction=row["instruction"],
        mode=row["mode"] or None,
        embedder=row["model_id"],
        dim=row["dim"],
        documents=row["document_count"],
        chunks=row["chunk_count"],
        refined=row["refined_count"],
        folders=json.loads(row["folders"]),
        created_at=datetime.fromisoformat(row["created_at"]),
    )


def document_info(row: sqlite3.Row, sources: Iterable[Source], tags: Iterable[str]) -> DocumentInfo:
    """Return the record of a row of ``documents``, joined with its collection's name."""
    return DocumentInfo(
        id=row["id"],
        collection=row["collection_name"],
        title=row["title"],
        media_type=row["media_type"],
        sources=tuple(sources),
        size=row["size"],
        characters=row["characters"],
        pages=row["page_count"],
        chunks=row["chunk_count"],
        tokens=row["tokens"],
        content_hash=row["content_hash"],
        added_at=datetime.fromisoformat(row["added_at"]),
        metadata=json.loads(row["metadata"]),
        notices=notices(row["notices"]),
        language=row["language"],
        tags=tuple(tags),
    )


def file_state(row: sqlite3.Row) -> FileState:
    """Return the record of a row of ``sources``."""
    return FileState(
        source=Source(root=row["root"], path=row["path"]),
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        revision=row["revision"],
        content_hash=row["content_hash"],
        settings_hash=row["settings_hash"],
        outcome=row["outcome"],
        document_id=row["document_id"],
        reason=row["reason"],
        reason_code=row["reason_code"],
    )


def failed_file(row: sqlite3.Row) -> FailedFile:
    """Return the record of a failed row of ``sources``, joined with its older version's date."""
    added_at = row["document_added_at"]
    return FailedFile(
        source=Source(root=row["root"], path=row["path"]),
        reason=row["reason"],
        reason_code=row["reason_code"],
        size=row["size"],
        seen_at=datetime.fromisoformat(row["seen_at"]),
        document_id=row["document_id"] if added_at else None,
        document_added_at=datetime.fromisoformat(added_at) if added_at else None,
    )


def notices(text: str) -> tuple[Notice, ...]:
    """Return the notices of JSON from :func:`dump_notices`."""
    return tuple(Notice(**item) for item in json.loads(text))


def dump_notices(items: Iterable[Notice]) -> str:
    """Return notices as JSON."""
    return dump([{**asdict(item), "values": dict(item.values)} for item in items])


def pack(text: str) -> bytes:
    """Compress text for a blob."""
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _COMPRESSION)


def unpack(blob: bytes) -> str:
    """Inverse of :func:`pack`."""
    return zlib.decompress(blob).decode("utf-8", "surrogatepass")


def pack_structure(document: Document) -> bytes:
    """Return sections and pages of a document as a compressed blob."""
    return pack(
        dump(
            {
                "sections": [asdict(section) for section in document.sections],
                "pages": [asdict(page) for page in document.pages],
            }
        )
    )


def unpack_document(row: sqlite3.Row) -> Document:
    """Return the whole document of a row of ``documents``, joined with its body."""
    structure: dict[str, list[dict[str, Any]]] = json.loads(unpack(row["structure"]))
    return Document(
        text=unpack(row["body"]),
        media_type=row["media_type"],
        title=row["title"],
        sections=sections_from_json(structure["sections"]),
        pages=pages_from_json(structure["pages"]),
        metadata=json.loads(row["metadata"]),
        notices=notices(row["notices"]),
    )
