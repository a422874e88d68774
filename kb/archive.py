"""A collection as one file: documents, chunks, vectors and settings, moved without embedding."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from kb.archive_file import ArchiveReader, damaged, reading, writing
from kb.embedding.base import EmbedderIdentity, Vectors
from kb.errors import CollectionError, EmbedderMismatchError, StoreBusyError, StoreError
from kb.records import Chunk, CollectionInfo, FileState, Source
from kb.search.terms import index_text
from kb.store import collections, documents, sources
from kb.store.prepared import PreparedDocument
from kb.store.rows import document_from_json, document_json, now
from kb.store.store import Store

_UNIT_TOLERANCE = 1e-3
# Names the collection that is being imported, so that a crash leaves nothing for good.
_UNDER_WAY = "importing.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveInfo:
    """What an archive holds. ``size`` is the file's, in bytes."""

    path: str
    collection: str
    documents: int
    chunks: int
    size: int


def export_collection(
    store: Store, target: CollectionInfo, path: Path, settings: Mapping[str, Any]
) -> ArchiveInfo:
    """Write a collection to ``path``; each document is whole, whoever writes meanwhile.

    Raises:
        StoreError: the disk is full, or vectors are missing.
    """
    with store.database.read() as db:
        model_id, fingerprint = collections.fingerprint(db, target.id)
        ids = [info.id for info in reversed(documents.listed(db, target.id))]
        unread = [s for s in sources.states(db, target.id, None) if s.document_id is None]
    count = chunks = 0
    with writing(path) as archive:
        for document_id in ids:
            with store.writing():
                found = _stored(store, target, document_id)
            if found is None:  # removed meanwhile
                continue
            record, vectors = found
            count += 1
            chunks += len(vectors)
            archive.add(f"documents/{count:06}.json", _json(record))
            archive.add(f"vectors/{count:06}.f32", vectors.astype("<f4").tobytes())
        archive.finish(
            {
                "created_at": now(),
                "collection": {
                    "name": target.name,
                    "description": target.description,
                    "instruction": target.instruction,
                },
                "embedder": {
                    "model_id": model_id,
                    "fingerprint": fingerprint,
                    "dim": target.dim,
                },
                "settings": dict(settings),
                "documents": count,
                "chunks": chunks,
                "unread": [asdict(state) for state in unread],
            }
        )
    return ArchiveInfo(
        path=str(path),
        collection=target.name,
        documents=count,
        chunks=chunks,
        size=path.stat().st_size,
    )


