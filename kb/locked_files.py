"""Locked files and folders: each has one holder, and none after the holder's process ends.

The operating system releases the lock of a process that dies. So a file without a holder shows that
its process has finished or was killed.

The set-up has a lock of its own (:mod:`kb.install.llama`), because it runs before anything is
installed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

LOCK_NAME = "lock"
"""Name of the lock file in a locked folder."""

# For processes that create or clear folders next to this one, which takes a moment.
_FOLDERS_S = 10.0
# Waiting means trying the lock again and again.
_LOOK_S = 0.01


class LockedFile:
    """A file to lock, created when it is locked. Any thread may release it.

    Raises (every method that locks it):
        OSError: the file cannot be created.

    Attributes:
        path: path of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path, thread_local=False)

    @classmethod
    def new(cls, path: Path) -> Self:
        """Create a file that no other process knows yet, and lock it.

        Raises:
            TimeoutError: another process has locked it.
        """
        made = cls(path)
        if not made.take():
            raise made._elsewhere()
        return made

    def take(
        self, *, timeout_s: float = 0.0, interrupted: Callable[[], bool] = lambda: False
    ) -> bool:
        """Lock the file, creating its folder if needed; return whether that worked.

        Args:
            timeout_s: longest wait for another holder, in this or another process.
            interrupted: ends the wait as soon as it returns true.
        """
        try:
            self._lock.acquire(timeout=timeout_s, poll_interval=_LOOK_S, cancel_check=interrupted)
        except Timeout:
            return False
        return True

    @contextmanager
    def held(self, *, timeout_s: float = 0.0) -> Iterator[None]:
        """Hold the file during the block.

        Raises:
            TimeoutError: another holder keeps it for longer than ``timeout_s``.
        """
        if not self.take(timeout_s=timeout_s):
            raise self._elsewhere()
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Release the file."""
        self._lock.release()

    def remove(self) -> None:
        """Delete the held file, then release it."""
        # In this order: after the release the file may already belong to another process.
        self.path.unlink(missing_ok=True)
        self.release()

    def _elsewhere(self) -> TimeoutError:
        return TimeoutError(f"{self.path} is held by another")


class LockedFolders:
    """Sibling folders with one holder each; any process can clear the ones without a holder.

    Raises (both methods):
        OSError: the folders cannot be written, or another process uses them for too long.

    Args:
        parent: their common parent, created with the first folder.
    """

    def __init__(self, parent: Path) -> None:
        self.parent = parent

    def new(self) -> tuple[Path, LockedFile]:
        """Create a folder; return it with its lock, which is held."""
        self.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Nobody clears folders between the creation of this one and of its lock.
        with self._alone():
            folder = Path(tempfile.mkdtemp(dir=self.parent))
            return folder, LockedFile.new(folder / LOCK_NAME)

    def clear(self, is_wanted: Callable[[str], bool] = lambda _: False) -> None:
        """Delete the folders that have no holder.

        ``is_wanted`` gets a folder's name while the folder is held, and returns whether to keep it.
        """
        with self._alone():
            for folder in self.parent.iterdir():
                if folder.is_dir():
                    with suppress(OSError), LockedFile(folder / LOCK_NAME).held():
                        if not is_wanted(folder.name):
                            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with LockedFile(self.parent / LOCK_NAME).held(timeout_s=_FOLDERS_S):
            yield
