"""The revision of an object in an object store, kept with its source."""

import sqlite3

from kb.catalog.migrations.script import run

_SCRIPT = "ALTER TABLE sources ADD COLUMN revision TEXT NOT NULL DEFAULT '';"


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
