"""A file that a run may have to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kb.records import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One file to consider: its identity, where to open it, and its stat values."""

    source: Source
    path: Path
    size: int
    mtime_ns: int
