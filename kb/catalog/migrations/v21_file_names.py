"""An index of the words in file names."""

import sqlite3

from kb.catalog.migrations.script import run
from kb.words.file_names import name_words

# Words without positions: look-ups ask for files with some words. A trigger removes a row word by
# word, so the words are kept beside the path.
_SCRIPT = """
ALTER TABLE sources ADD COLUMN name_words TEXT NOT NULL DEFAULT '';
CREATE VIRTUAL TABLE source_names USING fts5
    (words, content='', detail=none, columnsize=0, tokenize="ascii tokenchars '_'");
CREATE TRIGGER source_name_added AFTER INSERT ON sources WHEN new.name_words <> ''
    BEGIN INSERT INTO source_names (rowid, words) VALUES (new.id, new.name_words); END;
CREATE TRIGGER source_name_removed AFTER DELETE ON sources WHEN old.name_words <> ''
    BEGIN INSERT INTO source_names (source_names, rowid, words)
    VALUES ('delete', old.id, old.name_words); END;
CREATE TRIGGER source_name_changed AFTER UPDATE OF name_words ON sources
    WHEN old.name_words <> new.name_words
    BEGIN INSERT INTO source_names (source_names, rowid, words)
    SELECT 'delete', old.id, old.name_words WHERE old.name_words <> ''; INSERT INTO
    source_names (rowid, words) SELECT new.id, new.name_words WHERE new.name_words <> ''; END;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
    db.create_function("words_of_name", 1, name_words, deterministic=True)
    db.execute("UPDATE sources SET name_words = words_of_name(path)")
