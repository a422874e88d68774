"""Which vector store a collection is in, and whose vectors say less than today's."""

import sqlite3

from kb.catalog.migrations.script import run

# ``vectors`` is the address of the store, ``moving_to`` of another to which it is being copied.
# A collection may be gone from one store while it is in another: both say what is to be deleted.
# Vectors that are there already do not say their language: -1 has them described when the store is
# compacted or repaired, not while somebody waits.
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
    """Take the step."""
    run(db, _SCRIPT)
