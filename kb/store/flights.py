"""Documents that are being stored without the write lock, each named by a locked file.

Their rows look as if a crash had left them. Whoever cleans up looks here first, inside the write
lock; the operating system frees the file of a process that dies.
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
    """One commit on its way."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def beat(self) -> None:
        """Show that it gets on, to those who wait for its end."""
        os.utime(self._file)


class Flights:
    """All commits on their way, by whatever process. A folder of locked files.

    Args:
        folder: made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def begun(self) -> Iterator[Flight]:
        """Be on the way for the block, which begins inside the write lock.

        Raises:
            StoreError: the file cannot be made.
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
        """Say whether anybody is; inside the write lock."""
        alive = [_is_alive(file) for file in self._folder.glob(f"*{_ENDING}")]  # looks at all
        return any(alive)

    def latest_beat(self) -> int:
        """Return when the last of those under way showed that it gets on, in nanoseconds."""
        beats = [0]
        for file in self._folder.glob(f"*{_ENDING}"):
            try:
                beats.append(file.stat().st_mtime_ns)
            except FileNotFoundError:  # it has just ended
                continue
        return max(beats)


def _is_alive(file: Path) -> bool:
    """Say whether a file is locked; one that is not was left by a crash, and is removed."""
    lock = LockedFile(file)
    if not lock.take():
        return True
    lock.remove()
    return False


class Patience:
    """How long to wait for others: as long as they get on.

    Args:
        timeout_s: how long ``progress`` may say the same.
        progress: says how far others have come.
        what: is under way, for the message.
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
            StoreBusyError: they have not got on for too long.
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
