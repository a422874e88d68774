"""Refusals of files that cannot be read."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from kb.server.errors import RefusalError

if TYPE_CHECKING:
    from ingest.errors import LoadError

# All other files are faulty: 400.
_STATUS = {
    "unsupported_format": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unavailable": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unreadable": HTTPStatus.INTERNAL_SERVER_ERROR,  # the file is the server's own copy
}


def refusal(error: LoadError, *, name: str, stored_as: str) -> RefusalError:
    """Return the refusal of a file that a loader cannot read.

    Args:
        error: the loader's error.
        name: the file's name as its client sent it.
        stored_as: the file's name in the loader's error.
    """
    from ingest.errors import EncryptedFileError  # noqa: PLC0415 - `kb` works without `ingest`

    if isinstance(error, EncryptedFileError):
        said = f"{name} is encrypted and no password can be given here; remove it and try again"
    else:
        said = str(error).replace(stored_as, name).replace("ingest again", "try again")
    status = _STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
    return RefusalError(status, said, code=error.code)


def too_large(name: str, most_bytes: int) -> RefusalError:
    """Return the refusal of a file above the size limit."""
    msg = (
        f"{name} is larger than {most_bytes / 2**20:,.0f} MiB, the largest file that is read here; "
        "split it, or raise KB_MAX_FILE_MB on the server"
    )
    return RefusalError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, msg, code="too_large")
