"""Removal to the last byte: rewrites the store's files without what was removed from them.

SQLite and Chroma unlink deleted rows, but their bytes stay in the files until they are rewritten.
Vectors of removed chunks (numbers, no text) stay inside Chroma's index files, out of reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kb.errors import StoreBusyError
from kb.store import runs
from kb.store.snapshot import CATALOG
from kb.store.store import Store
from kb.uploads import UPLOADS_ROOT, Uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """What compacting did. Sizes are of the store's folder, in bytes; the rest are counts."""

    bytes_before: int
    bytes_after: int
    uploads: int
    backups: int


def compact(store: Store, uploads: Uploads) -> Compaction:
    """Purge catalog, full-text index, vector stores, backups, and originals that nothing refers to.

    The history of runs keeps its counts, without the names of files that are gone.

    Raises:
        StoreError: the folder is read-only.
        StoreBusyError: files are being ingested, whose originals no source refers to yet.
    """
    store.require_writable()
    before = _size(store.folder)
    store.recover()
    store.describe_all()
    with store.alone():
        if any(run.status == "running" for run in runs.listed(store)):
            msg = "files are being ingested; wait for the end (`kb runs`), then compact again"
            raise StoreBusyError(msg)
        with store.catalog.reading() as state:
            kept = {uploads.path(*content) for content in state.contents_in_use(UPLOADS_ROOT)}
        discarded = uploads.keep_only(kept)
        backups = list(store.folder.glob(f"{CATALOG}.v*.bak*"))
        for backup in backups:
            backup.unlink(missing_ok=True)
        with store.change_catalog() as change:
            change.forget_names()
            change.forget_job_names()
        store.compact()
    return Compaction(
        bytes_before=before,
        bytes_after=_size(store.folder),
        uploads=discarded,
        backups=len(backups),
    )


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
