"""Files that appear whole or not at all: written beside their place, then moved there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600
_NAME_CHARACTERS = 40  # of the file's own name in the draft's, which must not grow too long


@contextmanager
def draft(target: Path, *, mode: int | None = PRIVATE, sync: bool = True) -> Iterator[Path]:
    """Give an empty file beside ``target`` that takes its place when the block ends.

    If the block raises, or the move fails, ``target`` stays as it was and the draft is gone. The
    draft is its owner's alone for as long as it is written.

    Args:
        target: the file; its folder must exist. A link is replaced, not what it leads to.
        mode: what the file may be used for then; None leaves that to the umask.
        sync: have the bytes on the disk before they get the name, so that a power cut leaves the
            old file or the new one.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    prefix = f".{target.name[:_NAME_CHARACTERS]}."
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=".part", dir=target.parent)
    os.close(descriptor)
    part = Path(name)
    try:
        yield part
        part.chmod(_ordinary() if mode is None else mode)
        if sync:
            with part.open("rb") as file:
                os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _ordinary() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
