"""Own questions, with the passages marked as good or bad answers."""

import sqlite3

from kb.catalog.migrations.script import run

# A judgement names its file, not its chunk: files keep their rows through new versions, other chunk
# sizes and moves. Removing a file removes its judgements, so that none of its text stays.
_SCRIPT = """
CREATE TABLE own_questions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    question TEXT NOT NULL,
    UNIQUE (collection_id, question)
) STRICT;
CREATE TABLE judgements (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    question_id INTEGER NOT NULL REFERENCES own_questions (id) ON DELETE CASCADE,
    source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    passage BLOB NOT NULL,
    place TEXT NOT NULL,
    good INTEGER NOT NULL CHECK (good IN (0, 1))
) STRICT;
CREATE INDEX judgements_by_question ON judgements (question_id);
CREATE INDEX judgements_by_source ON judgements (source_id);
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
