"""Vectors of sentences, and the share of each document and collection that has them."""

import sqlite3

from kb.catalog.migrations.script import run

# A row belongs to all passages of a collection with the same key and length: the key is that of the
# embedded text, which ends with the passage, so these passages are equal. ``refined`` counts the
# first passages of a document whose sentences have vectors. Triggers keep a collection's count (a
# statement ends with its line). ``dropped_sentences`` names deleted collections, whose rows are
# deleted in parts. ``wanted_sentences`` names collections that the worker of jobs refines while
# there is no job.
_SCRIPT = """
CREATE TABLE sentence_vectors (
    collection_id TEXT NOT NULL,
    vector_key BLOB NOT NULL,
    characters INTEGER NOT NULL,
    spans BLOB NOT NULL,
    vectors BLOB NOT NULL,
    UNIQUE (collection_id, vector_key, characters)
) STRICT;
CREATE TABLE dropped_sentences (collection_id TEXT PRIMARY KEY) STRICT;
CREATE TABLE wanted_sentences (collection_id TEXT PRIMARY KEY) STRICT;
ALTER TABLE documents ADD COLUMN refined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE collections ADD COLUMN refined_count INTEGER NOT NULL DEFAULT 0;
CREATE INDEX documents_unrefined ON documents (collection_id, id)
    WHERE state = 'active' AND refined < chunk_count;
CREATE TRIGGER refined_shown AFTER UPDATE OF state ON documents
    WHEN new.state = 'active' AND old.state <> 'active' AND new.refined > 0
    BEGIN UPDATE collections SET refined_count = refined_count + new.refined
        WHERE id = new.collection_id; END;
CREATE TRIGGER refined_hidden AFTER UPDATE OF state ON documents
    WHEN old.state = 'active' AND new.state <> 'active' AND old.refined > 0
    BEGIN UPDATE collections SET refined_count = refined_count - old.refined
        WHERE id = old.collection_id; END;
CREATE TRIGGER document_refined AFTER UPDATE OF refined ON documents
    WHEN new.state = 'active' AND old.refined <> new.refined
    BEGIN UPDATE collections SET refined_count = refined_count + new.refined - old.refined
        WHERE id = new.collection_id; END;
CREATE TRIGGER collection_dropped AFTER DELETE ON collections
    BEGIN INSERT INTO dropped_sentences VALUES (old.id); DELETE FROM wanted_sentences
        WHERE collection_id = old.id; END;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
