"""The identifier of the terms in the keyword indexes."""

import sqlite3

from kb.catalog.migrations.script import run

# The identifier of the terms in the full-text indexes: ``kb.catalog.keywords`` rebuilds them if
# this installation makes other terms.
_SCRIPT = """
CREATE TABLE IF NOT EXISTS keyword_index (analysis TEXT NOT NULL) STRICT;
INSERT INTO keyword_index SELECT '' WHERE NOT EXISTS (SELECT 1 FROM keyword_index);
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
