"""Reads records from JSON values of another program.

Unknown fields are ignored, because the server may be a newer release. A missing field has its
default.

Raises (every function):
    ValueError: the values do not describe such a record. The message names the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from kb.adapters import adapter
from kb.answering.answer import Answer
from kb.catalog.job_records import JobFile, JobInfo
from kb.catalog.runs import RunInfo
from kb.overview import Overview
from kb.records import (
    AddResult,
    Chunk,
    CollectionInfo,
    Document,
    DocumentInfo,
    Facets,
    FailedFile,
    Reading,
    SearchHit,
)

RecordT = TypeVar("RecordT")

Told = Mapping[str, Any]
"""One JSON object."""


def hit_from_json(told: Told) -> SearchHit:
    """Inverse of :func:`kb.wire.writing.hit_json`."""
    return _read(SearchHit, told)


def answer_from_json(told: Told) -> Answer:
    """Inverse of :func:`kb.wire.writing.answer_json`."""
    text = {"text": told["answer"]} if "answer" in told else {}
    return _read(Answer, {**told, **text})


def collection_from_json(told: Told) -> CollectionInfo:
    """Inverse of :func:`kb.wire.writing.collection_json`."""
    return _read(CollectionInfo, told)


def document_from_json(told: Told) -> DocumentInfo:
    """Inverse of :func:`kb.wire.writing.document_json`."""
    return _read(DocumentInfo, told)


def content_from_json(told: Told) -> Document:
    """Inverse of :func:`kb.wire.writing.content_json`."""
    return _read(Document, told)


def chunk_from_json(told: Told) -> Chunk:
    """Inverse of :func:`kb.wire.writing.chunk_json`."""
    return _read(Chunk, told)


def facets_from_json(told: Told) -> Facets:
    """Inverse of :func:`kb.wire.writing.facets_json`."""
    return _read(Facets, told)


def overview_from_json(told: Told) -> Overview:
    """Inverse of :func:`kb.wire.writing.overview_json`."""
    return _read(Overview, told)


def added_from_json(told: Told) -> AddResult:
    """Inverse of :func:`kb.wire.writing.added_json`."""
    return _read(AddResult, told)


def failed_from_json(told: Told) -> FailedFile:
    """Inverse of :func:`kb.wire.writing.failed_json`."""
    return _read(FailedFile, told)


def reading_from_json(told: Told) -> Reading:
    """Inverse of :func:`kb.wire.writing.reading_json`."""
    return _read(Reading, told)


def run_from_json(told: Told) -> RunInfo:
    """Inverse of :func:`kb.wire.writing.run_json`."""
    return _read(RunInfo, told)


def job_from_json(told: Told) -> JobInfo:
    """Inverse of :func:`kb.wire.writing.job_json`, without the path of its waiting files.

    ``locked`` says only whether the job waits for a password.
    """
    return _read(JobInfo, {**told, "spool": "", "locked": told.get("asks", False)})


def job_file_from_json(told: Told) -> JobFile:
    """Inverse of :func:`kb.wire.writing.job_file_json`."""
    return _read(JobFile, told)


def _read(kind: type[RecordT], told: Told) -> RecordT:
    return adapter(kind).validate_python(told)
