"""Writes a collection to one file: documents, chunks, vectors, settings, uploaded originals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kb.archive.file import MOST_DOCUMENTS, ORIGINALS, SENTENCES, ArchiveWriter, writing
from kb.archive.sentences import sentences_bytes
from kb.catalog.rows import now
from kb.document_json import document_json
from kb.embedding.base import Vectors
from kb.errors import StoreError
from kb.records import CollectionInfo, FileState, Source
from kb.sentences.windows import RULES
from kb.store.store import Store
from kb.uploads import UPLOADS_ROOT, Uploads

OnDocuments = Callable[[int, int], None]
"""Called with the number of documents begun or finished, and of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveInfo:
    """Contents of an archive. ``size`` is the file's, in bytes.

    ``originals`` counts the uploaded files in it. ``lost`` names those left out because they are
    missing or changed. ``folders`` are the original folders of an imported collection's files; this
    machine reads nothing in them before somebody ingests them here.
    """

    path: str
    collection: str
    documents: int
    chunks: int
    originals: int
    size: int
    lost: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def export_collection(
    store: Store,
    target: CollectionInfo,
    path: Path,
    settings: Mapping[str, Any],
    uploads: Uploads | None,
    *,
    on_progress: OnDocuments | None = None,
) -> ArchiveInfo:
    """Write a collection to ``path``; each document is consistent, even during other writes.

    Without ``uploads`` the archive has no uploaded originals.

    Raises:
        StoreError: the disk is full, vectors are missing, or there are too many documents.
    """
    with store.catalog.reading() as state:
        embedder = state.embedder_of(target.id)
        ids = [info.id for info in reversed(state.documents(target.id))]
        files = _Files(state.last_seen(target.id), state.tags_of_files(target.id))
        states = state.file_states(target.id)
    _refuse_too_many(target, len(ids))
    unread = [each for each in states if each.document_id is None]
    count = chunks = 0
    with writing(path) as archive:
        originals = _Originals(archive, uploads)
        for at, document_id in enumerate(ids, start=1):
            if on_progress:
                on_progress(at, len(ids))
            with store.vectors.writing(target.id):
                found = _stored(store, target, document_id, files)
            if found is None:  # removed meanwhile
                continue
            record, vectors, sentences = found
            count += 1
            chunks += len(vectors)
            archive.add(f"documents/{count:06}.json", _json(record))
            archive.add(f"vectors/{count:06}.f32", vectors.astype("<f4").tobytes())
            if sentences and archive.takes(sentences):  # otherwise the import computes them again
                archive.add(sentences_member(count), sentences)
            for file in record["files"]:
                originals.add(file["source"], record["content_hash"])
        for each in states:
            # For an unreadable file its present state; its older version is already written.
            if each.outcome == "failed" and each.content_hash:
                originals.add(asdict(each.source), each.content_hash)
        archive.finish(
            {
                "created_at": now(),
                "collection": {
                    "name": target.name,
                    "description": target.description,
                    "instruction": target.instruction,
                    "mode": target.mode,
                    "folders": dict(target.folders),
                    "created_at": target.created_at.isoformat(),
                },
                "embedder": {
                    "model_id": embedder.model_id,
                    "fingerprint": embedder.fingerprint,
                    "dim": target.dim,
                },
                "settings": dict(settings),
                "windows": RULES,
                "documents": count,
                "chunks": chunks,
                "unread": [files.json(each) for each in unread],
            }
        )
    return ArchiveInfo(
        path=str(path),
        collection=target.name,
        documents=count,
        chunks=chunks,
        originals=len(originals.written),
        size=path.stat().st_size,
        lost=tuple(originals.lost),
    )


def _refuse_too_many(target: CollectionInfo, documents: int) -> None:
    if documents > MOST_DOCUMENTS:
        msg = (
            f"the collection {target.name!r} has {documents:,} documents, and one archive holds "
            f"{MOST_DOCUMENTS:,}; back up the data folder instead, while no program uses it"
        )
        raise StoreError(msg)


def original_member(content_hash: str) -> str:
    """Return the archive's name of the original with this SHA-256."""
    return f"{ORIGINALS}{content_hash}"


def sentences_member(number: int) -> str:
    """Return the archive's name of the vectors of a document's sentences."""
    return f"{SENTENCES}{number:06}.i8"


class _Originals:
    """Adds uploaded files to an archive, each content once."""

    def __init__(self, archive: ArchiveWriter, uploads: Uploads | None) -> None:
        self._archive = archive
        self._uploads = uploads
        self.written: set[str] = set()
        self.lost: list[str] = []

    def add(self, source: Mapping[str, str], content_hash: str) -> None:
        if self._uploads is None or source["root"] != UPLOADS_ROOT or content_hash in self.written:
            return
        kept = self._uploads.path(source["path"], content_hash)
        # A deleted or changed original costs only itself, not the archive.
        if not self._uploads.is_intact(source["path"], content_hash):
            if source["path"] not in self.lost:
                self.lost.append(source["path"])
            return
        with kept.open("rb") as file:
            self._archive.add_file(original_member(content_hash), file)
        self.written.add(content_hash)


@dataclass(frozen=True, slots=True)
class _Files:
    """Records of the catalog on files, in addition to their state."""

    seen: Mapping[Source, str]
    tags: Mapping[Source, tuple[str, ...]]

    def json(self, state: FileState) -> dict[str, Any]:
        known = asdict(state)
        if not state.revision:  # older releases can read archives without object stores
            del known["revision"]
        return {
            **known,
            "seen_at": self.seen.get(state.source) or now(),
            "tags": self.tags.get(state.source, ()),
        }


def _stored(
    store: Store, target: CollectionInfo, document_id: int, about: _Files
) -> tuple[dict[str, Any], Vectors, bytes] | None:
    """Return a document in the archive's form, with its vectors and those of its sentences."""
    with store.catalog.reading() as state:
        document = state.document_content(document_id)
        origin = state.origin_of(document_id)
        if document is None or origin is None:
            return None
        chunks = state.chunks_of(document_id)
        keys = state.chunk_keys(document_id)
        sentences = sentences_bytes(state.stored_sentences(document_id), len(keys))
        files = state.files_of(document_id)
    known = store.stored_vectors(target.id, [chunk.id for chunk in keys])
    if len(known) != len(keys):
        with store.catalog.reading() as state:
            if state.origin_of(document_id) is None:
                return None
        msg = f"vectors of document {document_id} are missing; run `kb doctor --repair` first"
        raise StoreError(msg)
    vectors = np.empty((len(keys), target.dim), dtype=np.float32)
    for at, chunk in enumerate(keys):
        vectors[at] = known[chunk.id]
    record = {
        "document": document_json(document),
        "content_hash": origin.content_hash,
        "settings_hash": origin.settings_hash,
        "size": origin.size,
        "added_at": origin.added_at,
        "files": [about.json(file) for file in files],
        "chunks": [{**asdict(chunk), "text": ""} for chunk in chunks],
        "keys": [chunk.key.hex() for chunk in keys],
    }
    return record, vectors, sentences


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
