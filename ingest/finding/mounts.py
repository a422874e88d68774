"""Mounted disks on Linux; on other systems the list is empty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")

Mounts = dict[Path, tuple[str, ...]]
"""Folders with mounted disks, each with an identification of its disk."""


def mounts() -> Mounts:
    """Return the present mounts."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return {}
    found: Mounts = {}
    for line in lines:
        number, _, device, root, place, *_ = line.split(" ")
        # Blanks and similar characters are octal numbers there.
        folder = Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), place))
        # A later mount may cover an earlier one at the same folder.
        found[folder] = (*found.get(folder, ()), number, device, root)
    return found


def mounts_in(paths: Sequence[Path]) -> Mounts:
    """Return the mounts inside folders or on files of ``paths``, without hidden folders."""
    return {place: disk for place, disk in mounts().items() if _is_in(place, paths)}


def _is_in(place: Path, paths: Sequence[Path]) -> bool:
    below = (place.relative_to(path).parts for path in paths if place.is_relative_to(path))
    return any(parts and not any(map(_is_hidden, parts)) for parts in below)


def _is_hidden(name: str) -> bool:
    return name.startswith(".")
