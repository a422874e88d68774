"""Messages between the sandbox and its workers: plain values, checked on arrival.

:mod:`ingest.reading.framing` carries them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, get_args

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
    UnknownFilterError,
    UnknownProtectionError,
    UnreadableFileError,
    UnsupportedFormatError,
    WrongPasswordError,
)
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.loaders.page_pictures import PagePicture, PictureRequest, UnreadKind, UnreadPlace
from ingest.reading import wire_checks as check
from ingest.reading.framing import Message
from kb.records import (
    Document,
    MediaType,
    Notice,
    Page,
    PageSource,
    Section,
    SectionKind,
    TextBox,
)

_MEDIA_TYPES: tuple[str, ...] = get_args(MediaType)
_KINDS: tuple[str, ...] = get_args(SectionKind)
_PAGE_SOURCES: tuple[str, ...] = get_args(PageSource)
_PNG = b"\x89PNG\r\n\x1a\n"

_ERRORS = {
    error.code: error
    for error in (
        UnsupportedFormatError,
        EncryptedFileError,
        WrongPasswordError,
        UnknownProtectionError,
        UnknownFilterError,
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


def pack_options(options: LoadOptions) -> Message:
    """Return options as plain values."""
    return asdict(options)


def unpack_options(values: Mapping[str, Any]) -> LoadOptions:
    """Restore options from :func:`pack_options`."""
    known = {f.name for f in fields(LoadOptions)}
    found = {key: value for key, value in values.items() if key in known}
    found["passwords"] = tuple(found.get("passwords", ()))
    return LoadOptions(**found)


def pack_file(loaded: LoadedFile) -> Message:
    """Return a loaded file as plain values; spans as lists, because there are many."""
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
        "sections": [
            [s.start, s.end, s.heading_path, s.kind, s.header_rows] for s in document.sections
        ],
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


def unpack_file(values: object) -> LoadedFile:
    """Restore a file from :func:`pack_file`.

    Raises:
        KeyError: a value is missing.
        ValueError: a value is of the wrong type, or outside its range or the text.
    """
    parts = check.mapping(values, "the file")
    text = check.document_text(parts["text"])
    document = Document(
        text=text,
        media_type=check.one_of(parts["media_type"], _MEDIA_TYPES, "the format"),
        title=check.text(parts["title"], "the title"),
        metadata=check.metadata(parts["metadata"], "the metadata"),
        notices=tuple(_notice(row) for row in check.rows(parts["notices"], "the notices", 3)),
        sections=_sections(parts["sections"], len(text)),
        pages=_pages(parts["pages"], len(text)),
    )
    return LoadedFile(
        document=document,
        content_hash=check.sha256(parts["hash"]),
        size=check.whole(parts["size"], "the size"),
        # Files from before 1970 have a negative one.
        mtime_ns=check.whole(parts["mtime_ns"], "the time", least=-check.LARGEST),
    )


def _notice(row: list[Any]) -> Notice:
    code, message, values = row
    return Notice(
        code=check.text(code, "a notice"),
        message=check.text(message, "a notice"),
        values=check.metadata(values, "a notice"),
    )


def _sections(values: object, length: int) -> tuple[Section, ...]:
    found: list[Section] = []
    at = 0
    for start, end, path, kind, rows in check.rows(values, "the sections", 5):
        first, last = check.span(start, end, length, "a section")
        if first < at:
            msg = "sections that overlap"
            raise ValueError(msg)
        at = last
        headings = tuple(check.text(each, "a heading") for each in check.sequence(path, "a path"))
        chosen = check.one_of(kind, _KINDS, "the kind of a section")
        heads = check.whole(rows, "the header rows of a table")
        found.append(
            Section(start=first, end=last, heading_path=headings, kind=chosen, header_rows=heads)
        )
    return tuple(found)


def _pages(values: object, length: int) -> tuple[Page, ...]:
    found: list[Page] = []
    at = 0
    for row in check.rows(values, "the pages", 7):
        number, start, end, label, read_by, confidence, boxes = row
        first, last = check.span(start, end, length, "a page")
        if first < at or number != len(found) + 1:
            msg = "pages out of order"
            raise ValueError(msg)
        at = last
        found.append(
            Page(
                number=check.whole(number, "the number of a page", least=1),
                start=first,
                end=last,
                label=check.text(label, "the label of a page"),
                read_by=check.one_of(read_by, _PAGE_SOURCES, "the source of a page"),
                confidence=None if confidence is None else check.fraction(confidence, "confidence"),
                boxes=tuple(_box(box, length) for box in check.rows(boxes, "the boxes", 3)),
            )
        )
    return tuple(found)


def _box(row: list[Any], length: int) -> TextBox:
    start, end, corners = row
    first, last = check.span(start, end, length, "a line")
    (found,) = check.rows([corners], "the corners", 4)
    left, top, right, bottom = (check.fraction(each, "a corner") for each in found)
    return TextBox(start=first, end=last, box=(left, top, right, bottom))


def pack_request(request: PictureRequest) -> Message:
    """Return a request for a page's picture as plain values."""
    return asdict(request)


