"""Removal to the last byte: rewrites the store's files without removed data.

SQLite and Chroma unlink deleted rows, but the bytes stay in the files until these are rewritten.
Vectors of removed chunks (numbers, no text) stay in Chroma's index files, out of reach.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from kb.errors import StoreBusyError, VectorServerError
from kb.store import runs
from kb.store.language_counts import count_missing
from kb.store.snapshot import CATALOG
from kb.store.store import Store
from kb.uploads import UPLOADS_ROOT, Uploads

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """Result of compaction: sizes of the store's folder in bytes, and counts."""

    bytes_before: int
    bytes_after: int
    uploads: int
    backups: int


def compact(store: Store, uploads: Uploads) -> Compaction:
    """Purge catalog, full-text index, vector stores, backups, and originals without a source.

    The history of runs keeps its counts, but loses the names of files that are gone.

    Raises:
        StoreError: the folder is read-only.
        StoreBusyError: an ingestion is running; its originals have no source yet.
    """
    store.require_writable()
    before = _size(store.folder)
    store.recover()
    _count_languages(store)
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
            for info in change.every_collection():
                change.recount_languages(info.id)
        store.compact()
    return Compaction(
        bytes_before=before,
        bytes_after=_size(store.folder),
        uploads=discarded,
        backups=len(backups),
    )


def _count_languages(store: Store) -> None:
    with store.catalog.reading() as state:
        infos = state.every_collection()
    for info in infos:
        try:
            count_missing(store, info.id)
        except VectorServerError as error:  # files can be compacted without it
            _log.warning("vectors of %s are left uncounted: %s", info.name, error)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
