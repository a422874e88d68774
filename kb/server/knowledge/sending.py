"""Uploaded files: writes them to disk as they arrive, names them, queues them as jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kb.errors import StoreError
from kb.server.errors import MALFORMED, RefusalError
from kb.server.knowledge.forms import MOST_FIELD_BYTES, Begun, Found
from kb.server.knowledge.left_out import LeftOutFile, because

if TYPE_CHECKING:
    from ingest.jobs import ArrivingFile, Batch, Jobs, Upload

FILES = "files"
"""The form's field with files."""

_FIELDS = ("collection", "replace", "password")
_MOST_PASSWORDS = 100
_WRITE_BYTES = 1 << 20  # bytes that a thread writes at once


@dataclass(slots=True)
class Form:
    """The contents of a form: a batch of files, and options of their ingestion."""

    uploads: list[Upload] = field(default_factory=list)
    left_out: list[LeftOutFile] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)

    @property
    def collection(self) -> str | None:
        """The collection for the files."""
        return self.fields.get("collection", [""])[-1] or None

    @property
    def replaces(self) -> bool:
        """Whether a file replaces one with its name."""
        return self.fields.get("replace", ["true"])[-1] == "true"

    @property
    def passwords(self) -> tuple[str, ...]:
        """Passwords to try on protected files."""
        return tuple(dict.fromkeys(self.fields.get("password", ())))


async def received(parts: AsyncIterator[Found], batch: Batch, *, most_file_bytes: int) -> Form:
    """Receive a form, and write its files into a batch as they arrive.

    It skips files that are too large or of an unknown type, and lists them in the form.

    Raises:
        RefusalError: a field is unknown, or is not a file (400).
        StoreError: the disk is full.
    """
    form = Form()
    sink: _File | _Field | None = None
    try:
        async for found in parts:
            if isinstance(found, Begun):
                sink = _sink(found, form, batch, most_file_bytes)
            elif isinstance(found, bytes):
                if sink is not None:
                    await sink.take(found)
            elif sink is not None:
                await sink.end()
                sink = None
    finally:
        if isinstance(sink, _File):
            sink.abort()
    return form


def taken_apart(
    form: Form, batch: Batch, jobs: Jobs, *, most_file_bytes: int, collection: str
) -> tuple[list[Upload], dict[str, str]]:
    """Return the documents of a form with its zips unpacked, each with a unique name.

    Also return the new names of files that arrived under one name. Skipped files are added to the
    form's list.

    Raises:
        StoreError: the disk is full.
    """
    from ingest.jobs import told_apart  # noqa: PLC0415 - kb stands below ingest

    whole: list[Upload] = []
    for upload in form.uploads:
        if upload.name.lower().endswith(".zip"):
            whole += _unzipped(upload, form, batch, most_file_bytes)
        else:
            whole.append(upload)
    uploads, changed = told_apart(whole, jobs.sent(collection=collection))
    form.left_out += [because(each.name, "twice") for each in changed if each.kept is None]
    return uploads, {each.name: each.kept for each in changed if each.kept is not None}


def _unzipped(upload: Upload, form: Form, batch: Batch, most_file_bytes: int) -> Iterator[Upload]:
    from ingest.jobs import Upload, unzipped  # noqa: PLC0415 - kb stands below ingest

    try:
        with batch.path_of(upload).open("rb") as file:
            for found in unzipped(upload.name, file, batch, most_file_bytes=most_file_bytes):
                if isinstance(found, Upload):
                    yield found
                else:
                    form.left_out.append(because(f"{upload.name}/{found.name}", found.reason))
    except ValueError as error:
        form.left_out.append(because(upload.name, str(error)))


def _sink(found: Begun, form: Form, batch: Batch, most_file_bytes: int) -> _File | _Field | None:
    from ingest.jobs import clean_name  # noqa: PLC0415 - kb stands below ingest
    from ingest.loaders import EXTENSIONS  # noqa: PLC0415 - likewise

    if found.field in _FIELDS and found.file is None:
        return _Field(found.field, form)
    if found.field != FILES:
        known = ", ".join(f"`{name}`" for name in _FIELDS)
        msg = f"{found.field[:80]!r} is no field of this form; it has `{FILES}`, and {known}"
        raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param=found.field[:80], code=MALFORMED)
    if not found.file:
        msg = f"a part of `{FILES}` has no file name; send `filename=…` with it"
        raise RefusalError(HTTPStatus.BAD_REQUEST, msg, param=FILES, code=MALFORMED)
    name = clean_name(found.file)
    if PurePosixPath(name).suffix.lower() not in {*EXTENSIONS, ".zip"}:
        form.left_out.append(because(name, "type"))
        return None
    return _File(batch.begin(name), name, form, most_file_bytes)


class _File:
    """A file being written; the event loop never waits for the disk."""

    def __init__(self, arriving: ArrivingFile, name: str, form: Form, most_bytes: int) -> None:
        self._arriving: ArrivingFile | None = arriving
        self._name = name
        self._form = form
        self._most_bytes = most_bytes
        self._waiting = bytearray()

    async def take(self, part: bytes) -> None:
        if self._arriving is None:
            return
        self._waiting += part
        if self._arriving.size + len(self._waiting) > self._most_bytes:
            self._form.left_out.append(because(self._name, "too_large"))
            self.abort()
        elif len(self._waiting) >= _WRITE_BYTES:
            await self._write()

    async def end(self) -> None:
        if self._arriving is not None:
            await self._write()
            self._form.uploads.append(await asyncio.to_thread(self._arriving.end))

    def abort(self) -> None:
        if self._arriving is not None:
            self._arriving.abort()
        self._arriving = None
        self._waiting.clear()

    async def _write(self) -> None:
        assert self._arriving is not None  # noqa: S101 - for mypy
        data = bytes(self._waiting)
        self._waiting.clear()
        await asyncio.to_thread(self._arriving.write, data)


class _Field:
    """A field that is not a file."""

    def __init__(self, name: str, form: Form) -> None:
        self._name = name
        self._form = form
        self._data = bytearray()

    async def take(self, part: bytes) -> None:
        self._data += part
        if len(self._data) > MOST_FIELD_BYTES:
            msg = f"is longer than {MOST_FIELD_BYTES:,} bytes"
            raise self._refused(msg)

    async def end(self) -> None:
        try:
            text = self._data.decode()
        except UnicodeDecodeError:
            msg = "is not UTF-8"
            raise self._refused(msg) from None
        values = self._form.fields.setdefault(self._name, [])
        if self._name == "replace" and text not in {"true", "false"}:
            msg = "must be `true` or `false`"
        elif values and self._name != "password":
            msg = "stands twice; send it once"
        elif len(values) >= _MOST_PASSWORDS:
            msg = f"stands more than {_MOST_PASSWORDS} times"
        else:
            values.append(text)
            return
        raise self._refused(msg)

    def _refused(self, why: str) -> RefusalError:
        msg = f"the field `{self._name}` {why}"
        return RefusalError(HTTPStatus.BAD_REQUEST, msg, param=self._name, code=MALFORMED)


def no_room(error: StoreError) -> RefusalError:
    """Return the refusal of an upload while the disk is full."""
    return RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), code="no_room")
