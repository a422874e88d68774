"""Collections that will replace others."""

import sqlite3

from kb.catalog.migrations.script import run

# A hidden collection that will replace another one when it is complete (another model).
_SCRIPT = """
ALTER TABLE collections ADD COLUMN successor_of TEXT;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
