"""Documents being stored without the write lock, each represented by a locked file.

Their rows look like those that a crash leaves. So the clean-up checks here first, inside the write
lock. The operating system releases the file of a process that dies.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.errors import StoreBusyError, StoreError
from kb.locked_files import LockedFile

_ENDING = ".lock"
_LOOK_S = 0.05


class Flight:
    """One running commit."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def beat(self) -> None:
        """Show progress to those who wait for its end."""
        os.utime(self._file)


class Flights:
    """All running commits of all processes: a folder of locked files.

    Args:
        folder: the folder, created when needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def begun(self) -> Iterator[Flight]:
        """Be a running commit during the block, which begins inside the write lock.

        Raises:
            StoreError: the file cannot be created.
        """
        file = self._folder / f"{secrets.token_hex(8)}{_ENDING}"
        try:
            self._folder.mkdir(exist_ok=True)
            lock = LockedFile.new(file)
        except OSError as error:
            msg = f"cannot note in {self._folder} what is being stored: {error}; free disk space"
            raise StoreError(msg) from error
        try:
            yield Flight(file)
        finally:
            lock.remove()

    def are_under_way(self) -> bool:
        """Return whether any commit is running; call it inside the write lock."""
        alive = [_is_alive(file) for file in self._folder.glob(f"*{_ENDING}")]  # checks all of them
        return any(alive)

    def latest_beat(self) -> int:
        """Return the time of the last sign of progress, in nanoseconds."""
        beats = [0]
        for file in self._folder.glob(f"*{_ENDING}"):
            try:
                beats.append(file.stat().st_mtime_ns)
            except FileNotFoundError:  # it has just ended
                continue
        return max(beats)


def _is_alive(file: Path) -> bool:
    """Return whether a file is locked; remove one that a crash has left."""
    lock = LockedFile(file)
    if not lock.take():
        return True
    lock.remove()
    return False


class Patience:
    """Waits for other processes as long as they make progress.

    Args:
        timeout_s: how long ``progress`` may stay the same, in seconds.
        progress: returns the progress of the others.
        what: their work, for the message.
    """

    def __init__(self, timeout_s: float, progress: Callable[[], object], what: str) -> None:
        self._timeout_s = timeout_s
        self._progress = progress
        self._what = what
        self._seen = progress()
        self._since = time.monotonic()

    def wait(self) -> None:
        """Wait a moment.

        Raises:
            StoreBusyError: they have made no progress for too long.
        """
        if (now := self._progress()) != self._seen:
            self._seen, self._since = now, time.monotonic()
        elif time.monotonic() - self._since > self._timeout_s:
            msg = (
                f"{self._what} for more than {self._timeout_s:g} s; wait for it, or raise "
                "KB_LOCK_TIMEOUT_S"
            )
            raise StoreBusyError(msg)
        time.sleep(_LOOK_S)
