"""Saved searches and conversations."""

import sqlite3

from kb.catalog.migrations.script import run

# ``wording`` of a search is its question and choices as JSON, which identifies it. Passages of an
# answer are deleted with their documents; only their place remains.
_SCRIPT = """
CREATE TABLE remembered_searches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    wording TEXT NOT NULL UNIQUE,
    kept_at TEXT NOT NULL
) STRICT;
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    turns BLOB NOT NULL,
    turn_count INTEGER NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;
CREATE TABLE conversation_passages (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    turn INTEGER NOT NULL,
    number INTEGER NOT NULL,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    passage BLOB NOT NULL,
    PRIMARY KEY (conversation_id, turn, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_passages_by_document ON conversation_passages (document_id);
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
