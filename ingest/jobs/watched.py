"""Follows the watched folders: one process at a time, with a thread for each folder.

Processes take turns by a lock that the operating system releases when its holder dies. The next
process begins with a run over every folder, which finds the changes since then.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ingest.jobs.following import Follower, Turn
from ingest.jobs.spool import Spool
from kb.catalog.watched_folders import WatchedFolder
from kb.errors import KnowledgeBaseError, StoreError
from kb.knowledge_base import KnowledgeBase
from kb.locked_files import LockedFile

WATCH_LEASE = "watch.lock"
LOOK_S = 0.5
"""Seconds between two checks for added, paused and removed folders."""

# Seconds until the first retry of a folder that cannot be followed; later retries wait longer.
_RETRY_S = 10.0
_LONGEST_RETRY_S = 300.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Failed:
    """The next attempt at a folder that could not be followed, and the last delay."""

    wanted: int
    again_at: float
    rest_s: float


class Watching:
    """The thread of a process that follows the watched folders. Thread-safe.

    Args:
        base: the knowledge base for the documents.
        spool: its folder contains the lock.
        turn: waits for the turn of a run.
    """

    def __init__(self, base: KnowledgeBase, spool: Spool, turn: Turn) -> None:
        self._base = base
        self._spool = spool
        self._turn = turn
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock: LockedFile | None = None
        self._followers: dict[int, Follower] = {}
        self._failed: dict[int, _Failed] = {}
        self._wanted: dict[int, int] = {}

    def start(self) -> None:
        """Start to follow folders, at once or after another process stops."""
        self._thread = threading.Thread(target=self._loop, name="watching", daemon=True)
        self._thread.start()

    def is_watched(self) -> bool:
        """Return whether any process, including this one, follows folders."""
        if self._lock is not None:
            return True
        lock = self._taken()
        if lock is None:
            return True
        lock.release()
        return False

    def stop(self) -> None:
        """End all runs after their present commit, and start no more."""
        self._closed.set()
        for follower in list(self._followers.values()):
            follower.stop()

    def close(self, *, timeout_s: float | None = None) -> None:
        """Stop, and wait for the end."""
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _loop(self) -> None:
        while not self._closed.wait(LOOK_S):
            try:
                folders = {folder.id: folder for folder in self._base.watched.listed()}
                if (folders or self._followers) and self._is_ours():
                    self._look(folders)
            except (StoreError, OSError) as error:
                _log.warning("watched folders were not looked at: %s", error)
            except Exception:  # noqa: BLE001 - a bug must show, not end the thread
                _log.exception("watched folders were not looked at")
        for follower in self._followers.values():
            follower.stop()
        for follower in self._followers.values():
            follower.join()
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def _is_ours(self) -> bool:
        """Return whether this process follows the folders; it does unless another process does."""
        if self._lock is None:
            lock = self._taken()
            if lock is None:
                return False
            self._lock = lock
            self._base.watched.begin()
            self._wanted = {each.id: each.wanted for each in self._base.watched.listed()}
        return True

    def _taken(self) -> LockedFile | None:
        self._spool.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = LockedFile(self._spool.folder / WATCH_LEASE)
        return lock if lock.take() else None

    def _look(self, folders: Mapping[int, WatchedFolder]) -> None:
        """Start and stop followers as requested since the last check."""
        for folder_id, follower in list(self._followers.items()):
            now = folders.get(folder_id)
            if now is None or now.paused or now.wanted != follower.folder.wanted:
                follower.stop()
            if follower.is_alive:
                follower.note()
            else:
                del self._followers[folder_id]
                if follower.failed:
                    self._rest(follower.folder)
        for folder in folders.values():
            if folder.id not in self._followers and not folder.paused and self._is_due(folder):
                self._begin(folder)

    def _begin(self, folder: WatchedFolder) -> None:
        wanted = folder.wanted > self._wanted.get(folder.id, 0)
        # The list is recent: permissions of the lock's last holder have been withdrawn since.
        now = self._base.watched.get(folder.id)
        if now is None:
            return
        self._wanted[folder.id] = now.wanted
        follower = Follower(
            self._base,
            now,
            turn=self._turn,
            retry=wanted,
            refined=lambda: self._refine(folder.id),
        )
        self._followers[folder.id] = follower
        follower.start()

    def _rest(self, folder: WatchedFolder) -> None:
        before = self._failed.get(folder.id)
        rest_s = min(2 * before.rest_s, _LONGEST_RETRY_S) if before else _RETRY_S
        self._failed[folder.id] = _Failed(folder.wanted, time.monotonic() + rest_s, rest_s)

    def _is_due(self, folder: WatchedFolder) -> bool:
        failed = self._failed.get(folder.id)
        if failed is None:
            return True
        if failed.wanted != folder.wanted:
            del self._failed[folder.id]
            return True
        return time.monotonic() >= failed.again_at

    def _refine(self, folder_id: int) -> None:
        """Request the embedding of a collection's sentences while no job waits."""
        folder = self._base.watched.get(folder_id)
        found = self._base.held(folder.collection) if folder else None
        if found is None or isinstance(found, str) or not self._base.settings.sentences:
            return
        try:
            self._base.jobs.refine(found)
        except KnowledgeBaseError as error:
            _log.warning("sentences are left for later: %s", error)
