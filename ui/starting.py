"""Work that a person starts in the library beside uploads: a folder here, failed files again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from ingest import IngestOptions, IngestReport, ingest, ingest_uploads
from ingest.report import OnEvent
from kb.records import FailedFile
from kb.uploads import UPLOADS_ROOT
from ui.background import retry_options
from ui.session import Session


def start_folder(shared: Session, folder: Path, *, collection: str) -> int:
    """Bring a folder of this machine up to date in the background; return the run's id."""

    def work(on_event: OnEvent, cancel: threading.Event) -> IngestReport:
        return ingest(
            shared.base, [folder], collection=collection, on_event=on_event, cancel=cancel
        )

    return shared.ingestion.start([], work, collection=collection)


def start_retry(shared: Session, files: Sequence[FailedFile], *, collection: str) -> None:
    """Read failed files again in the background: uploads from what was kept, others from disk."""
    kept = {
        state.source.path: shared.base.uploads.path(state.source.path, state.content_hash)
        for state in shared.base.files.states(root=UPLOADS_ROOT, collection=collection)
    }
    sent = [
        (file.source.path, kept[file.source.path])
        for file in files
        if file.source.root == UPLOADS_ROOT and kept[file.source.path].is_file()
    ]
    if sent:

        def uploads(on_event: OnEvent, cancel: threading.Event) -> IngestReport:
            return ingest_uploads(
                shared.base,
                [(name, path.read_bytes()) for name, path in sent],
                collection=collection,
                options=retry_options(),
                on_event=on_event,
                cancel=cancel,
            )

        shared.ingestion.start([name for name, _ in sent], uploads, collection=collection)
    paths = [
        path
        for file in files
        if file.source.root != UPLOADS_ROOT
        for path in [Path(file.source.root) / file.source.path]
        if path.is_file()
    ]
    if paths:

        def folders(on_event: OnEvent, cancel: threading.Event) -> IngestReport:
            return ingest(
                shared.base,
                paths,
                collection=collection,
                options=IngestOptions(retry=True),
                on_event=on_event,
                cancel=cancel,
            )

        shared.ingestion.start([path.name for path in paths], folders, collection=collection)


def can_retry(shared: Session, files: Sequence[FailedFile], *, collection: str) -> bool:
    """Say whether any of the files is still there to be read."""
    states = {
        state.source.path: state.content_hash
        for state in shared.base.files.states(root=UPLOADS_ROOT, collection=collection)
    }
    return any(
        shared.base.uploads.path(file.source.path, states.get(file.source.path, "")).is_file()
        if file.source.root == UPLOADS_ROOT
        else (Path(file.source.root) / file.source.path).is_file()
        for file in files
    )
