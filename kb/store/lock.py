"""One writer at a time: a lock between threads, a locked file between processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar
from weakref import WeakValueDictionary

from kb.errors import StoreBusyError, StoreError
from kb.locked_files import LockedFile

# How often a waiting thread checks whether it was interrupted, in seconds.
_LOOK_S = 0.1


class _Lock:
    """The lock of one path, shared by all its users in this process."""

    _by_path: ClassVar[WeakValueDictionary[Path, _Lock]] = WeakValueDictionary()
    _registering: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path) -> None:
        self.threads = threading.RLock()
        self.file = LockedFile(path)
        self.holder: int | None = None

    @classmethod
    def at(cls, path: Path) -> _Lock:
        key = path.resolve()
        with cls._registering:
            found = cls._by_path.get(key)
            if found is None:
                found = cls._by_path[key] = cls(path)
            return found


class WriteLock:
    """A lock of a store, held by one thread of one process at a time.

    :mod:`kb.store.locks` describes the purpose of each lock. A lock is reentrant within a thread,
    even through several objects for the same path. The operating system releases it when its
    process dies. ``interrupted`` is an event that ends all waiting.
    """

    def __init__(
        self, path: Path, *, timeout_s: float, interrupted: threading.Event | None = None
    ) -> None:
        self._interrupted = interrupted or threading.Event()
        self._shared = _Lock.at(path)
        self._timeout_s = timeout_s

    @contextmanager
    def hold(
        self,
        timeout_s: float | None = None,
        *,
        progress: Callable[[], object] | None = None,
    ) -> Iterator[None]:
        """Hold the lock during the block.

        Args:
            timeout_s: how long to wait, in seconds; by default the lock's own timeout.
            progress: returns the progress of the holder. The wait continues as long as its value
                changes.

        Raises:
            StoreBusyError: the lock did not become free in time.
            StoreError: the lock file cannot be created.
            KeyboardInterrupt: the event for interruption was set during the wait.
        """
        allowed = self._timeout_s if timeout_s is None else timeout_s
        seen = progress() if progress else None
        while not self._acquire(allowed):
            before, seen = seen, progress() if progress else None
            if seen == before:
                folder = self._shared.file.path.parent
                msg = (
                    f"another process or thread has been writing to {folder} for more than "
                    f"{allowed:g} s; wait for it, or raise KB_LOCK_TIMEOUT_S"
                )
                raise StoreBusyError(msg)
        outer, self._shared.holder = self._shared.holder, threading.get_ident()
        try:
            yield
        finally:
            self._shared.holder = outer
            self._shared.file.release()
            self._shared.threads.release()

    @property
    def is_held(self) -> bool:
        """Whether this thread holds the lock."""
        return self._shared.holder == threading.get_ident()

    def _acquire(self, timeout_s: float) -> bool:
        """Take both locks in the allowed time, or none of them."""
        deadline = time.monotonic() + timeout_s
        if not self._acquire_threads(deadline):
            return False
        taken = False
        try:
            taken = self._shared.file.take(
                timeout_s=max(0, deadline - time.monotonic()),
                interrupted=self._interrupted.is_set,
            )
        except OSError as error:
            msg = (
                f"cannot lock the store by {self._shared.file.path}: {error}. Free disk space if "
                "there is none left, check the folder's permissions, or set KB_DATA_DIR"
            )
            raise StoreError(msg) from error
        finally:
            if not taken:
                self._shared.threads.release()
        if not taken and self._interrupted.is_set():
            raise KeyboardInterrupt
        return taken

    def _acquire_threads(self, deadline: float) -> bool:
        while True:
            left = deadline - time.monotonic()
            if self._shared.threads.acquire(timeout=min(max(0, left), _LOOK_S)):
                return True
            if self._interrupted.is_set():
                raise KeyboardInterrupt
            if left <= 0:
                return False
