"""One writer at a time: between threads by a lock, between processes by a locked file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from kb.errors import StoreBusyError, StoreError


class WriteLock:
    """Held for the commit of one document, never while reading or embedding.

    Reentrant within a thread. The operating system frees it when its process dies.
    ``interrupted`` is an event whose setting ends all waiting for other processes.
    """

    def __init__(
        self, path: Path, *, timeout_s: float, interrupted: threading.Event | None = None
    ) -> None:
        self._interrupted = interrupted or threading.Event()
        self._threads = threading.RLock()
        self._file = FileLock(path, thread_local=False)
        self._timeout_s = timeout_s

    @contextmanager
    def hold(self, timeout_s: float | None = None) -> Iterator[None]:
        """Hold the lock for the block.

        Raises:
            StoreBusyError: it was not free within the time allowed.
            StoreError: the lock file cannot be made.
            KeyboardInterrupt: the event for interruption was set while it was not free.
        """
        allowed = self._timeout_s if timeout_s is None else timeout_s
        if not self._threads.acquire(timeout=allowed):
            raise self._busy(allowed)
        try:
            try:
                self._file.acquire(
                    timeout=allowed, poll_interval=0.01, cancel_check=self._interrupted.is_set
                )
            except Timeout as error:
                if self._interrupted.is_set():
                    raise KeyboardInterrupt from None
                raise self._busy(allowed) from error
            except OSError as error:
                msg = (
                    f"cannot lock the store by {self._file.lock_file}: {error}. Free disk space "
                    "if there is none left, check the folder's permissions, or set KB_DATA_DIR"
                )
                raise StoreError(msg) from error
            try:
                yield
            finally:
                self._file.release()
        finally:
            self._threads.release()

    def _busy(self, allowed: float) -> StoreBusyError:
        return StoreBusyError(
            f"another process has been writing to {Path(self._file.lock_file).parent} for more "
            f"than {allowed:g} s; wait for it, or raise KB_LOCK_TIMEOUT_S",
        )
