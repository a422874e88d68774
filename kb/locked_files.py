"""Locked files: each has one holder, and none once the holder's process has ended.

The operating system frees the lock of a process that dies. So a file that nobody holds says that
whoever it stands for is done, or was killed.

Setting up has a lock of its own (:mod:`kb.install.llama`): it runs before anything is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

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
