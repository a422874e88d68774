"""The reader of files on a cluster: each core of each node reads and splits one file at a time."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from ingest.engines.cluster.actors import UNSEEN, SentBytes
from ingest.engines.cluster.crew import Crew
from ingest.engines.cluster.library import POLL_S, Actor, ray
from ingest.engines.cluster.posts import Task
from ingest.errors import LoaderCrashError, UnreadableFileError
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.reading.base import Progress

# One waiting file per this many readers, so that no reader is idle before the next decision.
_READERS_PER_WAITING = 4


class RayReader:
    """A :class:`~ingest.reading.base.FileReader` over the actors of a crew.

    A node is sent a file's bytes unless it has a file with the same content at the same path.

    Args:
        crew: reading actors; closed with this reader.
    """

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    @property
    def workers(self) -> int:
        """Number of files read at the same time, at least one."""
        size = self._crew.size
        return max(1, size + size // _READERS_PER_WAITING)

    def submit(
        self,
        path: Path,
        options: LoadOptions | None = None,
        on_progress: Progress | None = None,
        *,
        content_hash: str = "",
    ) -> Future[LoadedFile]:
        """Queue a file for reading and splitting; the future gives a CutFile or raises a LoadError.

        It raises a ClusterError if no node can read. A file without ``content_hash`` is sent.
        """
        chosen = options or LoadOptions()
        place = path.absolute()
        task = Task(
            lambda actor: self._read(actor, place, chosen, on_progress, content_hash),
            lambda times: LoaderCrashError(
                f"{path.name} ended the process that reads it {times} times, on each node of the "
                "cluster that was left: it is damaged, or its text needs more memory than a node "
                "has. Save it anew, or split it, and ingest again."
            ),
            about=path.name,
        )
        self._crew.put(task)
        return task.future

    def close(self, *, cancel: bool = False) -> None:
        """End the actors: after the submitted files, or at once with ``cancel``."""
        self._crew.close(cancel=cancel)

    def _read(
        self,
        actor: Actor,
        path: Path,
        options: LoadOptions,
        on_progress: Progress | None,
        content_hash: str,
    ) -> LoadedFile:
        answer: str = UNSEEN
        value: Any = None
        if content_hash:
            asked = actor.read.remote(str(path), options, content_hash)
            answer, value = self._asked(asked, on_progress)
        if answer == UNSEEN:
            asked = actor.read.remote(str(path), options, _bytes_of(path, options))
            answer, value = self._asked(asked, on_progress)
        if answer == "error":
            raise value
        file: LoadedFile = value
        return file

    def _asked(self, answers: Any, on_progress: Progress | None) -> tuple[str, Any]:  # noqa: ANN401 - Ray's
        """Return the last of an actor's messages about a file; pass on its progress."""
        while not self._crew.cancelled.is_set():
            ready, _ = ray.wait([answers], timeout=POLL_S)
            if not ready:
                continue
            answer, value = ray.get(next(answers))
            if answer != "progress":
                return answer, value
            if on_progress is not None:
                on_progress(*value)
        raise CancelledError


def _bytes_of(path: Path, options: LoadOptions) -> SentBytes:
    """Return a file's bytes, or the error that this machine's sandbox would report.

    Raises:
        LoadError: this machine does not have the file either.
    """
    try:
        status = path.stat()
        # A file that is too large stays here: its reader would refuse it for its size.
        most = options.max_file_bytes + 1
        with path.open("rb") as file:
            return SentBytes(content=file.read(most), mtime_ns=status.st_mtime_ns)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        msg = f"{path.name} cannot be opened ({reason}); check that it is there and may be read."
        raise UnreadableFileError(msg) from error
