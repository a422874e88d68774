"""The header row that a passage of a table carries."""

import sqlite3

from kb.catalog.migrations.script import run

# The header row that a passage of a divided table carries; passages from before carry none until
# their documents are read again.
_SCRIPT = """
ALTER TABLE chunks ADD COLUMN header TEXT NOT NULL DEFAULT '';
"""


def apply(db: sqlite3.Connection) -> None:
    """Take the step."""
    run(db, _SCRIPT)
