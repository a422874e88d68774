"""API keys, and the collections of each."""

import sqlite3

from kb.catalog.migrations.script import run

# A key is found by its label and compared by its digest (SHA-256; the key is 256 random bits, so
# that a slow hash would add nothing). ``every_collection`` is stored beside the list: a key whose
# collections are all deleted opens none, and not all.
_SCRIPT = """
CREATE TABLE keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    label TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    scopes TEXT NOT NULL,
    every_collection INTEGER NOT NULL,
    rate INTEGER,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
) STRICT;
CREATE UNIQUE INDEX keys_by_name ON keys (name) WHERE revoked_at IS NULL;
CREATE TABLE key_collections (
    key_id INTEGER NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    PRIMARY KEY (key_id, collection_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_collections_by_collection ON key_collections (collection_id);
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
