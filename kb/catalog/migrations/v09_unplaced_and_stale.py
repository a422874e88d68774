"""Folders without a place on this machine, and outdated vector metadata."""

import sqlite3

from kb.catalog.migrations.script import run

# Folders of an imported collection that nobody has placed on this machine yet. And documents whose
# first file has another name than the metadata of their vectors, with the number of chunks already
# updated.
_SCRIPT = """
CREATE TABLE unplaced_roots (
    collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    root TEXT NOT NULL,
    PRIMARY KEY (collection_id, root)
) STRICT;
CREATE TABLE stale_descriptions (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    described INTEGER NOT NULL
) STRICT;
CREATE TRIGGER source_forgotten AFTER DELETE ON sources WHEN old.document_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM documents WHERE id = old.document_id)
    BEGIN INSERT OR REPLACE INTO stale_descriptions VALUES (old.document_id, 0); END;
CREATE TRIGGER source_left AFTER UPDATE OF path, document_id ON sources
    WHEN old.document_id IS NOT NULL
    AND (old.path <> new.path OR old.document_id IS NOT new.document_id)
    AND EXISTS (SELECT 1 FROM documents WHERE id = old.document_id)
    BEGIN INSERT OR REPLACE INTO stale_descriptions VALUES (old.document_id, 0); END;
CREATE TRIGGER source_joined AFTER UPDATE OF document_id ON sources
    WHEN new.document_id IS NOT NULL AND old.document_id IS NOT new.document_id
    AND EXISTS (SELECT 1 FROM sources WHERE document_id = new.document_id AND id <> new.id)
    BEGIN INSERT OR REPLACE INTO stale_descriptions VALUES (new.document_id, 0); END;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
