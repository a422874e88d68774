"""What documents, hits and collections look like as JSON: the same by HTTP and `--json`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from kb.catalog.job_records import JobInfo
from kb.catalog.runs import RunInfo
from kb.records import CollectionInfo, DocumentInfo, FailedFile, SearchHit
from kb.store.purging import Compaction


def hit_json(hit: SearchHit) -> dict[str, Any]:
    """Return a hit as JSON values."""
    return {**asdict(hit), "place": hit.place}


def collection_json(info: CollectionInfo) -> dict[str, Any]:
    """Return a collection's description as JSON values."""
    return {**asdict(info), "created_at": info.created_at.isoformat()}


def document_json(info: DocumentInfo, failed: Iterable[FailedFile] = ()) -> dict[str, Any]:
    """Return a document's description as JSON values.

    ``newer_unreadable`` lists which of the ``failed`` files this document is the older version of.
    """
    return {
        **asdict(info),
        "name": info.name,
        "outcome": "warnings" if info.notices else "indexed",
        "added_at": info.added_at.isoformat(),
        "metadata": dict(info.metadata),
        "notices": [
            {"code": n.code, "message": n.message, "values": dict(n.values)} for n in info.notices
        ],
        "newer_unreadable": [failed_json(file) for file in failed if file.document_id == info.id],
    }


def failed_json(file: FailedFile) -> dict[str, Any]:
    """Return a file that could not be read as JSON values."""
    older = file.document_added_at.isoformat() if file.document_added_at else None
    return {**asdict(file), "seen_at": file.seen_at.isoformat(), "document_added_at": older}


def run_json(run: RunInfo) -> dict[str, Any]:
    """Return a run of ingestion as JSON values."""
    finished = run.finished_at.isoformat() if run.finished_at else None
    return {**asdict(run), "started_at": run.started_at.isoformat(), "finished_at": finished}


def job_json(job: JobInfo) -> dict[str, Any]:
    """Return a job of ingestion as JSON values; where its bytes wait is nobody's business."""
    told = asdict(job)
    moments = {
        name: told[name] and told[name].isoformat()
        for name in ("queued_at", "started_at", "ended_at")
    }
    del told["spool"], told["locked"]
    for file in told["files"]:
        del file["spooled"]
    return {
        **told,
        **moments,
        "asks": job.asks,
        "total": job.total,
        "finished": job.finished,
        "failed": job.failed,
    }


def compaction_json(done: Compaction) -> dict[str, Any]:
    """Return what compacting did as JSON values."""
    return asdict(done)
