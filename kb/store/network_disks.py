"""Refuses to keep a catalog on a network disk, as far as Linux reports it.

SQLite's write-ahead log needs shared memory between processes, so all must run on one machine.
Locks on network disks are unreliable.
"""

from __future__ import annotations

import re
from pathlib import Path

from kb.errors import StoreError

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    {
        "afs", "beegfs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.glusterfs",
        "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs",
        "nfs4", "orangefs", "smb3", "smbfs",
    }
)  # fmt: skip


def refuse(folder: Path) -> None:
    """Refuse a folder on another machine.

    Raises:
        StoreError: the folder is on another machine.
    """
    kind = _kind_of(folder.resolve())
    if kind in _NETWORK:
        msg = (
            f"{folder} is on a disk of another machine ({kind}), where SQLite cannot keep the "
            "catalog: set KB_DATA_DIR to a folder of this machine. To search what another machine "
            "keeps, run `kb serve` there and ask it over the network"
        )
        raise StoreError(msg)


def _kind_of(folder: Path) -> str:
    """Return the file system of a folder; empty if unknown."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        mount, _, disk = line.partition(" - ")
        # Spaces and similar characters are written as octal numbers.
        place = Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), mount.split(" ")[4]))
        # The last mount at a place hides the others.
        if folder.is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), disk.split(" ")[0]
    return kind
