"""What an object store calls the present content of an object, kept with its source."""

import sqlite3

from kb.catalog.migrations.script import run

_SCRIPT = "ALTER TABLE sources ADD COLUMN revision TEXT NOT NULL DEFAULT '';"


def apply(db: sqlite3.Connection) -> None:
    """Take the step."""
    run(db, _SCRIPT)
