"""The protocol of file readers, and their results."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from kb.prepared import SplitDocument

Progress = Callable[[int, int], None]
"""Receives the number of finished pages, and of all pages; from any thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutFile(LoadedFile):
    """A file that its reader has also split into chunks.

    ``made`` lacks the settings' hash; the code that stores it adds the hash.
    """

    made: SplitDocument


class FileReader(Protocol):
    """Reads files, several at the same time. Thread-safe.

    A file that kills its reader process costs only that file.
    """

    @property
    def workers(self) -> int:
        """Number of files read at the same time; it may change."""
        ...

    def submit(
        self,
        path: Path,
        options: LoadOptions | None = None,
        on_progress: Progress | None = None,
        *,
        content_hash: str = "",
    ) -> Future[LoadedFile]:
        """Queue a file for reading; the future gives the document or raises a LoadError.

        ``content_hash`` is what the caller knows of the file. A reader on another machine reads no
        other file that lies at the same path there.

        The document is a :class:`CutFile` where the reader splits, too. Other errors say that no
        file can be read at all. The future is cancelled where reading was.
        """
        ...

    def close(self, *, cancel: bool = False) -> None:
        """Stop: after the submitted files, or at once with ``cancel``."""
        ...
