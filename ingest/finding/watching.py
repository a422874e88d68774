"""Changes below folders in bursts; folders that vanish and return are watched again.

The operating system watches a folder, not its path. If somebody deletes a folder and makes it
again, or mounts another disk there, a comparison of the path's target shows it, many times a
minute. If somebody mounts a disk inside the folder, the system's list of mounts shows it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, watch

from ingest.finding.ignoring import IGNORE_FILE
from ingest.finding.mounts import mounts, mounts_in
from ingest.finding.names import as_text
from ingest.loaders import EXTENSIONS
from kb.errors import KnowledgeBaseError

# A burst ends after this long without a change …
QUIET_MS = 500
# … but lasts at most this long, for programs that write all the time.
LONGEST_BURST_MS = 5000
# Delay of the first run after watching begins, and interval of checks that the folders exist.
_LOOK_MS = 300
# Consecutive failures to watch after which further attempts are useless.
_MOST_FAILURES = 5
_PAUSE_S = 1.0

Mark = tuple[int, int] | None
"""The target of a path: device and inode; None if there is no folder."""

_NEVER: Mark = (-1, -1)


class WatchError(KnowledgeBaseError):
    """Folders cannot be watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Changes close together in time.

    ``vanished`` are files and folders whose deletion was seen; ``present`` are the watched paths
    that exist. ``disturbed`` means that a watched folder, or a disk mounted inside it, differs from
    the one at the beginning: missing files may be elsewhere.
    """

    present: tuple[Path, ...]
    vanished: frozenset[Path] = frozenset()
    disturbed: bool = False


def bursts(
    paths: Sequence[Path], stop: threading.Event, on_remark: Callable[[str], None]
) -> Generator[Burst, float | None, None]:
    """Yield a burst at once when watching has begun, then one for each burst of changes.

    Send a number of seconds to get another burst after that time even without changes.

    Args:
        paths: folders and files, links followed.
        stop: set it to end.
        on_remark: receives remarks on folders that vanish and return.

    Raises:
        WatchError: the folders cannot be watched.
    """
    watching = _Watching(paths, stop, on_remark)
    while not stop.is_set():
        yield from watching.until_disturbed()


class _Watching:
    def __init__(
        self, paths: Sequence[Path], stop: threading.Event, on_remark: Callable[[str], None]
    ) -> None:
        self._paths = paths
        # Editors replace files, so a file is watched through its folder.
        self._folders = sorted({path if path.is_dir() else path.parent for path in paths})
        self._first = {folder: mark(folder) for folder in self._folders}
        self._marks = dict(self._first)
        self._stop = stop
        self._on_remark = on_remark
        self._first_disks = mounts_in(paths)
        self._disks = self._first_disks
        self._places = frozenset(mounts())
        self._failures = 0
        self._vanished: frozenset[Path] = frozenset()
        self._retry_at: float | None = None

    def until_disturbed(self) -> Generator[Burst, float | None, None]:
        """Watch the existing folders until one of them, or a disk in it, is another one."""
        there = [folder for folder in self._folders if self._marks[folder] is not None]
        if not there:
            yield from self._wait_for_a_folder()
            return
        started = False
        try:
            for changes in watch(
                *there,
                watch_filter=self._matters,
                debounce=LONGEST_BURST_MS,
                step=QUIET_MS,
                rust_timeout=_LOOK_MS,
                yield_on_timeout=True,
                stop_event=self._stop,
                ignore_permission_denied=True,
            ):
                gone = {Path(path) for change, path in changes if change is Change.deleted}
                # A watched folder that was deleted and made again may have the same inode number.
                self._vanished |= self._deleted(gone.difference(self._folders))
                if self._look(gone):
                    return
                if changes or not started or self._is_due():
                    started = True
                    self._failures = 0
                    yield from self._give()
        except (OSError, RuntimeError) as error:
            self._failed(error)

    def _wait_for_a_folder(self) -> Generator[Burst, float | None, None]:
        while not self._stop.wait(_LOOK_MS / 1000):
            if self._look():
                return
            if self._vanished or self._is_due():
                yield from self._give()

    def _give(self) -> Generator[Burst, float | None, None]:
        burst = Burst(
            present=tuple(path for path in self._paths if path.exists()),
            vanished=self._vanished,
            disturbed=self._marks != self._first or self._disks != self._first_disks,
        )
        self._vanished, self._retry_at = frozenset(), None
        retry_s = yield burst
        if retry_s is not None:
            self._retry_at = time.monotonic() + retry_s

    def _deleted(self, gone: Collection[Path]) -> frozenset[Path]:
        """Remove deletions caused by an unmounted disk; desktops delete its mount point."""
        disks = {place for mount in self._places for place in (mount, *mount.parents)}
        for place in sorted(disks.intersection(gone)):
            self._on_remark(
                f"the folder {place}, where a disk was mounted, is not there any more; what was "
                "read from it stays searchable"
            )
        return frozenset(gone) - disks

    def _is_due(self) -> bool:
        return self._retry_at is not None and time.monotonic() >= self._retry_at

    def _look(self, gone: Collection[Path] = ()) -> bool:
        """Return whether a folder, or a disk in one, has changed its identity; send a remark.

        ``gone`` was seen to be deleted, whatever its path leads to now.
        """
        lost = frozenset(gone).intersection(self._folders)
        self._first |= dict.fromkeys(lost, _NEVER)
        self._places |= mounts().keys()
        now = {folder: mark(folder) for folder in self._folders}
        others = [f for f in self._folders if now[f] != self._marks[f] or f in lost]
        for folder in others:
            if now[folder] is None:
                self._on_remark(
                    f"the folder {folder} is not there any more (deleted, renamed, or its disk "
                    "unmounted); what was read from it stays searchable, besides files that were "
                    "seen to be deleted. Waiting for it"
                )
            elif self._marks[folder] is None:
                self._on_remark(f"the folder {folder} is there again; watching it")
            else:
                self._on_remark(
                    f"the folder {folder} is another one now (made again, or another disk); "
                    "watching that one. What was read from the old one stays searchable, besides "
                    "files that were seen to be deleted"
                )
        self._marks = now
        return self._look_at_disks(gone) or bool(others)

    def _look_at_disks(self, gone: Collection[Path]) -> bool:
        """Return whether a disk was mounted or unmounted inside a watched folder."""
        before, now = self._disks, mounts_in(self._paths)
        self._disks = now
        others = sorted(p for p in before.keys() | now.keys() if before.get(p) != now.get(p))
        for place in others:
            name = as_text(str(place))
            if place in now:
                self._on_remark(
                    f"a disk is mounted at {name} now; watching it. What was read from that folder "
                    "before stays searchable"
                )
            elif os.path.lexists(place) or place not in gone:  # else sent when it went
                self._on_remark(
                    f"the disk at {name} is not mounted any more; what was read from it stays "
                    "searchable, besides files that were seen to be deleted"
                )
        return bool(others)

    def _failed(self, error: Exception) -> None:
        """Start again, and look at everything: some changes may have been missed."""
        if self._look():
            return
        self._failures += 1
        if isinstance(error, OSError) or self._failures > _MOST_FAILURES:
            msg = (
                f"{', '.join(map(str, self._folders))} cannot be watched: {error}. If the limit of "
                "watched folders is reached, raise fs.inotify.max_user_watches; else run the "
                "command without --watch now and then"
            )
            raise WatchError(msg) from error
        self._stop.wait(_PAUSE_S)

    def _matters(self, change: Change, name: str) -> bool:
        path = Path(name)
        if change is Change.deleted and path in self._first:
            return True
        below = next((p for p in self._paths if path.is_relative_to(p)), None)
        if below is None:
            return False
        if path.name == IGNORE_FILE:
            return True
        if any(part.startswith(".") for part in path.relative_to(below).parts):
            return False
        return (
            change is Change.deleted  # perhaps a folder: nobody can tell any more
            or path.suffix.lower() in EXTENSIONS
            or path.is_dir()
        )


def mark(folder: Path) -> Mark:
    """Return the identity of a path's target."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if folder.is_dir() else None