def import_collection(
    store: Store, path: Path, name: str | None, identity: EmbedderIdentity
) -> ArchiveInfo:
    """Make a collection of an archive, all of it or nothing.

    Until it is whole it goes by a name that says so; what a crash leaves of that is removed by
    the next import.

    Raises:
        ArchiveError: the archive is damaged or of another version.
        EmbedderMismatchError: its vectors come from another model.
        CollectionError: there is a collection of that name.
        StoreBusyError: another process is importing.
    """
    lock = FileLock(store.folder / "import.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        msg = "another archive is being imported; try again when that is done"
        raise StoreBusyError(msg) from error
    try:
        with reading(path) as archive:
            return _import(store, archive, path, name, identity)
    finally:
        lock.release()


def _import(
    store: Store, archive: ArchiveReader, path: Path, name: str | None, identity: EmbedderIdentity
) -> ArchiveInfo:
    try:
        embedder = EmbedderIdentity(**archive.manifest["embedder"])
        description = str(archive.manifest["collection"]["description"])
        instruction = str(archive.manifest["collection"].get("instruction", ""))
        name = collections.clean_name(name or str(archive.manifest["collection"]["name"]))
        unread = [_file_state(state, None) for state in archive.manifest["unread"]]
        count = int(archive.manifest["documents"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path, f"its manifest lacks {error}") from error
    if embedder.fingerprint != identity.fingerprint:
        msg = (
            f"{path} holds vectors of the model {embedder.model_id} ({embedder.dim} dimensions), "
            f"but the model in use is {identity.model_id} ({identity.dim}). "
            f"Nothing was imported; set KB_MODEL={embedder.model_id}"
        )
        raise EmbedderMismatchError(msg)
    with store.database.read() as db:
        if collections.find(db, name) is not None:
            msg = f"there is already a collection {name!r}; import as another: --collection NAME"
            raise CollectionError(msg)
    # All of it is read once before anything is written.
    chunks = sum(len(item.prepared.chunks) for item in _documents(archive, path, name, embedder))
    provisional = _provisional_name(store, name)
    target = store.create_collection(provisional, description, identity)
    try:
        for item in _documents(archive, path, target.name, embedder):
            first, *others = item.files
            result = store.commit(target, item.prepared, item.vectors, first)
            for other in others:
                store.attach(target.id, replace(other, document_id=result.document_id))
        for state in unread:
            store.attach(target.id, state)
        with store.lock.hold(), store.database.write() as db:
            collections.instruct(db, target.name, instruction)
            collections.rename(db, target.name, name)
    except BaseException:
        store.drop_collection(target.name)
        raise
    (store.folder / _UNDER_WAY).unlink(missing_ok=True)
    return ArchiveInfo(
        path=str(path),
        collection=name,
        documents=count,
        chunks=chunks,
        size=path.stat().st_size,
    )


def _provisional_name(store: Store, name: str) -> str:
    """Choose the name until the import is whole; first remove what a crashed one has left."""
    note = store.folder / _UNDER_WAY
    if note.exists():
        with store.database.read() as db:
            left = collections.find(db, note.read_text("utf-8"))
        if left is not None:
            store.drop_collection(left.name)
    provisional = f"{name[:150]} (importing {secrets.token_hex(8)})"
    note.write_text(provisional, "utf-8")
    return provisional


@dataclass(frozen=True, slots=True)
class _Item:
    prepared: PreparedDocument
    vectors: Vectors
    files: list[FileState]


def _documents(
    archive: ArchiveReader, path: Path, collection: str, embedder: EmbedderIdentity
) -> Iterator[_Item]:
    for number in range(1, int(archive.manifest["documents"]) + 1):
        member = f"documents/{number:06}.json"
        data = archive.read(member)
        vectors = np.frombuffer(archive.read(f"vectors/{number:06}.f32"), dtype="<f4")
        try:
            yield _item(json.loads(data), vectors.reshape(-1, embedder.dim), collection)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(path, f"{member} does not make sense: {error}") from error


def _item(record: dict[str, Any], vectors: Vectors, collection: str) -> _Item:
    document = document_from_json(record["document"])
    chunks = tuple(
        Chunk(
            **{
                **item,
                "heading_path": tuple(item["heading_path"]),
                "text": document.text[item["start"] : item["end"]],
            }
        )
        for item in record["chunks"]
    )
    if any(not 0 <= chunk.start <= chunk.end <= len(document.text) for chunk in chunks):
        msg = "its chunks do not fit its text"
        raise ValueError(msg)
    lengths = np.linalg.norm(vectors, axis=1)
    if len(chunks) != len(vectors) or not np.all(np.abs(lengths - 1) < _UNIT_TOLERANCE):
        msg = "its vectors do not fit its chunks"
        raise ValueError(msg)
    files = [_file_state(state, 0) for state in record["files"]]
    if not files:
        msg = "it has no source"
        raise ValueError(msg)
    prepared = PreparedDocument(
        collection=collection,
        document=document,
        content_hash=str(record["content_hash"]),
        settings_hash=str(record["settings_hash"]),
        size=int(record["size"]),
        chunks=chunks,
        inputs=tuple(chunk.text for chunk in chunks),
        keys=tuple(bytes.fromhex(key) for key in record["keys"]),
        index_texts=tuple(index_text(chunk.text) for chunk in chunks),
        known=dict(enumerate(vectors)),
    )
    if len(prepared.keys) != len(chunks):
        msg = "its keys do not fit its chunks"
        raise ValueError(msg)
    return _Item(prepared, vectors.astype(np.float32), files)


def _stored(
    store: Store, target: CollectionInfo, document_id: int
) -> tuple[dict[str, Any], Vectors] | None:
    """Return a document as the archive holds it, with its vectors in the order of its chunks."""
    with store.database.read() as db:
        document = documents.body(db, document_id)
        if document is None:
            return None
        row = db.execute(
            "SELECT content_hash, settings_hash, size FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        chunks = documents.cut(db, document_id)
        rows = db.execute(
            "SELECT id, vector_key FROM chunks WHERE document_id = ? ORDER BY ordinal",
            (document_id,),
        ).fetchall()
        files = sources.of_document(db, document_id)
    known = store.stored_vectors(target.id, [chunk["id"] for chunk in rows])
    if len(known) != len(rows):
        msg = f"vectors of document {document_id} are missing; run `kb doctor --repair` first"
        raise StoreError(msg)
    vectors = np.empty((len(rows), target.dim), dtype=np.float32)
    for at, chunk in enumerate(rows):
        vectors[at] = known[chunk["id"]]
    record = {
        "document": document_json(document),
        "content_hash": row["content_hash"],
        "settings_hash": row["settings_hash"],
        "size": row["size"],
        "files": [asdict(state) for state in files],
        "chunks": [{**asdict(chunk), "text": ""} for chunk in chunks],
        "keys": [chunk["vector_key"].hex() for chunk in rows],
    }
    return record, vectors


def _file_state(values: dict[str, Any], document_id: int | None) -> FileState:
    source = Source(**values["source"])
    return FileState(**{**values, "source": source, "document_id": document_id})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
