"""Locked files and folders: each has one holder, and none once the holder's process has ended.

The operating system frees the lock of a process that dies. So a file that nobody holds says that
whoever it stands for is done, or was killed.

Setting up has a lock of its own (:mod:`kb.install.llama`): it runs before anything is installed.
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
"""The file in a locked folder that its holder holds."""

# For whoever makes or clears folders beside us, which takes a moment.
_FOLDERS_S = 10.0
# Waiting for a locked file is looking at it again and again.
_LOOK_S = 0.01


class LockedFile:
    """A file to be locked; made when it is. What one thread takes, another may release.

    Raises (every method that takes it):
        OSError: the file cannot be made.

    Attributes:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path, thread_local=False)

    @classmethod
    def new(cls, path: Path) -> Self:
        """Return a file that nobody else has heard of yet, held.

        Raises:
            TimeoutError: somebody has.
        """
        made = cls(path)
        if not made.take():
            raise made._elsewhere()
        return made

    def take(
        self, *, timeout_s: float = 0.0, interrupted: Callable[[], bool] = lambda: False
    ) -> bool:
        """Lock the file; say whether that was possible. Its folder is made too.

        Args:
            timeout_s: how long to wait for another holder, in this process or elsewhere.
            interrupted: ends the waiting as soon as it is true.
        """
        try:
            self._lock.acquire(timeout=timeout_s, poll_interval=_LOOK_S, cancel_check=interrupted)
        except Timeout:
            return False
        return True

    @contextmanager
    def held(self, *, timeout_s: float = 0.0) -> Iterator[None]:
        """Hold the file for the block.

        Raises:
            TimeoutError: another holds it for longer than ``timeout_s``.
        """
        if not self.take(timeout_s=timeout_s):
            raise self._elsewhere()
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Let others have it."""
        self._lock.release()

    def remove(self) -> None:
        """Delete the file, which is held, and let go of it."""
        # In this order: a file that is deleted after the release may be another's already.
        self.path.unlink(missing_ok=True)
        self.release()

    def _elsewhere(self) -> TimeoutError:
        return TimeoutError(f"{self.path} is held by another")


class LockedFolders:
    """Folders beside each other, each with a holder; the next who looks clears what was left.

    Raises (both methods):
        OSError: the folders cannot be written, or another is at it for too long.

    Args:
        parent: in which they are; made with the first of them.
    """

    def __init__(self, parent: Path) -> None:
        self.parent = parent

    def new(self) -> tuple[Path, LockedFile]:
        """Make a folder; return it with its lock, which is held."""
        self.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Nobody clears between the making of the folder and of the lock in it.
        with self._alone():
            folder = Path(tempfile.mkdtemp(dir=self.parent))
            return folder, LockedFile.new(folder / LOCK_NAME)

    def clear(self, is_wanted: Callable[[str], bool] = lambda _: False) -> None:
        """Delete the folders that nobody holds.

        ``is_wanted`` is asked for a folder's name while it is held, and may have it kept.
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
