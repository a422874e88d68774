"""The numbered steps that migrate an older catalog, one file each.

A new step is a module with ``apply(db)``, named by its number, at the end of :data:`MIGRATIONS`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from kb.catalog.migrations import (
    v01_first,
    v02_instructions,
    v03_successors,
    v04_modes,
    v05_counts_and_indexes,
    v06_metadata_index,
    v07_tags,
    v08_page_labels,
    v09_unplaced_and_stale,
    v10_keyword_index,
    v11_header_rows,
    v12_upserts,
    v13_jobs,
    v14_vector_stores,
    v15_sentence_vectors,
    v16_language_means,
    v17_newest_documents,
    v18_keys,
    v19_folders,
    v20_revisions,
    v21_file_names,
    v22_remembered,
    v23_watched_folders,
    v24_own_questions,
)
from kb.catalog.transactions import roll_back
from kb.errors import StoreVersionError

Step = Callable[[sqlite3.Connection], None]

MIGRATIONS: tuple[Step, ...] = (
    v01_first.apply,
    v02_instructions.apply,
    v03_successors.apply,
    v04_modes.apply,
    v05_counts_and_indexes.apply,
    v06_metadata_index.apply,
    v07_tags.apply,
    v08_page_labels.apply,
    v09_unplaced_and_stale.apply,
    v10_keyword_index.apply,
    v11_header_rows.apply,
    v12_upserts.apply,
    v13_jobs.apply,
    v14_vector_stores.apply,
    v15_sentence_vectors.apply,
    v16_language_means.apply,
    v17_newest_documents.apply,
    v18_keys.apply,
    v19_folders.apply,
    v20_revisions.apply,
    v21_file_names.apply,
    v22_remembered.apply,
    v23_watched_folders.apply,
    v24_own_questions.apply,
)
"""Step ``n`` takes a catalog from ``user_version`` n to n + 1; steps are only ever appended."""

CURRENT_VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Migrate the catalog at ``path`` to this release's version, after a backup beside it.

    Raises:
        StoreVersionError: a newer release wrote the catalog, which stays untouched.
    """
    if _version(connection) == CURRENT_VERSION:
        return
    # One transaction from the backup to the last step: a program that opens the catalog meanwhile
    # waits here, and never mistakes an intermediate version for that of a release.
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        refuse_newer(version, path)
        if 0 < version < CURRENT_VERSION:
            _back_up(path, version)
        for step in MIGRATIONS[version:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {CURRENT_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def refuse_newer(version: int, path: Path) -> None:
    """Refuse the catalog at ``path`` if a newer release wrote it.

    Raises:
        StoreVersionError: a newer release wrote it.
    """
    if version > CURRENT_VERSION:
        msg = (
            f"{path} was written by a newer release (store version {version}, this release "
            f"knows {CURRENT_VERSION}); get that release, or set KB_DATA_DIR to another folder"
        )
        raise StoreVersionError(msg)


def _back_up(path: Path, version: int) -> None:
    """Copy the catalog as it is; a truncated copy never has the backup's name.

    SQLite makes no backup through a connection that is writing, so this opens another one.
    """
    target = path.with_name(f"{path.name}.v{version}.bak")
    part = target.with_name(f"{target.name}.{os.getpid()}")
    source, copy = sqlite3.connect(path), sqlite3.connect(part)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    part.replace(target)
