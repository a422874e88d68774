"""Languages of chunks, and the mean vectors of each language."""

import sqlite3

from kb.catalog.migrations.script import run
from kb.errors import StoreError
from kb.languages.chunks import chunk_language
from kb.languages.documents import told_by

# A document's means (half precision, one row for each language of its chunks) are added to its
# collection's sums (double precision) when it becomes visible, and subtracted when it is hidden:
# exactly the same numbers, so that nothing remains. Older documents have no rows; their vectors are
# counted later. ``model_means`` holds the means computed here for models, except those that the
# program includes, with figures that decide whether they are used.
_SCRIPT = """
ALTER TABLE chunks ADD COLUMN language TEXT NOT NULL DEFAULT '';
CREATE TABLE document_means (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    chunks INTEGER NOT NULL,
    mean BLOB NOT NULL,
    PRIMARY KEY (document_id, language)
) STRICT, WITHOUT ROWID;
CREATE TABLE language_sums (
    collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    chunks INTEGER NOT NULL,
    total BLOB NOT NULL,
    PRIMARY KEY (collection_id, language)
) STRICT, WITHOUT ROWID;
CREATE TABLE model_means (
    fingerprint TEXT NOT NULL,
    language TEXT NOT NULL,
    query BLOB NOT NULL,
    passage BLOB NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (fingerprint, language)
) STRICT, WITHOUT ROWID;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
    db.create_function("chunk_language", 2, _language, deterministic=True)
    db.execute(
        "UPDATE chunks SET language = chunk_language(chunks.text, d.language)"
        " FROM documents d WHERE d.id = chunks.document_id"
    )


def _language(text: str, document_language: str) -> str:
    return chunk_language(text, document_language, tell=_told)


def _told(text: str) -> str:
    try:
        return told_by(text)
    except StoreError:  # no room for a temporary file, which must not keep a catalog from opening
        return ""
