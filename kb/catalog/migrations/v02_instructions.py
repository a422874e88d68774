"""What a collection's queries ask for."""

import sqlite3

from kb.catalog.migrations.script import run

# What a collection's queries ask for, in the words of models that take an instruction; empty for
# the one in the settings.
_SCRIPT = """
ALTER TABLE collections ADD COLUMN instruction TEXT NOT NULL DEFAULT '';
"""


def apply(db: sqlite3.Connection) -> None:
    """Take the step."""
    run(db, _SCRIPT)
