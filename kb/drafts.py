"""Files that appear whole or not at all: written as a draft, then moved into place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600
_NAME_CHARACTERS = 40  # of the target's name in the draft's name, which must not become too long


@contextmanager
def draft(target: Path, *, mode: int | None = PRIVATE, sync: bool = True) -> Iterator[Path]:
    """Yield an empty file beside ``target`` that replaces it when the block ends.

    If the block raises or the move fails, ``target`` stays as it was and the draft is deleted. Only
    its owner can read the draft.

    Args:
        target: the file; its folder must exist. A symbolic link is itself replaced, not its target.
        mode: permissions of the finished file; None for those of the umask.
        sync: flush the bytes to disk before the move, so that a power cut leaves either the old
            file or the new one.

    Raises:
        OSError: the folder is not writable, or the disk is full.
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
