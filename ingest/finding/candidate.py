"""A file that a run may have to read, and its location."""

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
    """The place of files: this machine, or an object store."""

    @property
    def remote(self) -> bool:
        """Whether files are fetched, and deleted after reading."""
        ...

    def fetch(
        self, candidate: Candidate, folder: Path, *, most_bytes: int, stop: threading.Event
    ) -> Candidate:
        """Return a candidate in its present state, with a path on this machine.

        Args:
            candidate: a file of this origin.
            folder: folder for fetched files; the caller deletes it.
            most_bytes: limit of a fetched file's size.
            stop: set it to end early.

        Raises:
            LoadError: the file is not available.
            StoppedError: ``stop`` was set.
        """
        ...


class OnDisk:
    """The files of this machine, read in place."""

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
    """A file to consider: its identity, its path, and its stat values.

    The ``path`` of a remote file only shows its type until ``origin`` has fetched it. ``revision``
    is the origin's name for its content. It is empty on disk, where size and time identify the
    content.
    """

    source: Source
    path: Path
    size: int
    mtime_ns: int
    revision: str = ""
    origin: Origin = ON_DISK
