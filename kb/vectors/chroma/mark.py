"""A mark in Chroma's folder that changes with every write, by whatever process.

Chroma's embedded client reads its index once, and misses what other processes write; the mark
tells when to read it again.
"""

from __future__ import annotations

import secrets
from pathlib import Path

_NAME = "last-write"
_BYTES = 8


def read(folder: Path) -> str:
    """Return the mark of the last write, empty before the first."""
    try:
        return (folder / _NAME).read_text("ascii")
    except OSError:
        return ""


def change(folder: Path) -> str:
    """Set a new mark, inside the write lock; return it.

    It is written over the last one: a full disk has room for that.

    Raises:
        OSError: it cannot be written.
    """
    new = secrets.token_hex(_BYTES)
    file = folder / _NAME
    try:
        with file.open("r+", encoding="ascii") as opened:
            opened.write(new)
    except FileNotFoundError:
        file.write_text(new, "ascii")
    return new
