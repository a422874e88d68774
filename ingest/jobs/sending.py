"""Files that are sent: their names, each its own."""

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
"""Of all documents of one zip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """What became of a file that another one of its name came with; no ``kept``: left out."""

    name: str
    kept: str | None


def clean_name(name: str) -> str:
    """Return a sent file's name without folders and control characters, NFC."""
    last = PurePosixPath(normalise(name).replace("\\", "/")).name
    clean = " ".join(last.split())
    return clean if clean.strip(".") else "file"


def clean_path(name: str) -> str:
    """Return a sent file's name with the folders that it was dropped in, each cleaned likewise.

    What leads outside of them is left out.
    """
    folders = PurePosixPath(normalise(name).replace("\\", "/")).parent.parts
    kept = [clean_name(each) for each in folders if each.strip(" ./") and ":" not in each]
    return "/".join([*kept, clean_name(name)])


def is_hidden(name: str) -> bool:
    """Say whether a file in a dropped folder is a hidden file or one of the system's."""
    parts = PurePosixPath(name).parts
    return len(parts) > 1 and any(each in IGNORED or each.startswith(".") for each in parts)


def unzipped(
    name: str, file: BinaryIO, batch: Batch, *, most_file_bytes: int
) -> Iterator[Upload | LeftOut]:
    """Give the documents inside of a zip, called after its folder, and what is left out of it.

    Args:
        name: of the zip, cleaned.
        file: its bytes.
        batch: gets the documents.
        most_file_bytes: most bytes of one of them.

    Raises:
        ValueError: it is no zip, damaged, empty, or holds more than is taken; a key of what the
            UI says.
        StoreError: the disk is full or the folder cannot be written.
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
    """Return uploads with a name each of their own, and what that changed.

    Args:
        uploads: in the order in which they came.
        known: the content hash of each document by its name.
    """
    names = distinct([(upload.name, upload.content_hash) for upload in uploads], known)
    pairs = list(zip(uploads, names, strict=True))
    return (
        [replace(upload, name=name) for upload, name in pairs if name is not None],
        [Renamed(name=upload.name, kept=name) for upload, name in pairs if name != upload.name],
    )
