"""Keeps jobs waiting: the lock of whoever works is held, as another process would hold it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock

from ingest.jobs.worker import LEASE
from kb import Settings


@contextmanager
def others_turn(settings: Settings) -> Iterator[FileLock]:
    """Have jobs wait until the block ends or the lock that it gets is released."""
    folder = settings.spool_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / LEASE, thread_local=False)
    lock.acquire(timeout=60)
    try:
        yield lock
    finally:
        lock.release()
