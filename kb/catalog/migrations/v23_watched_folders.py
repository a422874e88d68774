"""Watched folders of collections."""

import sqlite3

from kb.catalog.migrations.script import run

# ``collection`` names the collection that the first run creates; its id is set after that.
# ``wanted`` counts requests for a run; ``forced`` lets that run remove more than half.
_SCRIPT = """
CREATE TABLE watched_folders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    collection TEXT NOT NULL,
    collection_id TEXT REFERENCES collections (id) ON DELETE CASCADE,
    paused INTEGER NOT NULL DEFAULT 0,
    wanted INTEGER NOT NULL DEFAULT 0,
    forced INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting',
    error TEXT NOT NULL DEFAULT '',
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    last_run TEXT,
    added_at TEXT NOT NULL
) STRICT;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
