"""Tags that people give, and documents' own language, tags and date."""

import json
import sqlite3

from kb.catalog.labels import labels
from kb.catalog.migrations.script import run
from kb.metadata import stated_date, stated_language

# Tags that people give belong to files, so that a file's next version keeps them. ``labels`` are a
# document's own tags, folded, between commas; ``day`` is its own date. Its language is its own
# statement, or else detected from its text; older documents have only their statement until they
# are read again.
_SCRIPT = """
CREATE TABLE source_tags (
    source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    folded TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX source_tags_by_source ON source_tags (source_id, folded);
CREATE INDEX source_tags_by_tag ON source_tags (folded, source_id);
ALTER TABLE documents ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN labels TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN day TEXT NOT NULL DEFAULT '';
CREATE INDEX documents_by_labels ON documents (collection_id, language, labels)
    WHERE state = 'active';
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
    rows = db.execute("SELECT id, metadata FROM documents WHERE metadata <> '{}'")
    for document_id, text in rows.fetchall():
        metadata = json.loads(text)
        db.execute(
            "UPDATE documents SET language = ?, labels = ?, day = ? WHERE id = ?",
            (stated_language(metadata), labels(metadata), stated_date(metadata), document_id),
        )
