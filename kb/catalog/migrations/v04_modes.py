"""How a collection is searched."""

import sqlite3

from kb.catalog.migrations.script import run

# How a collection is searched; empty for the mode in the settings.
_SCRIPT = """
ALTER TABLE collections ADD COLUMN mode TEXT NOT NULL DEFAULT ''
    CHECK (mode IN ('', 'hybrid', 'dense', 'keyword'));
"""


def apply(db: sqlite3.Connection) -> None:
    """Take the step."""
    run(db, _SCRIPT)
