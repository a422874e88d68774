"""Whether a catalog in a read-only folder can be read in place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from kb.catalog import migrations
from kb.catalog.connections import immutable
from kb.catalog.keywords import KeywordReads


def log_files(catalog: Path) -> list[Path]:
    """Return SQLite's log of a catalog, if there is one: it contains the latest changes."""
    log = catalog.with_name(f"{catalog.name}-wal")
    return [log] if log.exists() else []


def readable(catalog: Path) -> bool:
    """Return whether a catalog is complete, of this release, and readable without writing.

    Raises:
        StoreVersionError: a newer release wrote it.
    """
    try:
        with closing(immutable(catalog)) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            migrations.refuse_newer(version, catalog)
            if version != migrations.CURRENT_VERSION or _is_open(catalog):
                return False
            return KeywordReads(db).has_current_terms()
    except sqlite3.Error:  # opening it will explain the error
        return False


def _is_open(catalog: Path) -> bool:
    # A process with the catalog open for writing keeps an index of its log beside it.
    index = catalog.with_name(f"{catalog.name}-shm")
    return index.exists() or any(log.stat().st_size > 0 for log in log_files(catalog))
