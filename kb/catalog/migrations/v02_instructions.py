"""The instruction for a collection's queries."""

import sqlite3

from kb.catalog.migrations.script import run

# The instruction for a collection's queries, for models that take one; empty for that of the
# settings.
_SCRIPT = """
ALTER TABLE collections ADD COLUMN instruction TEXT NOT NULL DEFAULT '';
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
