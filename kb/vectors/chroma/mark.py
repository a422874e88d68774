"""A mark in Chroma's folder that changes with every write of any process.

Chroma's embedded client reads its index once and misses writes of other processes. The mark shows
when to reopen it.
"""

from __future__ import annotations

import secrets
from pathlib import Path

_NAME = "last-write"
_BYTES = 8


def read(folder: Path) -> str:
    """Return the mark of the last write; empty before the first."""
    try:
        return (folder / _NAME).read_text("ascii")
    except OSError:
        return ""


def change(folder: Path) -> str:
    """Set a new mark, inside the write lock; return it.

    It overwrites the last one, which works even on a full disk.

    Raises:
        OSError: the mark cannot be written.
    """
    new = secrets.token_hex(_BYTES)
    file = folder / _NAME
    try:
        with file.open("r+", encoding="ascii") as opened:
            opened.write(new)
    except FileNotFoundError:
        file.write_text(new, "ascii")
    return new
