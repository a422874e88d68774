"""Converts rows of jobs to records, and records to rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, get_args

from kb.catalog.job_records import JobFile, JobInfo, JobProgress, JobStage
from kb.records import Notice
from kb.records.short_ids import document_id

# First the active files, then the failed ones, then those with notices.
_RANKS: dict[JobStage, int] = {"embedding": 0, "reading": 1, "failed": 2, "waiting": 4}
_NOTICED = 3
_REST = 5


def job_info(row: sqlite3.Row, files: Iterable[JobFile]) -> JobInfo:
    """Return the record of a row of ``jobs``, joined with its collection's present name."""
    told = json.loads(row["progress"])
    stopped = row["state"] in ("failed", "cancelled")
    return JobInfo(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        collection=row["current_name"] or row["collection"],
        collection_id=row["collection_id"],
        spool=row["spool"],
        paths=tuple(json.loads(row["paths"])),
        options=json.loads(row["options"]),
        locked=bool(row["locked"]),
        cancelling=bool(row["cancelling"]) and row["state"] == "running",
        attempts=row["attempts"],
        progress=JobProgress(**{**told, "gone": tuple(told.get("gone", ()))}),
        files=tuple(
            replace(file, stage="cancelled") if stopped and not file.settled else file
            for file in files
        ),
        error=row["error"],
        error_code=row["error_code"],
        queued_at=datetime.fromisoformat(row["queued_at"]),
        started_at=_time(row["started_at"]),
        ended_at=_time(row["ended_at"]),
    )


def job_file(row: sqlite3.Row) -> JobFile:
    """Return the record of a row of ``job_files``, joined with its document."""
    return JobFile(
        name=row["name"],
        stage=row["stage"],
        done=row["done"],
        total=row["total"],
        notices=tuple(Notice(**each) for each in json.loads(row["notices"])),
        reason=row["reason"],
        reason_code=row["reason_code"],
        replaced=bool(row["replaced"]),
        size=row["size"],
        content_hash=row["content_hash"],
        spooled=row["spooled"],
        document_id=row["document_id"],
        short_id=document_id(row["media_type"], row["content_hash"]) if row["media_type"] else "",
    )


def file_row(job_id: int, file: JobFile) -> tuple[Any, ...]:
    """Return the values of a row of ``job_files``, in the order of its columns."""
    if file.stage not in get_args(JobStage):
        msg = f"{file.stage!r} is no stage of a file"
        raise ValueError(msg)
    rank = _RANKS.get(file.stage, _NOTICED if file.notices else _REST)
    notices = [
        {"code": n.code, "message": n.message, "values": dict(n.values)} for n in file.notices
    ]
    return (
        job_id,
        file.name,
        rank,
        file.stage,
        file.done,
        file.total,
        json.dumps(notices, ensure_ascii=False),
        file.reason,
        file.reason_code,
        int(file.replaced),
        file.size,
        file.content_hash,
        file.spooled,
    )


def progress_text(told: JobProgress) -> str:
    """Return progress in the form of its row."""
    return json.dumps(asdict(told), ensure_ascii=False)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
