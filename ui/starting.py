"""Work that a person starts in the library beside uploads: a folder here, files once more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.jobs import JobInfo, retry_options
from kb.records import Source
from kb.uploads import UPLOADS_ROOT
from ui.session import Session
from ui.trust import is_trusted, require_trust


def start_folder(shared: Session, folder: Path | str, *, collection: str) -> int:
    """Bring a folder of this machine, or a URL, up to date in the background; return the job's id.

    Raises:
        SettingsError: nothing can be ingested from such a URL.
        KnowledgeBaseError: the visitor may not read folders of this machine.
    """
    require_trust(shared.settings)
    return shared.jobs.add_paths([folder], collection=collection)


def start_again(
    shared: Session,
    wanted: Sequence[Source],
    *,
    collection: str,
    passwords: tuple[str, ...] = (),
) -> None:
    """Read files again in the background: uploads from what was kept, others from disk.

    Every byte is looked at, whatever size and time say; what is as it was stays as it is. Files
    on disk are left alone where the visitor may not read folders of this machine. Passwords are
    tried on protected files; only this process knows them, until the job has ended.
    """
    files = _files(shared, wanted, collection)
    options = retry_options(passwords)
    # Originals are called by the hash of their content.
    sent = {source.path: path.stem for source, path in files if source.root == UPLOADS_ROOT}
    if sent:
        shared.jobs.add_kept(sent, collection=collection, options=options)
    paths = [path for source, path in files if source.root != UPLOADS_ROOT]
    if paths:
        shared.jobs.add_paths(paths, collection=collection, options=options)


def retry_job(shared: Session, job: JobInfo) -> None:
    """Try again what a job left undone; of a job over folders, for who may read them."""
    if may_retry(shared, job):
        shared.jobs.retry(job.id)


def may_retry(shared: Session, job: JobInfo) -> bool:
    """Say whether this visitor may have a job tried again."""
    return job.kind == "uploads" or is_trusted(shared.settings)


def can_read(shared: Session, wanted: Sequence[Source], *, collection: str) -> bool:
    """Say whether any of the files is still there to be read."""
    return bool(readable(shared, wanted, collection=collection))


def readable(shared: Session, wanted: Sequence[Source], *, collection: str) -> frozenset[Source]:
    """Return which of the files are still there, for this visitor to have read."""
    return frozenset(source for source, _ in _files(shared, wanted, collection))


def _files(shared: Session, wanted: Sequence[Source], collection: str) -> list[tuple[Source, Path]]:
    """Return where those files are that still are; what Python added has none."""
    trusted = is_trusted(shared.settings)
    wanted = [source for source in wanted if trusted or source.root == UPLOADS_ROOT]
    hashes = {}
    if any(source.root == UPLOADS_ROOT for source in wanted):
        hashes = {
            state.source: state.content_hash
            for state in shared.base.files.states(root=UPLOADS_ROOT, collection=collection)
        }
    places = shared.base.files.files_of(wanted, collection=collection)
    places |= {
        source: shared.base.uploads.path(source.path, hashes.get(source, ""))
        for source in wanted
        if source.root == UPLOADS_ROOT
    }
    return [
        (source, places[source])
        for source in wanted
        if source in places and places[source].is_file()
    ]