def unpack_request(values: Mapping[str, Any]) -> PictureRequest:
    """Restore a request from :func:`pack_request`."""
    return PictureRequest(
        index=values["index"],
        passage=values["passage"],
        boxes=tuple((left, top, right, bottom) for left, top, right, bottom in values["boxes"]),
        reading=values["reading"],
        around=(values["around"][0], values["around"][1]),
        passwords=tuple(values["passwords"]),
    )


def pack_picture(picture: PagePicture) -> Message:
    """Return a page's picture as plain values."""
    return {
        "png": base64.b64encode(picture.png).decode("ascii"),
        "marked": picture.marked,
        "unread": [[place.kind, list(place.box), place.text] for place in picture.unread],
    }


def unpack_picture(values: object) -> PagePicture:
    """Restore a picture from :func:`pack_picture`.

    Raises:
        KeyError: a value is missing.
        ValueError: the picture is not a PNG.
    """
    parts = check.mapping(values, "the picture")
    png = base64.b64decode(check.text(parts["png"], "the picture"), validate=True)
    if not png.startswith(_PNG):
        msg = "a picture that is no PNG"
        raise ValueError(msg)
    return PagePicture(
        png=png,
        marked=bool(parts["marked"]),
        unread=tuple(map(_place, check.rows(parts["unread"], "the places", 3))),
    )


def _place(row: list[Any]) -> UnreadPlace:
    kind, corners, text = row
    (found,) = check.rows([corners], "the corners", 4)
    left, top, right, bottom = (check.fraction(each, "a corner") for each in found)
    return UnreadPlace(
        check.one_of(kind, get_args(UnreadKind), "the kind of a place"),
        (left, top, right, bottom),
        check.text(text, "what stands there"),
    )


def pack_error(error: LoadError) -> Message:
    """Return a load error as its code and message."""
    message = str(error)
    if len(message) > check.MAX_ERROR_CHARACTERS:
        message = message[: check.MAX_ERROR_CHARACTERS - 2] + " …"
    return {"code": error.code, "message": message}


def unpack_error(values: object) -> LoadError:
    """Restore an error from :func:`pack_error`.

    Raises:
        KeyError: a value is missing.
        ValueError: its code is unknown, or its message is not a text.
    """
    parts = check.mapping(values, "the error")
    code = check.one_of(parts["code"], tuple(_ERRORS), "the error's code")
    message = parts["message"]
    # Lone surrogates stay: file names may contain them, and the code that records the error spells
    # them out.
    if not isinstance(message, str) or not 0 < len(message) <= check.MAX_ERROR_CHARACTERS:
        msg = "an error without a message"
        raise ValueError(msg)
    return _ERRORS[code](message)


def unpack_progress(values: object) -> tuple[int, int]:
    """Return the finished pages and all pages.

    Raises:
        ValueError: the values are not such numbers.
    """
    ((done, total),) = check.rows([values], "the progress", 2)
    in_all = check.whole(total, "the number of pages")
    return check.whole(done, "the number of pages done", most=in_all), in_all
