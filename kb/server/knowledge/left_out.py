"""Reasons why a sent file is not ingested, with advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from kb.server.errors import RefusalError

_WHY = {
    "type": "is of a type that is not read; convert it to PDF, DOCX, Markdown or text",
    "too_large": "is larger than the largest file that is read (max_file_mb); split it",
    "twice": "came twice with the same content and is kept once",
    "damaged": "is no zip, or a damaged one; pack it again",
    "empty": "holds no documents",
    "too_many": "holds more than 10,000 files; pack fewer into one",
    "nameless": "has no name inside the zip; pack it again",
    "outside": "has a name that leads outside the zip; pack it again",
    "link": "is a link, which is not followed; pack the file itself",
    "hidden": "is a hidden or a system file",
    "encrypted": "is encrypted inside the zip; pack it without a password",
    "unreadable": "is damaged inside the zip; pack it again",
    "full": "has no room: a zip may unpack to 2 GiB; pack fewer files into one",
    "bomb": "unpacks to more than 200 times its size, as zip bombs do",
}
_STATUS = {
    "type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutFile:
    """A file that is not ingested: ``reason`` says what to do, ``reason_code`` is stable."""

    name: str
    reason: str
    reason_code: str


def because(name: str, code: str) -> LeftOutFile:
    """Return the record of a file with its reason."""
    return LeftOutFile(name=name, reason=f"{name} {_WHY[code]}", reason_code=code)


def nothing_left(left_out: Sequence[LeftOutFile]) -> RefusalError:
    """Return the refusal of a request without any file to ingest."""
    if not left_out:
        msg = "no file was sent; send at least one as `files`"
        return RefusalError(HTTPStatus.BAD_REQUEST, msg, param="files", code="no_files")
    told = "; ".join(each.reason for each in left_out[:_MOST_NAMED])
    more = len(left_out) - _MOST_NAMED
    told += f"; and {more:,} more" if more > 0 else ""
    reasons = {each.reason_code for each in left_out}
    status = HTTPStatus.BAD_REQUEST
    if len(reasons) == 1:
        status = _STATUS.get(next(iter(reasons)), status)
    return RefusalError(status, f"nothing to ingest: {told}", param="files", code="no_files")
