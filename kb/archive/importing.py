"""Creates a collection from one file without embedding: all or nothing, never over another."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kb.archive.exporting import ArchiveInfo, OnDocuments, original_member
from kb.archive.file import ArchiveReader, damaged, reading
from kb.archive.records import ArchivedCollection, ArchivedDocument, ArchivedFile
from kb.catalog.collections import clean_name
from kb.embedding.base import EmbedderIdentity
from kb.errors import (
    ArchiveError,
    CollectionError,
    EmbedderMismatchError,
    KnowledgeBaseError,
    StoreBusyError,
    StoreError,
)
from kb.locked_files import LockedFile
from kb.prepared import EmbeddedDocument
from kb.records import CollectionInfo
from kb.store.committing import VECTORS_PER_CALL
from kb.store.store import Store
from kb.uploads import Uploads

# Names the unfinished collection, so that the next import can remove it after a crash.
_UNDER_WAY = "importing.txt"
# Errors of SQLite's driver and of Chroma's for values of a wrong kind.
_UNFIT = (ValueError, TypeError)


def import_collection(
    store: Store,
    uploads: Uploads,
    path: Path,
    name: str | None,
    identity: EmbedderIdentity,
    *,
    on_progress: OnDocuments | None = None,
) -> ArchiveInfo:
    """Create a collection from an archive, all or nothing.

    The unfinished collection has a provisional name. After a crash, the next import removes it.

    Raises:
        ArchiveError: the archive is damaged or of another version.
        EmbedderMismatchError: its vectors come from another model.
        CollectionError: the name is taken.
        StoreBusyError: another process is importing.
        StoreError: the disk is full, or the folder is read-only.
    """
    store.require_writable()
    with _alone(store), reading(path) as archive:
        found = ArchivedCollection(path, archive)
        clean = clean_name(name or found.name)
        _refuse_other_model(path, found.embedder, identity)
        _refuse_taken(store, clean)
        _refuse_without_space(store, path, archive)
        # All of it is read once before anything is written.
        found.verify()
        _write(store, uploads, found, archive, clean, identity, on_progress)
        return ArchiveInfo(
            path=str(path),
            collection=clean,
            documents=found.documents,
            chunks=found.chunks,
            originals=len({content_hash for _, content_hash in found.originals}),
            size=path.stat().st_size,
            folders=tuple(sorted(found.folders)),
        )


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    lock = LockedFile(store.folder / "import.lock")
    if not lock.take():
        msg = "another archive is being imported; try again when that is done"
        raise StoreBusyError(msg)
    try:
        yield
    finally:
        lock.release()


def _refuse_other_model(path: Path, theirs: EmbedderIdentity, mine: EmbedderIdentity) -> None:
    if theirs.fingerprint == mine.fingerprint and theirs.dim != mine.dim:
        raise damaged(path, f"its vectors have {theirs.dim} dimensions instead of {mine.dim}")
    if theirs.fingerprint != mine.fingerprint:
        msg = (
            f"{path} holds vectors of the model {theirs.model_id} ({theirs.dim} dimensions), "
            f"but the model in use is {mine.model_id} ({mine.dim}). "
            f"Nothing was imported; set KB_MODEL={theirs.model_id}"
        )
        raise EmbedderMismatchError(msg)


def _refuse_taken(store: Store, name: str) -> None:
    with store.catalog.reading() as state:
        if state.find_collection(name) is not None:
            msg = f"there is already a collection {name!r}; import as another: --collection NAME"
            raise CollectionError(msg)


def _refuse_without_space(store: Store, path: Path, archive: ArchiveReader) -> None:
    free = shutil.disk_usage(store.folder).free
    if archive.unpacked_bytes > free:
        msg = (
            f"{path} unpacks to {archive.unpacked_bytes / 2**20:,.1f} MiB, but only "
            f"{free / 2**20:,.1f} MiB are free in {store.folder}. Nothing was imported; free disk "
            "space or set KB_DATA_DIR to another folder"
        )
        raise StoreError(msg)


def _write(  # noqa: PLR0917 - one call, above
    store: Store,
    uploads: Uploads,
    found: ArchivedCollection,
    archive: ArchiveReader,
    name: str,
    identity: EmbedderIdentity,
    on_progress: OnDocuments | None,
) -> None:
    provisional = _provisional_name(store, name)
    with _fitting(found.path):
        target = store.create_collection(provisional, found.description, identity)
        try:
            added, seen = _fill(store, target, found, on_progress)
            # After the sources that refer to them, or `kb compact` would delete them again.
            for path, content_hash in found.originals:
                if not uploads.is_intact(path, content_hash):
                    parts = archive.parts(original_member(content_hash))
                    uploads.save_parts(path, content_hash, parts)
            with store.change_catalog() as change:
                change.current_collection(target)
                for document_id, added_at in added:
                    change.date_document(document_id, added_at)
                for file in seen:
                    change.date_source(target.id, file.state.source, file.seen_at)
                    change.tag_file(target.id, file.state.source, file.tags)
                change.instruct_collection(target.id, found.instruction)
                change.set_collection_mode(target.id, found.mode)
                change.describe_folders(target.id, found.described)
                change.date_collection(target.id, found.created_at)
                change.rename_collection(target.id, name)
        except BaseException:
            # Originals stay until `kb compact`: another upload may have just used the same file.
            store.drop_collection(target.name)
            raise
    (store.folder / _UNDER_WAY).unlink(missing_ok=True)


@contextmanager
def _fitting(path: Path) -> Iterator[None]:
    """Say what is wrong with an archive whose values the store refuses."""
    try:
        yield
    except UnicodeError as error:
        raise _unfit(path, "half a character (a lone surrogate)") from error
    except OverflowError as error:
        raise _unfit(path, "a number that is too large") from error
    except _UNFIT as error:
        raise _unfit(path, "a value of the wrong kind") from error


def _unfit(path: Path, what: str) -> ArchiveError:
    return damaged(path, f"the store cannot hold what it says: it has {what}")


def _fill(
    store: Store,
    target: CollectionInfo,
    found: ArchivedCollection,
    on_progress: OnDocuments | None,
) -> tuple[list[tuple[int, str]], list[ArchivedFile]]:
    """Store all documents and files; return (id, time added) of the documents, and the files."""
    added: list[tuple[int, str]] = []
    seen: list[ArchivedFile] = []
    # Before any source names them: no import reads this machine's files there.
    with store.change_catalog() as change:
        change.unplace_roots(target.id, found.folders)
    for part in _together(found.embedded(target)):
        items = [item for item, _ in part]
        ids = _stored(store, target, items, [ready for _, ready in part])
        added += zip(ids, (item.added_at for item in items), strict=True)
        seen += (file for item in items for file in item.files)
        if on_progress:
            on_progress(len(added), found.documents)
    for file in found.unread:
        store.attach(target.id, file.state)
    seen += found.unread
    return added, seen


def _stored(
    store: Store,
    target: CollectionInfo,
    items: Sequence[ArchivedDocument],
    ready: Sequence[EmbeddedDocument],
) -> list[int]:
    """Store documents, with their sentences and other files; return their ids."""
    ids = [result.document_id for result in store.commit_all(target, ready)]
    _put_sentences(store, target, dict(zip(ids, items, strict=True)))
    for document_id, item in zip(ids, items, strict=True):
        for other in item.files[1:]:
            store.attach(target.id, replace(other.state, document_id=document_id))
    return ids


def _together(
    items: Iterable[tuple[ArchivedDocument, EmbeddedDocument]],
) -> Iterator[list[tuple[ArchivedDocument, EmbeddedDocument]]]:
    """Yield documents that are stored in one step: a step costs as much as thirty chunks."""
    part: list[tuple[ArchivedDocument, EmbeddedDocument]] = []
    chunks = 0
    for item, ready in items:
        part.append((item, ready))
        chunks += len(item.vectors)
        if chunks >= VECTORS_PER_CALL:
            yield part
            part, chunks = [], 0
    if part:
        yield part


def _put_sentences(
    store: Store, target: CollectionInfo, stored: Mapping[int, ArchivedDocument]
) -> None:
    rows = [row for item in stored.values() for row in item.sentences if row is not None]
    if rows:
        reached = {document_id: item.refined for document_id, item in stored.items()}
        store.put_sentences(target, rows, reached)


def _provisional_name(store: Store, name: str) -> str:
    """Choose the provisional name; first remove the collection of a crashed import."""
    note = store.folder / _UNDER_WAY
    if note.exists():
        with store.catalog.reading() as state:
            try:
                left = state.find_collection(note.read_text("utf-8"))
            except (KnowledgeBaseError, ValueError):  # the crash truncated the note
                left = None
        if left is not None:
            store.drop_collection(left.name)
    provisional = f"{name[:150]} (importing {secrets.token_hex(8)})"
    note.write_text(provisional, "utf-8")
    return provisional
