"""The header row of a passage inside a table."""

import sqlite3

from kb.catalog.migrations.script import run

# The header row of a passage of a divided table; older passages have none until their documents are
# read again.
_SCRIPT = """
ALTER TABLE chunks ADD COLUMN header TEXT NOT NULL DEFAULT '';
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
