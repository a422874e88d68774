"""The search mode of a collection."""

import sqlite3

from kb.catalog.migrations.script import run

# The search mode of a collection; empty for that of the settings.
_SCRIPT = """
ALTER TABLE collections ADD COLUMN mode TEXT NOT NULL DEFAULT ''
    CHECK (mode IN ('', 'hybrid', 'dense', 'keyword'));
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
