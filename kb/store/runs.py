"""Runs of ingestion in the catalog: when, over what, what changed, what failed.

A run holds a locked file of its own for as long as it lives. The operating system frees the lock
when its process dies, so a run that still says ``running`` without one was interrupted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from kb.errors import SettingsError
from kb.records import CollectionInfo
from kb.store.rows import now, storable
from kb.store.store import Store

RunStatus = Literal["running", "finished", "interrupted", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """One run of ingestion.

    ``counts`` gives files by outcome, ``changes`` the paths of those that were added, changed,
    moved or removed, by outcome, ``failures`` why each other file could not be read, by path.
    ``gone`` and ``left_out`` name files that the run left searchable although they were gone from
    disk, or left out by a rule: its code as ``rule`` and its words as ``by``, by path.
    ``error`` says what ended a run that failed as a whole.
    """

    id: int
    collection: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    paths: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    changes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    gone: Sequence[str] = ()
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    chunks: int = 0
    embedded: int = 0
    reused: int = 0
    error: str = ""


class RunRecord:
    """A run under way. End it with :meth:`end`; if its process dies, it counts as interrupted.

    ``collection`` is the one that it fills, whatever that is called by now.
    """

    def __init__(
        self,
        store: Store,
        run_id: int,
        collection: CollectionInfo,
        lock: FileLock,
        summary: dict[str, Any],
    ) -> None:
        self.id = run_id
        self.collection = collection
        self._store = store
        self._lock = lock
        self._summary = summary

    def end(self, status: RunStatus, summary: Mapping[str, Any]) -> None:
        """Record how the run ended; ``summary`` has the fields of :class:`RunInfo`."""
        merged = json.dumps({**self._summary, **summary}, ensure_ascii=False)
        with self._store.lock.hold(), self._store.database.write() as db:
            db.execute(
                "UPDATE runs SET status = ?, finished_at = ?, summary = ? WHERE id = ?",
                (status, now(), merged, self.id),
            )
        self.release()

    def release(self) -> None:
        """Let go of the run; one that has not ended counts as interrupted from now on."""
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)


def begin(store: Store, collection: CollectionInfo, paths: Sequence[str]) -> RunRecord:
    """Record that a run has begun."""
    summary = {"paths": list(paths)}
    with store.lock.hold():
        _settle(store)
        with store.database.write() as db:
            cursor = db.execute(
                "INSERT INTO runs (collection_id, started_at, status, summary)"
                " VALUES (?, ?, 'running', ?)",
                (collection.id, now(), json.dumps(summary, ensure_ascii=False)),
            )
            run_id = int(cursor.lastrowid or 0)
            # Inside the transaction: nobody sees the run before it is locked.
            lock = _lock(store, run_id)
            lock.acquire(timeout=0)
    return RunRecord(store, run_id, collection, lock, summary)


def listed(store: Store, *, limit: int | None = None) -> list[RunInfo]:
    """Return the runs of all collections, newest first.

    Raises:
        SettingsError: ``limit`` is below 1.
    """
    if limit is not None and limit < 1:
        msg = f"the limit of runs must be 1 or more, but is {storable(limit)}"
        raise SettingsError(msg)
    with store.database.read() as db:
        running = db.execute("SELECT 1 FROM runs WHERE status = 'running'").fetchone()
    if running is not None and store.snapshot is None:
        with store.lock.hold():
            _settle(store)
    with store.database.read() as db:
        rows = db.execute(
            "SELECT r.*, c.name FROM runs r JOIN collections c ON c.id = r.collection_id"
            " ORDER BY r.id DESC LIMIT ?",
            (-1 if limit is None else storable(limit),),
        )
        found = [_info(row) for row in rows]
    if store.snapshot is None:
        return found
    # Nothing runs in what cannot be written.
    return [replace(run, status="interrupted") if run.status == "running" else run for run in found]


def forget_names(db: sqlite3.Connection) -> None:
    """Take the names of files that the catalog no longer knows out of the history."""
    known = {(row["root"], row["path"]) for row in db.execute("SELECT root, path FROM sources")}
    names = {path for _, path in known} | {f"{root}/{path}" for root, path in known}
    # A folder given stays while it has files.
    places = {root for root, _ in known}
    for root, path in known:
        whole = Path(root, path)
        places.update((path, str(whole), *map(str, whole.parents)))
    for row in db.execute("SELECT id, summary FROM runs").fetchall():
        summary = json.loads(row["summary"])
        summary["paths"] = [path for path in summary.get("paths", ()) if path in places]
        summary["changes"] = {
            outcome: [path for path in paths if path in names]
            for outcome, paths in summary.get("changes", {}).items()
        }
        summary["failures"] = {
            path: reason for path, reason in summary.get("failures", {}).items() if path in names
        }
        if "gone" in summary:
            summary["gone"] = [path for path in summary["gone"] if path in names]
        if "left_out" in summary:
            left_out = summary["left_out"].items()
            summary["left_out"] = {path: rule for path, rule in left_out if path in names}
        text = json.dumps(summary, ensure_ascii=False)
        if text != row["summary"]:
            db.execute("UPDATE runs SET summary = ? WHERE id = ?", (text, row["id"]))


def _settle(store: Store) -> None:
    """Mark runs whose process is gone; inside the write lock."""
    with store.database.read() as db:
        running = [row["id"] for row in db.execute("SELECT id FROM runs WHERE status = 'running'")]
    for run_id in running:
        lock = _lock(store, run_id)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        with store.database.write() as db:
            db.execute("UPDATE runs SET status = 'interrupted' WHERE id = ?", (run_id,))
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _lock(store: Store, run_id: int) -> FileLock:
    # Stages of one run live in several threads; the lock belongs to the run.
    return FileLock(store.folder / f"run-{run_id}.lock", thread_local=False)


def _info(row: sqlite3.Row) -> RunInfo:
    summary = json.loads(row["summary"])
    finished = row["finished_at"]
    return RunInfo(
        id=row["id"],
        collection=row["name"],
        status=row["status"],
        started_at=datetime.fromisoformat(row["started_at"]),
        finished_at=datetime.fromisoformat(finished) if finished else None,
        paths=tuple(summary.get("paths", ())),
        counts=summary.get("counts", {}),
        changes=summary.get("changes", {}),
        failures=summary.get("failures", {}),
        gone=tuple(summary.get("gone", ())),
        left_out=summary.get("left_out", {}),
        chunks=summary.get("chunks", 0),
        embedded=summary.get("embedded", 0),
        reused=summary.get("reused", 0),
        error=summary.get("error", ""),
    )
