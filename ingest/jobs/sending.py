"""Files that are sent: their names, each its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ingest.jobs.spool import Upload
from ingest.sending.keeping import distinct
from kb.text import normalise


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
