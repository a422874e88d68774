"""Triggers that work inside an upsert."""

import sqlite3

from kb.catalog.migrations.script import run

# The outer statement's conflict clause overrides a trigger's own (SQLite, "CREATE TRIGGER"): inside
# an upsert, a trigger's INSERT OR REPLACE failed for a document that was recorded already.
_SCRIPT = """
DROP TRIGGER source_forgotten;
DROP TRIGGER source_left;
DROP TRIGGER source_joined;
CREATE TRIGGER source_forgotten AFTER DELETE ON sources WHEN old.document_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM documents WHERE id = old.document_id)
    BEGIN DELETE FROM stale_descriptions WHERE document_id = old.document_id; INSERT INTO
    stale_descriptions VALUES (old.document_id, 0); END;
CREATE TRIGGER source_left AFTER UPDATE OF path, document_id ON sources
    WHEN old.document_id IS NOT NULL
    AND (old.path <> new.path OR old.document_id IS NOT new.document_id)
    AND EXISTS (SELECT 1 FROM documents WHERE id = old.document_id)
    BEGIN DELETE FROM stale_descriptions WHERE document_id = old.document_id; INSERT INTO
    stale_descriptions VALUES (old.document_id, 0); END;
CREATE TRIGGER source_joined AFTER UPDATE OF document_id ON sources
    WHEN new.document_id IS NOT NULL AND old.document_id IS NOT new.document_id
    AND EXISTS (SELECT 1 FROM sources WHERE document_id = new.document_id AND id <> new.id)
    BEGIN DELETE FROM stale_descriptions WHERE document_id = new.document_id; INSERT INTO
    stale_descriptions VALUES (new.document_id, 0); END;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
