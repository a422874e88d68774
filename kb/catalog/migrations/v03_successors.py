"""Collections that are to take others' places."""

import sqlite3

from kb.catalog.migrations.script import run

# A collection that is to take another's place when it is whole (another model); hidden till then.
_SCRIPT = """
ALTER TABLE collections ADD COLUMN successor_of TEXT;
"""


def apply(db: sqlite3.Connection) -> None:
    """Take the step."""
    run(db, _SCRIPT)
