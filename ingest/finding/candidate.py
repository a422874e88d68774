"""A file that a run may have to read, and where it can be had."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kb.records import Source

UNFETCHED = Path(os.devnull, "unfetched")
"""The folder of files that are not on this machine yet: nothing can ever lie below it."""


class Origin(Protocol):
    """Where files lie: on this machine, or in an object store."""

    @property
    def remote(self) -> bool:
        """Whether files are fetched, and are deleted once they are read."""
        ...

    def fetch(
        self, candidate: Candidate, folder: Path, *, most_bytes: int, stop: threading.Event
    ) -> Candidate:
        """Return a candidate as it is now, with a path on this machine.

        Args:
            candidate: a file of this origin.
            folder: where what is fetched may be written; the caller deletes it.
            most_bytes: a larger file is not fetched.
            stop: set to end early.

        Raises:
            LoadError: the file cannot be had.
            StoppedError: ``stop`` was set.
        """
        ...


class OnDisk:
    """The files of this machine, which lie where they are read."""

    remote = False

    def fetch(
        self, candidate: Candidate, folder: Path, *, most_bytes: int, stop: threading.Event
    ) -> Candidate:
        """Return the candidate itself."""
        del folder, most_bytes, stop
        return candidate


ON_DISK = OnDisk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One file to consider: its identity, where to open it, and its stat values.

    ``path`` of a remote file names its type only until ``origin`` has fetched it. ``revision`` is
    what its origin calls its content, empty on disk, where size and time tell.
    """

    source: Source
    path: Path
    size: int
    mtime_ns: int
    revision: str = ""
    origin: Origin = ON_DISK
