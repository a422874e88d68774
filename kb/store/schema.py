"""The catalog's tables, and the numbered steps that bring an older catalog up to date."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from kb.errors import StoreVersionError
from kb.metadata import folded, stated_date, stated_language, stated_tags
from kb.records import MetadataValue
from kb.store.jobs_schema import JOBS
from kb.store.transactions import roll_back

# Documents go through three states: ``pending`` (rows written, vectors on their way, invisible),
# ``active`` (visible), ``retired`` (invisible, vectors being deleted). Every change of what a
# search sees is one transaction that moves documents between states.
#
# AUTOINCREMENT: ids are never used twice, because chunk ids name vectors in Chroma and a reader
# whose index is a moment old must not take an old vector for a new chunk.
#
# ``generation`` counts the commits that change vectors, so that other processes know when to read
# Chroma again; ``dropped_collections`` names those whose vectors are still to be deleted.
#
# The full-text index is a table for each collection, made with it: see ``kb.store.fulltext``.
_VERSION_1 = """
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

# What a collection's queries ask for, in the words of models that take an instruction; empty for
# the one in the settings.
_VERSION_2 = """
ALTER TABLE collections ADD COLUMN instruction TEXT NOT NULL DEFAULT '';
"""

# A collection that is to take another's place when it is whole (another model); hidden till then.
_VERSION_3 = """
ALTER TABLE collections ADD COLUMN successor_of TEXT;
"""

# How a collection is searched; empty for the mode in the settings.
_VERSION_4 = """
ALTER TABLE collections ADD COLUMN mode TEXT NOT NULL DEFAULT ''
    CHECK (mode IN ('', 'hybrid', 'dense', 'keyword'));
"""

# What is looked up for every document or every search, without walking all documents: with an
# index on ``state`` SQLite took "active" for selective, and adding 100,000 documents was
# quadratic. A collection's counts are kept by triggers (a statement ends with its line).
_VERSION_5 = """
DROP INDEX documents_by_state;
DROP INDEX documents_by_content;
CREATE INDEX documents_by_content ON documents (collection_id, content_hash, settings_hash);
CREATE INDEX documents_hidden ON documents (state) WHERE state <> 'active';
CREATE INDEX documents_by_type ON documents (collection_id, media_type) WHERE state = 'active';
CREATE INDEX sources_by_path ON sources (collection_id, path, document_id);
ALTER TABLE collections ADD COLUMN document_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE collections ADD COLUMN chunk_count INTEGER NOT NULL DEFAULT 0;
UPDATE collections SET (document_count, chunk_count) =
    (SELECT count(*), coalesce(sum(d.chunk_count), 0) FROM documents d
        WHERE d.collection_id = collections.id AND d.state = 'active');
CREATE TRIGGER document_shown AFTER UPDATE OF state ON documents
    WHEN new.state = 'active' AND old.state <> 'active'
    BEGIN UPDATE collections SET document_count = document_count + 1,
        chunk_count = chunk_count + new.chunk_count WHERE id = new.collection_id; END;
CREATE TRIGGER document_hidden AFTER UPDATE OF state ON documents
    WHEN old.state = 'active' AND new.state <> 'active'
    BEGIN UPDATE collections SET document_count = document_count - 1,
        chunk_count = chunk_count - old.chunk_count WHERE id = old.collection_id; END;
"""

# Filters by metadata look through this index alone, a quarter of what the documents take.
_VERSION_6 = """
CREATE INDEX documents_by_metadata ON documents (collection_id, metadata) WHERE state = 'active';
"""

