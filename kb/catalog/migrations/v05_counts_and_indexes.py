"""Counts of each collection, and indexes for the look-ups of every search."""

import sqlite3

from kb.catalog.migrations.script import run

# Look-ups for every document or every search, without walking all documents. With an index on
# ``state`` SQLite took "active" for selective, and adding 100,000 documents was quadratic. Triggers
# keep a collection's counts (a statement ends with its line).
_SCRIPT = """
DROP INDEX documents_by_state;
DROP INDEX documents_by_content;
CREATE INDEX documents_by_content ON documents (collection_id, content_hash, settings_hash);
CREATE INDEX documents_hidden ON documents (state) WHERE state <> 'active';
CREATE INDEX documents_by_type ON documents (collection_id, media_type) WHERE state = 'active';
CREATE INDEX sources_by_path ON sources (collection_id, path, document_id);
ALTER TABLE collections ADD COLUMN document_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE collections ADD COLUMN chunk_count INTEGER NOT NULL DEFAULT 0;
UPDATE collections SET (document_count, chunk_count) =
    (SELECT count(*), coalesce(sum(d.chunk_count), 0) FROM documents d
        WHERE d.collection_id = collections.id AND d.state = 'active');
CREATE TRIGGER document_shown AFTER UPDATE OF state ON documents
    WHEN new.state = 'active' AND old.state <> 'active'
    BEGIN UPDATE collections SET document_count = document_count + 1,
        chunk_count = chunk_count + new.chunk_count WHERE id = new.collection_id; END;
CREATE TRIGGER document_hidden AFTER UPDATE OF state ON documents
    WHEN old.state = 'active' AND new.state <> 'active'
    BEGIN UPDATE collections SET document_count = document_count - 1,
        chunk_count = chunk_count - old.chunk_count WHERE id = old.collection_id; END;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
