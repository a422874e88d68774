"""Ingestion runs in the catalog: times, paths, changes and failures."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from kb.catalog.base import Transaction
from kb.catalog.numbers import storable
from kb.catalog.rows import now

RunStatus = Literal["running", "finished", "interrupted", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """One ingestion run.

    ``counts`` are numbers of files by outcome. ``changes`` are paths of added, changed, moved or
    removed files by outcome. ``failures`` are reasons for unreadable files by path. ``gone`` names
    files that stay searchable although they are gone from disk. ``left_out`` names files excluded
    by a rule: its code as ``rule`` and its text as ``by``, by path. ``error`` is the error of a run
    that failed as a whole. ``finished_at`` is the time at which everything became searchable.
    ``refined_s`` is the time from the start until all sentences had vectors, in seconds; None if
    that has not happened yet, or a later run was first.
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
    gone: tuple[str, ...] = ()
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    chunks: int = 0
    embedded: int = 0
    reused: int = 0
    error: str = ""
    refined_s: float | None = None


class RunReads(Transaction):
    """Reads the history of runs."""

    def runs(
        self, *, limit: int | None = None, collections: Sequence[str] | None = None
    ) -> list[RunInfo]:
        """Return the runs of all collections, or of the named ones, newest first."""
        names = None if collections is None else json.dumps(list(collections))
        rows = self._db.execute(
            "SELECT r.*, c.name FROM runs r JOIN collections c ON c.id = r.collection_id"
            " WHERE ?1 IS NULL OR c.name IN (SELECT value FROM json_each(?1))"
            " ORDER BY r.id DESC LIMIT ?2",
            (names, -1 if limit is None else storable(limit)),
        )
        return [_info(row) for row in rows]

    def running_runs(self) -> list[int]:
        """Return the ids of runs recorded as running."""
        rows = self._db.execute("SELECT id FROM runs WHERE status = 'running'")
        return [row["id"] for row in rows]


class RunChanges(RunReads):
    """Writes the history of runs."""

    def begin_run(self, collection_id: str, summary: Mapping[str, Any]) -> int:
        """Record the start of a run; return its id."""
        cursor = self._db.execute(
            "INSERT INTO runs (collection_id, started_at, status, summary)"
            " VALUES (?, ?, 'running', ?)",
            (collection_id, now(), _dumped(summary)),
        )
        return int(cursor.lastrowid or 0)

    def end_run(self, run_id: int, status: RunStatus, summary: Mapping[str, Any]) -> None:
        """Record the end of a run; ``summary`` has the fields of :class:`RunInfo`."""
        self._db.execute(
            "UPDATE runs SET status = ?, finished_at = ?, summary = ? WHERE id = ?",
            (status, now(), _dumped(summary), run_id),
        )

    def note_run_refined(self, collection_id: str) -> None:
        """Record that all sentences have vectors, in the last run that embedded anything."""
        row = self._db.execute(
            "SELECT id, started_at, summary FROM runs WHERE collection_id = ?"
            " AND status <> 'running' AND json_extract(summary, '$.embedded') > 0"
            " ORDER BY id DESC LIMIT 1",
            (collection_id,),
        ).fetchone()
        if row is None:
            return
        summary = json.loads(row["summary"])
        if summary.get("refined_s") is None:
            taken = datetime.now(UTC) - datetime.fromisoformat(row["started_at"])
            summary["refined_s"] = round(taken.total_seconds(), 3)
            self._db.execute(
                "UPDATE runs SET summary = ? WHERE id = ?", (_dumped(summary), row["id"])
            )

    def interrupt_run(self, run_id: int) -> None:
        """Record that the process of a run is gone."""
        self._db.execute("UPDATE runs SET status = 'interrupted' WHERE id = ?", (run_id,))

    def forget_names(self) -> None:
        """Remove the names of unknown files from the history."""
        rows = self._db.execute("SELECT root, path FROM sources")
        known = {(row["root"], row["path"]) for row in rows}
        names = {path for _, path in known} | {f"{root}/{path}" for root, path in known}
        # An ingested folder stays while it has files.
        places = {root for root, _ in known}
        for root, path in known:
            whole = f"{root.rstrip('/')}/{path}"
            ends = (end for end, sign in enumerate(whole) if sign == "/")
            places.update((path, whole, *(whole[:end] or "/" for end in ends)))
        for row in self._db.execute("SELECT id, summary FROM runs").fetchall():
            text = _dumped(_with_names(json.loads(row["summary"]), names, places))
            if text != row["summary"]:
                self._db.execute("UPDATE runs SET summary = ? WHERE id = ?", (text, row["id"]))


def _with_names(summary: dict[str, Any], names: set[str], places: set[str]) -> dict[str, Any]:
    """Return the summary of a run with only these names of files."""
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
    return summary


def _dumped(summary: Mapping[str, Any]) -> str:
    return json.dumps(dict(summary), ensure_ascii=False)


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
        refined_s=summary.get("refined_s"),
    )
