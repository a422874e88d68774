"""Work that a person starts in the library besides uploads: ingests a folder, reads files again."""

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
        SettingsError: the URL is not supported.
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
    """Read files again in the background: uploads from their originals, others from disk.

    The job compares every byte, whatever size and time say; unchanged files stay. It skips files on
    disk if the visitor may not read folders of this machine. It tries the passwords on protected
    files. Only this process knows them, until the job has ended.
    """
    files = _files(shared, wanted, collection)
    options = retry_options(passwords)
    # An original's name is the hash of its content.
    sent = {source.path: path.stem for source, path in files if source.root == UPLOADS_ROOT}
    if sent:
        shared.jobs.add_kept(sent, collection=collection, options=options)
    paths = [path for source, path in files if source.root != UPLOADS_ROOT]
    if paths:
        shared.jobs.add_paths(paths, collection=collection, options=options)


def retry_job(shared: Session, job: JobInfo) -> None:
    """Retry a job's remaining files; for a job over folders, only if the visitor may read them."""
    if may_retry(shared, job):
        shared.jobs.retry(job.id)


def may_retry(shared: Session, job: JobInfo) -> bool:
    """Return whether this visitor may retry a job."""
    return job.kind == "uploads" or is_trusted(shared.settings)


def can_read(shared: Session, wanted: Sequence[Source], *, collection: str) -> bool:
    """Return whether any of the files can still be read."""
    return bool(readable(shared, wanted, collection=collection))


def readable(shared: Session, wanted: Sequence[Source], *, collection: str) -> frozenset[Source]:
    """Return the files that still exist and that this visitor may have read."""
    return frozenset(source for source, _ in _files(shared, wanted, collection))


def _files(shared: Session, wanted: Sequence[Source], collection: str) -> list[tuple[Source, Path]]:
    """Return the paths of existing files; a document that a program added has none."""
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
