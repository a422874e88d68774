"""What the terms of the keyword indexes were made with."""

import sqlite3

from kb.catalog.migrations.script import run

# What the terms of the full-text indexes were made with: ``kb.catalog.keywords`` makes them again
# when that is not what this installation makes terms with.
_SCRIPT = """
CREATE TABLE IF NOT EXISTS keyword_index (analysis TEXT NOT NULL) STRICT;
INSERT INTO keyword_index SELECT '' WHERE NOT EXISTS (SELECT 1 FROM keyword_index);
"""


def apply(db: sqlite3.Connection) -> None:
    """Take the step."""
    run(db, _SCRIPT)
