"""The first tables: collections, documents, sources, chunks, runs."""

import sqlite3

from kb.catalog.migrations.script import run

# A document has three states: ``pending`` (rows written, invisible, without all vectors),
# ``active`` (visible), ``retired`` (invisible, vectors being deleted). Every change of visibility
# is one transaction that moves documents between states.
#
# AUTOINCREMENT: ids are never used twice, because chunk ids name vectors in Chroma, and a reader
# with a slightly old index must not take an old vector for a new chunk.
#
# ``generation`` counts the commits that change vectors, so that other processes know when to reopen
# Chroma. ``dropped_collections`` names the collections whose vectors are still to be deleted.
#
# The full-text index is a table for each collection, created by ``kb.catalog.keywords``.
_SCRIPT = """
CREATE TABLE collections (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    model_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    dim INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE dropped_collections (id TEXT PRIMARY KEY) STRICT;

CREATE TABLE generation (value INTEGER NOT NULL) STRICT;
INSERT INTO generation VALUES (0);

CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'retired')),
    content_hash TEXT NOT NULL,
    settings_hash TEXT NOT NULL,
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    chunk_count INTEGER NOT NULL,
    page_count INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    notices TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT;
CREATE INDEX documents_by_content ON documents (collection_id, content_hash);
CREATE INDEX documents_by_state ON documents (state);

CREATE TABLE document_bodies (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    body BLOB NOT NULL,
    structure BLOB NOT NULL
) STRICT;

CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    root TEXT NOT NULL,
    path TEXT NOT NULL,
    document_id INTEGER REFERENCES documents (id) ON DELETE SET NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    settings_hash TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('indexed', 'warnings', 'failed')),
    reason TEXT NOT NULL DEFAULT '',
    reason_code TEXT NOT NULL DEFAULT '',
    seen_at TEXT NOT NULL,
    UNIQUE (collection_id, root, path)
) STRICT;
CREATE INDEX sources_by_document ON sources (document_id);

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    text TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    heading_path TEXT NOT NULL,
    kind TEXT NOT NULL,
    page_first INTEGER,
    page_last INTEGER,
    page_label TEXT NOT NULL,
    read_by TEXT NOT NULL,
    confidence REAL,
    tokens INTEGER NOT NULL,
    vector_key BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunks_by_document ON chunks (document_id, ordinal);
CREATE INDEX chunks_by_vector ON chunks (vector_key);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    status TEXT NOT NULL,
    summary TEXT NOT NULL
) STRICT;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
