"""The tool ``add_file``: reads a file in the background, and waits a while for the job."""

from __future__ import annotations

import base64
import binascii
import time
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from kb.catalog.job_records import JobInfo
from kb.errors import DocumentNotFoundError, StoreError
from kb.records import DocumentInfo
from kb.server.agents.changing import Replace, Target
from kb.server.agents.desk import Desk, wrong
from kb.server.agents.listing import DocumentLine, document_line, document_values
from kb.server.agents.results import Result, Told
from kb.server.agents.status import Job, job_line, job_values
from kb.server.fields import VALID, Words
from kb.server.knowledge.left_out import because, nothing_left
from kb.server.requests import Body

FOLLOWED = "when the answer says that the job is not done, call `status` with its number."
UNFOLLOWED = "when the answer says that the job is not done, it goes on by itself."
"""The same for agents without the tool ``status``."""

_READ = f"""Use this when the user wants a file to be found from now on. It is read in the
background: {FOLLOWED}"""

ADD_FILE = f"""Read a file (PDF, DOCX, Markdown, text) into the knowledge base.

{_READ} A name
that is taken is refused unless `replace` is true."""

ADD_LOCAL_FILE = f"""Read a file (PDF, DOCX, Markdown, text), or a folder of them, by its path.

{_READ} A file
that has changed since it was read is read again, and replaces its old text."""

_PATIENCE_S = 15.0
"""Seconds that a call waits for its job: agents give up after a minute, some sooner."""

_LOOK_S = 0.05
_MOST_BASE64 = 8_000_000


class AddFile(Body):
    """Parameters of ``add_file`` for an agent on another machine."""

    name: Annotated[
        Words,
        Field(min_length=1, description="Name of the file, with its ending: 'minutes.pdf'."),
    ]
    data: Annotated[
        str,
        Field(
            min_length=1,
            max_length=_MOST_BASE64,
            description="Contents of the file, in Base64. For a text you may use add_text.",
        ),
        VALID,
    ]
    collection: Target = ""
    replace: Replace = False


class AddLocalFile(Body):
    """Parameters of ``add_file`` for an agent on this machine."""

    path: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4000,
            description="Absolute path of a file or a folder on the user's machine.",
        ),
        VALID,
    ]
    collection: Target = ""


class AddedFile(Result):
    """A job that reads a file, and its progress; ``document`` once search can find it."""

    job: Job
    done: bool
    document: DocumentLine | None = None


def add_file(desk: Desk, asked: AddFile) -> Told:
    """Answer a call of ``add_file`` that brings the file's contents."""
    from ingest.jobs import clean_name, retry_options  # noqa: PLC0415 - kb stands below ingest
    from ingest.loaders import EXTENSIONS  # noqa: PLC0415 - likewise

    collection = desk.filled(asked.collection)
    name = clean_name(asked.name)
    if PurePosixPath(name).suffix.lower() not in EXTENSIONS:
        raise nothing_left([because(name, "type")])
    data = _decoded(asked.data)
    if len(data) > desk.base.settings.max_file_mb << 20:
        raise nothing_left([because(name, "too_large")])
    jobs = desk.jobs()
    batch = jobs.batch()
    try:
        upload = batch.add(name, [data])
        if not asked.replace and jobs.would_replace([upload], collection=collection):
            msg = (
                f"there is a document {name!r} with other contents in {collection!r} already; "
                "call again with replace=true to replace it, or choose another name"
            )
            raise wrong(msg)
        job = jobs.add_uploads([upload], collection=collection, options=retry_options())
    finally:
        batch.discard()
    return _waited(desk, job, name)


def add_local_file(desk: Desk, asked: AddLocalFile) -> Told:
    """Answer a call of ``add_file`` that names a path of this machine."""
    collection = desk.filled(asked.collection)
    path = Path(asked.path).expanduser()
    if not path.is_absolute():
        msg = f"{asked.path!r} is no absolute path; write it from the root: '/home/…'"
        raise wrong(msg)
    if not path.exists():
        msg = f"there is no {asked.path!r} on this machine; ask the user where the file is"
        raise wrong(msg)
    job = desk.jobs().add_paths([path], collection=collection)
    return _waited(desk, job, str(path.resolve()))


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        msg = (
            f"`data` is not Base64 ({error}); send what is in the file, for files of your machine "
            "are not read from here. For a text use add_text"
        )
        raise wrong(msg) from error


def _waited(desk: Desk, job_id: int, name: str) -> Told:
    """Wait for a job to end, at most as long as a call may take, and answer with it."""
    until = time.monotonic() + _PATIENCE_S
    job = desk.base.jobs.get(job_id)
    reported = -1.0
    while job is not None and not job.ended and time.monotonic() < until:
        if (done := _done(job)) > reported:
            reported = done
            doing = next((f"{each.name}: {each.stage}" for each in job.files), job.state)
            desk.report(done, max(1, job.total), doing)
        time.sleep(_LOOK_S)
        job = desk.base.jobs.get(job_id)
    if job is None:
        msg = f"job {job_id} was forgotten already; list_documents says what is stored"
        raise StoreError(msg)
    document = _document(desk, job, name)
    going_on = f"call status with job={job.id}" if desk.may_read else "it goes on by itself"
    said = ["done:" if job.ended else f"not done yet; {going_on}:", job_line(job)]
    if document is not None and desk.may_read:
        said.append(document_line(document))
    elif document is not None:
        said.append(f"- id={document.short_id}")
    return Told(
        "\n".join(said),
        AddedFile(
            job=job_values(job),
            done=job.ended,
            document=None if document is None else document_values(desk, document, name),
        ),
    )


def _done(job: JobInfo) -> float:
    """Return how many files are done, counting files that are partly embedded in part."""
    told = job.progress
    part = told.chunks_done / told.chunks_total if told.chunks_total else 0.0
    return min(job.finished + part, max(1, job.total))


def _document(desk: Desk, job: JobInfo, name: str) -> DocumentInfo | None:
    """Return the document that a job of one file stored; None for a folder or a failed file."""
    if not job.ended or job.failed:
        return None
    try:
        return desk.named(name, [job.collection])
    except DocumentNotFoundError:
        return None
