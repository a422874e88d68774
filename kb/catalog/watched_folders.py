"""Watched folders in the catalog, with their states and last runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from kb.catalog.base import Transaction
from kb.catalog.rows import dump, now
from kb.records import CollectionInfo

FolderState = Literal["waiting", "reading", "in_step", "missing", "failed"]
"""``waiting`` means for a first look or for its turn, ``missing`` that the folder does not
exist."""

OUTCOMES = ("added", "changed", "moved", "removed", "unchanged", "failed")
"""What a run did with files, in the order in which it is told."""

_SELECT = (
    "SELECT w.*, coalesce(c.name, w.collection) AS current_name FROM watched_folders w"
    " LEFT JOIN collections c ON c.id = w.collection_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFailure:
    """A file of a watched folder that could not be read, and the reason."""

    path: str
    reason: str
    reason_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRun:
    """The results of a run over a watched folder.

    ``counts`` are files by outcome, in the order of :data:`OUTCOMES`. ``failures`` are the first of
    those that ``counts`` has as ``failed``. ``gone`` files no longer exist, and were left alone
    because they are more than half of the folder's; ``gone_count`` counts them. ``left_out`` gives,
    by name, the rule that leaves a known file out (``rule``) and its words (``by``).
    """

    began_at: datetime
    ended_at: datetime
    counts: Mapping[str, int]
    failures: tuple[FolderFailure, ...] = ()
    gone: tuple[str, ...] = ()
    gone_count: int = 0
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFolder:
    """A watched folder of a collection.

    ``collection_id`` is None until the first run has created the collection. ``error`` says why the
    last run failed as a whole. The present run has finished ``done`` of ``total`` files. Each
    request for a run raises ``wanted``. ``forced`` lets that run remove more than half of the
    folder's documents.
    """

    id: int
    path: str
    collection: str
    collection_id: str | None
    paused: bool
    wanted: int
    forced: bool
    state: FolderState
    error: str
    done: int
    total: int
    last_run: FolderRun | None
    added_at: datetime


class WatchedFolderReads(Transaction):
    """Reads watched folders."""

    def watched_folders(self) -> list[WatchedFolder]:
        """Return all watched folders, by collection and path."""
        rows = self._db.execute(f"{_SELECT} ORDER BY current_name, w.path")
        return [_folder(row) for row in rows]

    def watched_folder(self, folder_id: int) -> WatchedFolder | None:
        """Return a watched folder; None if the id is unknown."""
        row = self._db.execute(f"{_SELECT} WHERE w.id = ?", (folder_id,)).fetchone()
        return None if row is None else _folder(row)

    def awaits_folder_turn(self) -> bool:
        """Return whether the run of a watched folder waits for its turn."""
        found = self._db.execute(
            "SELECT 1 FROM watched_folders WHERE state = 'waiting' AND NOT paused LIMIT 1"
        ).fetchone()
        return found is not None


class WatchedFolderChanges(WatchedFolderReads):
    """Adds, changes and removes watched folders."""

    def watch_folder(self, path: str, collection: CollectionInfo | str) -> int:
        """Add a watched folder of a collection; return its id."""
        known = collection if isinstance(collection, CollectionInfo) else None
        row = self._db.execute(
            "INSERT INTO watched_folders (path, collection, collection_id, added_at)"
            " VALUES (?, ?, ?, ?) RETURNING id",
            (path, known.name if known else collection, known.id if known else None, now()),
        ).fetchone()
        return int(row["id"])

    def unwatch_folder(self, folder_id: int) -> bool:
        """Stop watching a folder; return whether it was watched."""
        done = self._db.execute("DELETE FROM watched_folders WHERE id = ?", (folder_id,))
        return done.rowcount > 0

    def pause_folder(self, folder_id: int, *, paused: bool) -> bool:
        """Pause or continue following a folder; return whether it is watched."""
        done = self._db.execute(
            "UPDATE watched_folders SET paused = ?, state = 'waiting', error = '' WHERE id = ?",
            (paused, folder_id),
        )
        return done.rowcount > 0

    def want_folder_run(self, folder_id: int, *, forced: bool) -> bool:
        """Request a run over a folder now; return whether it is watched."""
        done = self._db.execute(
            "UPDATE watched_folders SET wanted = wanted + 1, forced = ?, paused = 0,"
            " state = 'waiting', error = '' WHERE id = ?",
            (forced, folder_id),
        )
        return done.rowcount > 0

    def place_folder(self, folder_id: int, collection: CollectionInfo) -> None:
        """Record the collection of a folder, after a run has created it."""
        self._db.execute(
            "UPDATE watched_folders SET collection = ?, collection_id = ? WHERE id = ?",
            (collection.name, collection.id, folder_id),
        )

    def note_folder(
        self, folder_id: int, state: FolderState, *, error: str, done: int, total: int
    ) -> None:
        """Record the state of a folder, except of a paused one."""
        self._db.execute(
            "UPDATE watched_folders SET state = ?, error = ?, done = ?, total = ?"
            " WHERE id = ? AND NOT paused",
            (state, error, done, total, folder_id),
        )

    def end_folder_run(self, folder_id: int, run: FolderRun) -> None:
        """Record the results of a run over a folder; its permission ends."""
        self._db.execute(
            "UPDATE watched_folders SET last_run = ?, forced = 0 WHERE id = ?",
            (_written(run), folder_id),
        )

    def withdraw_forced_runs(self) -> None:
        """Withdraw permissions to remove more than half, given while another process watched."""
        self._db.execute("UPDATE watched_folders SET forced = 0 WHERE forced")


def _folder(row: sqlite3.Row) -> WatchedFolder:
    return WatchedFolder(
        id=row["id"],
        path=row["path"],
        collection=row["current_name"],
        collection_id=row["collection_id"],
        paused=bool(row["paused"]),
        wanted=row["wanted"],
        forced=bool(row["forced"]),
        state=row["state"],
        error=row["error"],
        done=row["done"],
        total=row["total"],
        last_run=_run(json.loads(row["last_run"])) if row["last_run"] else None,
        added_at=datetime.fromisoformat(row["added_at"]),
    )


def _written(run: FolderRun) -> str:
    return dump(
        {
            "began_at": run.began_at.isoformat(),
            "ended_at": run.ended_at.isoformat(),
            "counts": dict(run.counts),
            "failures": [[each.path, each.reason, each.reason_code] for each in run.failures],
            "gone": list(run.gone),
            "gone_count": run.gone_count,
            "left_out": {name: dict(each) for name, each in run.left_out.items()},
        }
    )


def _run(told: Mapping[str, Any]) -> FolderRun:
    return FolderRun(
        began_at=datetime.fromisoformat(told["began_at"]),
        ended_at=datetime.fromisoformat(told["ended_at"]),
        counts={name: told["counts"][name] for name in OUTCOMES if name in told["counts"]},
        failures=tuple(
            FolderFailure(path=path, reason=reason, reason_code=code)
            for path, reason, code in told["failures"]
        ),
        gone=tuple(told["gone"]),
        gone_count=told["gone_count"],
        left_out=told["left_out"],
    )
