"""Descriptions of a collection's folders, by path, as JSON."""

import sqlite3

from kb.catalog.migrations.script import run

_SCRIPT = "ALTER TABLE collections ADD COLUMN folders TEXT NOT NULL DEFAULT '{}';"


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
