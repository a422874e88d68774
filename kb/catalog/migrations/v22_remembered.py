"""Searches that people remember, and their conversations with the documents."""

import sqlite3

from kb.catalog.migrations.script import run

# ``wording`` of a search is its question and choices as JSON, by which it is known again. Passages
# of an answer go with their documents: of what was removed nothing stays but the place it was at.
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
    """Take the step."""
    run(db, _SCRIPT)