# Tags that people give belong to files: a file's next version keeps them. ``labels`` are the tags
# that a document has of its own, folded, between commas; ``day`` is its own date. Its language is
# what it says, else what its text looks like; documents from before have what they say until they
# are read again.
_VERSION_7 = """
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

# What the terms of the full-text indexes were made with: see ``kb.store.fulltext``, which makes
# them again when that is not what this installation makes terms with.
_KEYWORD_INDEX = """
CREATE TABLE IF NOT EXISTS keyword_index (analysis TEXT NOT NULL) STRICT;
INSERT INTO keyword_index SELECT '' WHERE NOT EXISTS (SELECT 1 FROM keyword_index);
"""


def _version_7(connection: sqlite3.Connection) -> None:
    for statement in _statements(_VERSION_7):
        connection.execute(statement)
    rows = connection.execute("SELECT id, metadata FROM documents WHERE metadata <> '{}'")
    for document_id, text in rows.fetchall():
        metadata = json.loads(text)
        connection.execute(
            "UPDATE documents SET language = ?, labels = ?, day = ? WHERE id = ?",
            (stated_language(metadata), labels(metadata), stated_date(metadata), document_id),
        )


# The label of a passage's last page: a citation names both ends alike. It is in the document's own
# structure, so that documents from before get it here and now.
_VERSION_8 = """
ALTER TABLE chunks ADD COLUMN page_label_last TEXT NOT NULL DEFAULT '';
UPDATE chunks SET page_label_last = page_label WHERE page_last = page_first;
"""


def _version_8(connection: sqlite3.Connection) -> None:
    for statement in _statements(_VERSION_8):
        connection.execute(statement)
    rows = connection.execute(
        "SELECT DISTINCT document_id FROM chunks WHERE page_last > page_first AND page_label <> ''"
    )
    for (document_id,) in rows.fetchall():
        connection.executemany(
            "UPDATE chunks SET page_label_last = ?"
            " WHERE document_id = ? AND page_last = ? AND page_last > page_first",
            [
                (label, document_id, number)
                for number, label in _page_labels(connection, document_id).items()
            ],
        )


def _page_labels(connection: sqlite3.Connection, document_id: int) -> dict[int, str]:
    """Return the labels of a document's pages; none where its structure cannot be read."""
    row = connection.execute(
        "SELECT structure FROM document_bodies WHERE document_id = ?", (document_id,)
    ).fetchone()
    try:
        pages = json.loads(zlib.decompress(row[0]))["pages"]
        return {int(page["number"]): str(page["label"]) for page in pages}
    except (zlib.error, ValueError, KeyError, TypeError):
        return {}


# Folders that an imported collection names: nobody has said yet where they are on this machine.
# And documents whose first file has another name now than is stored beside their vectors, with the
# number of chunks that are described anew already.
_VERSION_9 = """
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

# The header row that a passage of a divided table carries; passages from before carry none until
# their documents are read again.
HEADER_ROWS = """
ALTER TABLE chunks ADD COLUMN header TEXT NOT NULL DEFAULT '';
"""


# The outer statement's way with conflicts goes before a trigger's own (SQLite, "CREATE TRIGGER"):
# fired by an upsert, INSERT OR REPLACE failed where the document was noted already.
_TRIGGERS_OF_UPSERTS = """
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


def labels(metadata: Mapping[str, MetadataValue]) -> str:
    """Return a document's own tags as its row holds them: ``,draft,税务,``; empty for none."""
    tags = dict.fromkeys(map(folded, stated_tags(metadata)))
    return f",{','.join(tags)}," if tags else ""


MIGRATIONS: tuple[str | Callable[[sqlite3.Connection], None], ...] = (
    _VERSION_1,
    _VERSION_2,
    _VERSION_3,
    _VERSION_4,
    _VERSION_5,
    _VERSION_6,
    _version_7,
    _version_8,
    _VERSION_9,
    _KEYWORD_INDEX,
    HEADER_ROWS,
    _TRIGGERS_OF_UPSERTS,
    JOBS,
)
"""Step ``n`` takes a catalog from ``user_version`` n to n + 1; steps are only ever appended."""

CURRENT_VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the catalog at ``path`` to this release's version, after a backup beside it.

    Raises:
        StoreVersionError: the catalog was written by a newer release; it is left untouched.
    """
    if _version(connection) == CURRENT_VERSION:
        return
    # One transaction from the backup to the last step: a program that opens the catalog meanwhile
    # waits here, and never takes a version that lies half way for one that a release wrote.
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        refuse_newer(version, path)
        if 0 < version < CURRENT_VERSION:
            _back_up(path, version)
        for step in MIGRATIONS[version:]:
            _take(connection, step)
        connection.execute(f"PRAGMA user_version = {CURRENT_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def refuse_newer(version: int, path: Path) -> None:
    """Refuse the catalog at ``path`` if a newer release wrote it.

    Raises:
        StoreVersionError: it did.
    """
    if version > CURRENT_VERSION:
        msg = (
            f"{path} was written by a newer release (store version {version}, this release "
            f"knows {CURRENT_VERSION}); get that release, or set KB_DATA_DIR to another folder"
        )
        raise StoreVersionError(msg)


def _statements(script: str) -> list[str]:
    # executescript() would commit the transaction that holds the step together.
    return [part for part in script.split(";\n") if part.strip()]


def _take(connection: sqlite3.Connection, step: str | Callable[[sqlite3.Connection], None]) -> None:
    if callable(step):
        step(connection)
        return
    for statement in _statements(step):
        connection.execute(statement)


def _back_up(path: Path, version: int) -> None:
    """Copy the catalog as it is; a copy that was cut short never has the backup's name.

    SQLite backs nothing up through a connection that is writing, so this opens another one.
    """
    target = path.with_name(f"{path.name}.v{version}.bak")
    part = target.with_name(f"{target.name}.{os.getpid()}")
    source, copy = sqlite3.connect(path), sqlite3.connect(part)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    part.replace(target)
