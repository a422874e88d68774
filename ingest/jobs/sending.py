"""Unique names for uploaded files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import BinaryIO

from ingest.jobs.spool import Batch, Upload
from ingest.sending.bundles import IGNORED, LeftOut, read_zip
from ingest.sending.keeping import distinct
from kb.text import normalise

MOST_UNPACKED_BYTES = 2 << 30
"""Most bytes of all documents of one zip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A file that arrived with the name of another; without ``kept`` it was left out."""

    name: str
    kept: str | None


def clean_name(name: str) -> str:
    """Return a file's name without folders and control characters, in NFC."""
    last = PurePosixPath(normalise(name).replace("\\", "/")).name
    clean = " ".join(last.split())
    return clean if clean.strip(".") else "file"


def clean_path(name: str) -> str:
    """Return a file's name with its dropped folders, each cleaned likewise.

    Parts that lead outside of them are removed.
    """
    folders = PurePosixPath(normalise(name).replace("\\", "/")).parent.parts
    kept = [clean_name(each) for each in folders if each.strip(" ./") and ":" not in each]
    return "/".join([*kept, clean_name(name)])


def is_hidden(name: str) -> bool:
    """Return whether a file in a dropped folder is hidden or belongs to the system."""
    parts = PurePosixPath(name).parts
    return len(parts) > 1 and any(each in IGNORED or each.startswith(".") for each in parts)


def unzipped(
    name: str, file: BinaryIO, batch: Batch, *, most_file_bytes: int
) -> Iterator[Upload | LeftOut]:
    """Return the documents inside a zip, with its name as their folder, and the files left out.

    Args:
        name: the zip's name, cleaned.
        file: its bytes.
        batch: receives the documents.
        most_file_bytes: most bytes of one document.

    Raises:
        ValueError: it is not a zip, or is damaged, empty or too large; the message is a key of the
            UI's texts.
        StoreError: the disk is full, or the folder is not writable.
    """
    folder = name[: -len(".zip")]
    empty = True
    for found in read_zip(file, most_bytes=MOST_UNPACKED_BYTES, most_file_bytes=most_file_bytes):
        empty = False
        if isinstance(found, LeftOut):
            yield found
        else:
            yield batch.add(f"{folder}/{found.name}", [found.data])
    if empty:
        message = "empty"
        raise ValueError(message)


def told_apart(
    uploads: Sequence[Upload], known: Mapping[str, str]
) -> tuple[list[Upload], list[Renamed]]:
    """Return uploads with a unique name each, and the changes of names.

    Args:
        uploads: in the order of arrival.
        known: the content hash of each document by its name.
    """
    names = distinct([(upload.name, upload.content_hash) for upload in uploads], known)
    pairs = list(zip(uploads, names, strict=True))
    return (
        [replace(upload, name=name) for upload, name in pairs if name is not None],
        [Renamed(name=upload.name, kept=name) for upload, name in pairs if name != upload.name],
    )
