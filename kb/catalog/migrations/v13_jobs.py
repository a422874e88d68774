"""Ingestion jobs: the queue, and the files of each job."""

import sqlite3

from kb.catalog.migrations.script import run

# ``phase`` is the next action for a job: none, wait, begin it, give it a password. ``spool`` names
# a folder of the spool while the job needs it; the clean-up deletes other folders. ``job_changes``
# counts changes, so that a page that is drawn again and again reads the jobs only after a change.
# No password is ever stored here.
_SCRIPT = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('uploads', 'paths')),
    state TEXT NOT NULL
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'interrupted')),
    collection_id TEXT,
    collection TEXT NOT NULL,
    paths TEXT NOT NULL,
    options TEXT NOT NULL,
    spool TEXT NOT NULL,
    locked INTEGER NOT NULL,
    cancelling INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    progress TEXT NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    error_code TEXT NOT NULL DEFAULT '',
    queued_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    phase TEXT NOT NULL AS (
        CASE WHEN state IN ('done', 'failed', 'cancelled') THEN 'ended'
        WHEN state = 'running' THEN 'running'
        WHEN state = 'interrupted' AND locked THEN 'asking'
        ELSE 'waiting' END)
) STRICT;
CREATE INDEX jobs_by_phase ON jobs (phase, id);
CREATE TABLE job_files (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    rank INTEGER NOT NULL,
    stage TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    notices TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    replaced INTEGER NOT NULL,
    size INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    spooled TEXT NOT NULL,
    UNIQUE (job_id, name)
) STRICT;
CREATE INDEX job_files_by_rank ON job_files (job_id, rank);
CREATE TABLE job_changes (value INTEGER NOT NULL) STRICT;
INSERT INTO job_changes VALUES (0);
CREATE TRIGGER job_added AFTER INSERT ON jobs
    BEGIN UPDATE job_changes SET value = value + 1; END;
CREATE TRIGGER job_changed AFTER UPDATE ON jobs
    BEGIN UPDATE job_changes SET value = value + 1; END;
CREATE TRIGGER job_forgotten AFTER DELETE ON jobs
    BEGIN UPDATE job_changes SET value = value + 1; END;
CREATE TRIGGER job_collection_renamed AFTER UPDATE OF name ON collections
    BEGIN UPDATE job_changes SET value = value + 1; END;
CREATE TRIGGER job_collection_deleted AFTER DELETE ON collections
    BEGIN DELETE FROM jobs WHERE collection_id = old.id
    AND phase = 'ended'; END;
"""


def apply(db: sqlite3.Connection) -> None:
    """Apply this migration."""
    run(db, _SCRIPT)
