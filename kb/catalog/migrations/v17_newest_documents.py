"""An index for pages of documents."""

import sqlite3

from kb.catalog.migrations.script import run

_SCRIPT = """
CREATE INDEX documents_newest ON documents (collection_id, added_at, id) WHERE state = 'active';
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
