"""The vector store of each collection, and vectors with older metadata."""

import sqlite3

from kb.catalog.migrations.script import run

# ``vectors`` is the address of the store, ``moving_to`` that of another one to which it is being
# copied. A collection may be gone from one store and be in another: both tables say which vectors
# to delete. Existing vectors lack their language: -1 updates their metadata during compaction or
# repair, and not while somebody waits.
_SCRIPT = """
ALTER TABLE collections ADD COLUMN vectors TEXT NOT NULL DEFAULT 'chroma';
ALTER TABLE collections ADD COLUMN moving_to TEXT NOT NULL DEFAULT '';
CREATE TABLE dropped_vectors (
    id TEXT NOT NULL, vectors TEXT NOT NULL, PRIMARY KEY (id, vectors)
) STRICT;
INSERT INTO dropped_vectors (id, vectors) SELECT id, 'chroma' FROM dropped_collections;
DROP TABLE dropped_collections;
INSERT INTO stale_descriptions (document_id, described)
    SELECT id, -1 FROM documents WHERE state = 'active' ON CONFLICT DO NOTHING;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
