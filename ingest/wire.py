"""The messages between the sandbox and its workers: length-prefixed JSON, checked on arrival.

JSON and not pickle: a hostile file that took over its worker could otherwise run code in the
parent, by sending a pickle that does so when it is opened.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import IO, Any

from ingest.errors import (
    DamagedFileError,
    EmptyDocumentError,
    EncryptedFileError,
    FileTooLargeError,
    LoaderCrashError,
    LoaderMemoryError,
    LoadError,
    LoaderTimeoutError,
    LoaderUnavailableError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.pictures import PagePicture, PictureRequest
from kb.records import Document, Notice, Page, Section, TextBox

MAX_MESSAGE = 2**30
_HEAD = struct.Struct("<I")
_PNG = b"\x89PNG\r\n\x1a\n"

_ERRORS = {
    error.code: error
    for error in (
        UnsupportedFormatError,
        EncryptedFileError,
        EmptyDocumentError,
        DamagedFileError,
        FileTooLargeError,
        UnreadableFileError,
        LoaderTimeoutError,
        LoaderMemoryError,
        LoaderCrashError,
        LoaderUnavailableError,
    )
}

Message = dict[str, Any]


def send(stream: IO[bytes], message: Message) -> None:
    """Write one message."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    stream.write(_HEAD.pack(len(body)))
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """Read one message; None at the end of the stream.

    Raises:
        ValueError: what arrived is no message.
    """
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    (length,) = _HEAD.unpack(head)
    if length > MAX_MESSAGE:
        msg = f"a message of {length} bytes"
        raise ValueError(msg)
    body = stream.read(length)
    if len(body) < length:
        return None
    text = body.decode("utf-8", "surrogatepass")
    del body  # as large as the document once more
    message = json.loads(text)
    if not isinstance(message, dict):
        msg = "a message that is no object"
        raise ValueError(msg)  # noqa: TRY004 - callers handle one kind of bad message
    return message


def pack_options(options: LoadOptions) -> Message:
    """Return options as plain values."""
    return asdict(options)


def unpack_options(values: Mapping[str, Any]) -> LoadOptions:
    """Undo :func:`pack_options`."""
    known = {f.name for f in fields(LoadOptions)}
    found = {key: value for key, value in values.items() if key in known}
    found["passwords"] = tuple(found.get("passwords", ()))
    return LoadOptions(**found)


def pack_file(loaded: LoadedFile) -> Message:
    """Return a loaded file as plain values; spans as lists, they are many."""
    document = loaded.document
    return {
        "hash": loaded.content_hash,
        "size": loaded.size,
        "mtime_ns": loaded.mtime_ns,
        "text": document.text,
        "media_type": document.media_type,
        "title": document.title,
        "metadata": dict(document.metadata),
        "notices": [[n.code, n.message, dict(n.values)] for n in document.notices],
        "sections": [[s.start, s.end, s.heading_path, s.kind] for s in document.sections],
        "pages": [
            [
                p.number,
                p.start,
                p.end,
                p.label,
                p.read_by,
                p.confidence,
                [[b.start, b.end, b.box] for b in p.boxes],
            ]
            for p in document.pages
        ],
    }


def unpack_file(values: Mapping[str, Any]) -> LoadedFile:
    """Undo :func:`pack_file`.

    Raises:
        ValueError: spans lie outside the text, or a value is of the wrong type.
    """
    text = values["text"]
    if not isinstance(text, str):
        msg = "a text that is no text"
        raise ValueError(msg)  # noqa: TRY004 - callers handle one kind of bad message
    document = Document(
        text=text,
        media_type=values["media_type"],
        title=values["title"],
        metadata=values["metadata"],
        notices=tuple(
            Notice(code=code, message=message, values=parts)
            for code, message, parts in values["notices"]
        ),
        sections=tuple(
            Section(start=start, end=end, heading_path=tuple(path), kind=kind)
            for start, end, path, kind in values["sections"]
        ),
        pages=tuple(_page(page) for page in values["pages"]),
    )
    spans: tuple[Section | Page, ...] = (*document.sections, *document.pages)
    if not all(0 <= span.start <= span.end <= len(text) for span in spans):
        msg = "a span outside the text"
        raise ValueError(msg)
    return LoadedFile(
        document=document,
        content_hash=values["hash"],
        size=int(values["size"]),
        mtime_ns=int(values["mtime_ns"]),
    )


def _page(values: tuple[Any, ...]) -> Page:
    number, start, end, label, read_by, confidence, boxes = values
    return Page(
        number=number,
        start=start,
        end=end,
        label=label,
        read_by=read_by,
        confidence=confidence,
        boxes=tuple(
            TextBox(start=first, end=last, box=(left, top, right, bottom))
            for first, last, (left, top, right, bottom) in boxes
        ),
    )


def pack_request(request: PictureRequest) -> Message:
    """Return a request for a page's picture as plain values."""
    return asdict(request)


def unpack_request(values: Mapping[str, Any]) -> PictureRequest:
    """Undo :func:`pack_request`."""
    return PictureRequest(
        index=values["index"],
        passage=values["passage"],
        boxes=tuple((left, top, right, bottom) for left, top, right, bottom in values["boxes"]),
        passwords=tuple(values["passwords"]),
    )


def pack_picture(picture: PagePicture) -> Message:
    """Return a page's picture as plain values."""
    return {"png": base64.b64encode(picture.png).decode("ascii"), "marked": picture.marked}


def unpack_picture(values: Mapping[str, Any]) -> PagePicture:
    """Undo :func:`pack_picture`.

    Raises:
        ValueError: the picture is no PNG.
    """
    png = base64.b64decode(values["png"], validate=True)
    if not png.startswith(_PNG):
        msg = "a picture that is no PNG"
        raise ValueError(msg)
    return PagePicture(png=png, marked=bool(values["marked"]))


def pack_error(error: LoadError) -> Message:
    """Return a load error as its code and message."""
    return {"code": error.code, "message": str(error)}


def unpack_error(values: Mapping[str, Any]) -> LoadError:
    """Undo :func:`pack_error`."""
    return _ERRORS.get(str(values.get("code")), LoaderCrashError)(str(values.get("message")))
