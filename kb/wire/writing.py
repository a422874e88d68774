"""Writes records as JSON values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from kb.answering.answer import Answer
from kb.catalog.job_records import JobFile, JobInfo
from kb.catalog.runs import RunInfo
from kb.document_json import document_json as content_json
from kb.overview import Overview
from kb.records import (
    AddResult,
    Chunk,
    CollectionInfo,
    DocumentInfo,
    Facets,
    FailedFile,
    Reading,
    SearchHit,
)
from kb.store.purging import Compaction

__all__ = [
    "added_json",
    "answer_json",
    "chunk_json",
    "collection_json",
    "compaction_json",
    "content_json",
    "document_json",
    "facets_json",
    "failed_json",
    "file_json",
    "hit_json",
    "job_file_json",
    "job_json",
    "overview_json",
    "reading_json",
    "run_json",
]


def hit_json(hit: SearchHit) -> dict[str, Any]:
    """Return a hit as JSON values."""
    return {**asdict(hit), "place": hit.place, "matched": hit.matched}


def file_json(hit: SearchHit) -> dict[str, Any]:
    """Return the document of a hit as JSON values, with the score of that hit."""
    return {
        "short_id": hit.short_id.partition(".")[0],
        "score": hit.score,
        "path": hit.source,
        "collection": hit.collection,
        "document_id": hit.document_id,
        "title": hit.title,
        "media_type": hit.media_type,
        "best": hit.short_id,
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON values; ``sources`` are hits, ``cited`` their numbers from 1."""
    return {
        "question": answer.question,
        "answer": answer.text,
        "thinking": answer.thinking,
        "cut": answer.cut,
        "ended": answer.ended,
        "cited": list(answer.cited),
        "sources": [hit_json(hit) for hit in answer.sources],
    }


def collection_json(info: CollectionInfo) -> dict[str, Any]:
    """Return a collection's description as JSON values."""
    return {**asdict(info), "created_at": info.created_at.isoformat()}


def document_json(info: DocumentInfo, failed: Iterable[FailedFile] = ()) -> dict[str, Any]:
    """Return a document's description as JSON values.

    ``newer_unreadable`` lists the ``failed`` files that have this document as older version.
    """
    return {
        **asdict(info),
        "name": info.name,
        "short_id": info.short_id,
        "outcome": "warnings" if info.notices else "indexed",
        "added_at": info.added_at.isoformat(),
        "metadata": dict(info.metadata),
        "notices": [
            {"code": n.code, "message": n.message, "values": dict(n.values)} for n in info.notices
        ],
        "newer_unreadable": [failed_json(file) for file in failed if file.document_id == info.id],
    }


def chunk_json(chunk: Chunk) -> dict[str, Any]:
    """Return a chunk as JSON values."""
    return asdict(chunk)


def facets_json(facets: Facets) -> dict[str, Any]:
    """Return the tags and languages of a collection as JSON values."""
    return asdict(facets)


def overview_json(overview: Overview) -> dict[str, Any]:
    """Return the overview of a collection as JSON values."""
    return asdict(overview)


def added_json(added: AddResult) -> dict[str, Any]:
    """Return the result of adding a document as JSON values."""
    return asdict(added)


def reading_json(reading: Reading) -> dict[str, Any]:
    """Return the result of reading a document as JSON values."""
    fields = {each: getattr(reading, each) for each in Reading.__slots__}
    return {**fields, "document": document_json(reading.document), "place": reading.place}


def failed_json(file: FailedFile) -> dict[str, Any]:
    """Return a file that could not be read, as JSON values."""
    older = file.document_added_at.isoformat() if file.document_added_at else None
    return {**asdict(file), "seen_at": file.seen_at.isoformat(), "document_added_at": older}


def run_json(run: RunInfo) -> dict[str, Any]:
    """Return an ingestion run as JSON values."""
    finished = run.finished_at.isoformat() if run.finished_at else None
    return {**asdict(run), "started_at": run.started_at.isoformat(), "finished_at": finished}


def job_json(job: JobInfo) -> dict[str, Any]:
    """Return an ingestion job as JSON values, without the path of its waiting files."""
    told = asdict(job)
    moments = {
        name: told[name] and told[name].isoformat()
        for name in ("queued_at", "started_at", "ended_at")
    }
    del told["spool"], told["locked"]
    return {
        **told,
        **moments,
        "files": [job_file_json(file) for file in job.files],
        "asks": job.asks,
        "total": job.total,
        "finished": job.finished,
        "failed": job.failed,
    }


def job_file_json(file: JobFile) -> dict[str, Any]:
    """Return a file of a job as JSON values."""
    told = asdict(file)
    del told["spooled"]
    return told


def compaction_json(done: Compaction) -> dict[str, Any]:
    """Return the result of compaction as JSON values."""
    return asdict(done)
