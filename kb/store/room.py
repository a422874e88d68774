"""Room on the disk: writers leave some, and a reserve lets readers open a store on a full disk.

SQLite and Chroma write a little even for reading: SQLite the shared index of its write-ahead log,
Chroma a journal. So a store on a completely full disk would not be searchable at all. A meaningless
file in the store's folder reserves room, and is deleted when opening needs it.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from kb.errors import StoreError

_log = logging.getLogger(__name__)

RESERVE_BYTES = 2**20
"""Size of the reserve; opening the catalog and Chroma takes about 150 KiB, whatever their sizes."""

LEAST_FREE_BYTES = 16 * 2**20
"""Free room below which nothing is added.

A commit then fails before it begins, and not in its middle. And other programs' writes do not use
up the reserve at once.
"""

_NAME = "reserve"


def require(folder: Path) -> None:
    """Refuse to add to the store in ``folder`` if the disk is almost full.

    Raises:
        StoreError: less than :data:`LEAST_FREE_BYTES` are free.
    """
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        msg = (
            f"the disk of {folder} is full: {free / 2**20:.1f} MiB are free, "
            f"{LEAST_FREE_BYTES / 2**20:.0f} MiB are needed to add documents. What is stored can "
            "still be searched; free disk space, or set KB_DATA_DIR to another disk, and run again"
        )
        raise StoreError(msg)


def keep_reserve(folder: Path) -> None:
    """Create the reserve if it is missing and the disk has room for it."""
    file = folder / _NAME
    try:
        if file.exists() or shutil.disk_usage(folder).free < LEAST_FREE_BYTES + RESERVE_BYTES:
            return
        # Noise, for file systems that compress data or skip zeros.
        file.write_bytes(os.urandom(RESERVE_BYTES))
    except OSError:  # a read-only folder, or a quota: readers manage, or say why not
        _log.debug("no reserve in %s", folder, exc_info=True)
        file.unlink(missing_ok=True)


def release_reserve(folder: Path) -> bool:
    """Delete the reserve if the disk is full; return whether there is more room now."""
    file = folder / _NAME
    try:
        if shutil.disk_usage(folder).free >= RESERVE_BYTES:
            return False
        file.unlink()
    except OSError:
        return False
    _log.warning("the disk of %s is full; its reserve was given up to open the store", folder)
    return True
