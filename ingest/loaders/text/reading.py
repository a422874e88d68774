"""Shared by the loaders of text files: a file's bytes, and its text with notices."""

from __future__ import annotations

from pathlib import Path

from ingest.errors import DamagedFileError, EmptyDocumentError, UnreadableFileError
from ingest.loaders.text.encoding import Decoded, decode
from ingest.loaders.text.magic import looks_like
from ingest.loaders.text.plausibility import broken_share
from kb.records import MetadataValue, Notice

MAX_CONTROL_SHARE = 0.02
"""Largest share of control characters in text; random data has 10 % of them."""
_CHECKED_CHARACTERS = 100_000


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes.

    Raises:
        UnreadableFileError: the operating system denied access.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"{path.name} cannot be opened: {reason}; check that it exists and may be read."
        raise UnreadableFileError(message) from error


def read_text(path: Path) -> tuple[str, dict[str, MetadataValue], list[Notice]]:
    """Return a text file's text, its encoding as metadata unless it is UTF-8, and notices.

    Raises:
        UnreadableFileError: the operating system denied access.
        EmptyDocumentError: it contains only white space.
        DamagedFileError: the file is not text.
    """
    data = read_bytes(path)
    kind = looks_like(data)
    if kind is not None:
        message = f"{path.name} is not text: it looks like {kind}; give it the right extension."
        raise DamagedFileError(message)
    decoded = decode(data)
    text = decoded.text
    if not text.strip("\ufeff\x00 \t\r\n\f\v\u3000\xa0\u200b"):
        message = f"{path.name} is empty; there is nothing to index."
        raise EmptyDocumentError(message)
    if not decoded.plausible:
        message = (
            f"{path.name} is in an encoding that is not known here (it looks most like "
            f"{decoded.encoding}, and reads as no language); save it as UTF-8 and ingest again."
        )
        raise DamagedFileError(message)
    if broken_share(text[:_CHECKED_CHARACTERS]) > MAX_CONTROL_SHARE:
        message = (
            f"{path.name} is not text: it looks like binary data; "
            "convert it to PDF, DOCX, Markdown or plain text."
        )
        raise DamagedFileError(message)
    metadata: dict[str, MetadataValue] = {}
    if decoded.encoding != "utf-8":
        metadata["encoding"] = decoded.encoding
    return text, metadata, _notices(decoded)


def _notices(decoded: Decoded) -> list[Notice]:
    notices: list[Notice] = []
    if not decoded.certain:
        message = (
            f"The encoding is uncertain; it was read as {decoded.encoding}. "
            "If the text looks wrong, save the file as UTF-8."
        )
        values = {"encoding": decoded.encoding}
        notices.append(Notice(code="encoding_uncertain", message=message, values=values))
    if decoded.cut:
        message = "The file ends in the middle of a character; it may have been cut short."
        notices.append(Notice(code="cut_short", message=message))
    if decoded.bad:
        message = (
            f"{decoded.bad} places are not valid {decoded.encoding} and were read as \ufffd; "
            "save the file again in one encoding."
        )
        bad_values: dict[str, MetadataValue] = {"count": decoded.bad, "encoding": decoded.encoding}
        notices.append(Notice(code="undecodable_bytes", message=message, values=bad_values))
    return notices
