"""Sends files to a served knowledge base, and returns the report of a run over them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingest.finding.finder import sorted_out
from ingest.options import IngestOptions
from ingest.pipeline.report import IngestReport
from ingest.results import FileEvent, FileResult, OnEvent, Outcome
from kb.catalog.job_records import JobFile
from kb.client import Client
from kb.errors import SettingsError
from kb.records import Source
from kb.uploads import UPLOADS_ROOT


def ingest_there(
    client: Client,
    paths: Sequence[Path | str],
    *,
    collection: str | None,
    options: IngestOptions,
    on_event: OnEvent | None,
) -> IngestReport:
    """Send files and folders to a server, and report their outcomes.

    Raises:
        SettingsError: the server does not support the options; or a path does not exist.
        KnowledgeBaseError: the server's store or model failed.
    """
    # A server compares received files, and retries failed ones.
    usual = replace(options, passwords=(), checksum=False, retry=False)
    if usual != IngestOptions():
        msg = (
            "a served knowledge base takes files as they are sent: options that choose, leave out "
            "or remove files are those of a run on its own machine"
        )
        raise SettingsError(msg)
    addresses, places = sorted_out(paths)
    if addresses:
        msg = (
            f"{addresses[0].url} cannot be sent to a server: run `python -m ingest` where the "
            "knowledge base is, or download what is there and send its folder"
        )
        raise SettingsError(msg)
    started = time.monotonic()
    tell = on_event or (lambda _: None)
    files = client.ingest(
        places,
        collection=collection,
        passwords=options.passwords,
        on_file=lambda file: tell(_event(file)),
    )
    results = [_result(file) for file in files if file.settled]
    return IngestReport(
        collection=collection or client.collection().name,
        files=tuple(results),
        seconds=time.monotonic() - started,
        interrupted=len(results) < len(files),
    )


def _outcome(file: JobFile) -> Outcome:
    if file.stage == "stored":
        return "changed" if file.replaced else "added"
    return "failed" if file.stage == "failed" else "unchanged"


def _result(file: JobFile) -> FileResult:
    outcome = _outcome(file)
    return FileResult(
        source=_source(file),
        outcome=outcome,
        chunks=file.total if outcome in {"added", "changed"} else 0,
        notices=file.notices,
        reason=file.reason,
        reason_code=file.reason_code,
    )


def _event(file: JobFile) -> FileEvent:
    return FileEvent(
        source=_source(file),
        stage="failed" if file.stage == "cancelled" else file.stage,
        done=file.done,
        total=file.total,
        notices=file.notices,
        reason=file.reason,
        reason_code=file.reason_code,
        outcome=_outcome(file) if file.settled else None,
    )


def _source(file: JobFile) -> Source:
    return Source(root=UPLOADS_ROOT, path=file.name)
