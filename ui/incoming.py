"""Arriving files: on disk as they arrive, within limits, deleted when nobody needs them.

A file stays here until the page has taken it or the session ends. The folder belongs to this
process. The next start deletes the remains of a crash.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
import threading
import weakref
from collections import defaultdict, deque
from pathlib import Path
from typing import Literal

from kb.locked_files import LockedFile, LockedFolders

MOST_SESSION_BYTES = 4 << 30
"""Most bytes that wait for one browser session."""
MOST_BYTES = 16 << 30
"""Most bytes that wait for all sessions together."""
RECEIPT_PREFIX = b"shelfmark-upload:"
REFUSAL_PREFIX = RECEIPT_PREFIX + b"refused:"
"""Begins the text in place of a refused file; the reason follows."""


class TooMuchError(Exception):
    """A file is refused: ``why`` names the limit that it would exceed.

    ``disk`` means that the disk is full, or the folder is not writable.
    """

    def __init__(self, *, why: Literal["file", "session", "all", "disk"]) -> None:
        super().__init__(why)
        self.why = why


class Held:
    """A complete file. The last reference to it deletes it.

    Attributes:
        path: its path.
        size: bytes.
    """

    def __init__(self, path: Path, size: int, session: str, gone: deque[tuple[str, int]]) -> None:
        self.path = path
        self.size = size
        weakref.finalize(self, _delete, path, session, size, gone)


class Incoming:
    """The files of all browser sessions. Thread-safe.

    Args:
        folder: the folder in which this process creates its own at the first file.
        most_file: most bytes of one file.
        most_session: most bytes of one session.
        most_all: most bytes of all sessions together.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most_file: int,
        most_session: int = MOST_SESSION_BYTES,
        most_all: int = MOST_BYTES,
    ) -> None:
        self.most_file = most_file
        self._folders = LockedFolders(folder)
        self._most_session = most_session
        self._most_all = most_all
        self._mutex = threading.Lock()
        self._bytes: dict[str, int] = defaultdict(int)
        # A finalizer may run at any point, so it takes no lock and only makes a note here.
        self._gone: deque[tuple[str, int]] = deque()
        self._files: dict[str, dict[str, tuple[bytes, Held]]] = defaultdict(dict)
        self._folder: Path | None = None
        self._lock: LockedFile | None = None
        if folder.is_dir():
            with contextlib.suppress(OSError):  # a read-only or busy folder
                self._folders.clear()

    @property
    def size(self) -> int:
        """Bytes of all files, including partial ones."""
        with self._mutex:
            self._settle()
            return sum(self._bytes.values())

    def begin(self, session: str) -> Arrival:
        """Open a file that a session sends.

        Raises:
            TooMuchError: the disk is full.
        """
        try:
            descriptor, name = tempfile.mkstemp(dir=self._own_folder())
        except OSError as error:
            raise TooMuchError(why="disk") from error
        return Arrival(self, session, descriptor, Path(name), self._gone)

    def hand_out(self, session: str, file_id: str, held: Held) -> bytes:
        """Keep a file until its session ends; return the receipt for finding it."""
        receipt = RECEIPT_PREFIX + secrets.token_hex(16).encode()
        with self._mutex:
            self._files[session][file_id] = (receipt, held)
        return receipt

    def find(self, session: str, receipt: bytes) -> Held | None:
        """Return the session's file of a receipt; None if it is gone."""
        with self._mutex:
            for kept, held in self._files.get(session, {}).values():
                if kept == receipt:
                    return held
        return None

    def discard(self, session: str, file_id: str) -> None:
        """Delete a file that the person removed from the field."""
        with self._mutex:
            self._files.get(session, {}).pop(file_id, None)

    def forget(self, session: str) -> None:
        """Delete the files of a session; a file being read stays until the end of reading."""
        with self._mutex:
            self._files.pop(session, None)

    def close(self) -> None:
        """Delete all files."""
        with self._mutex:
            self._files.clear()
            folder, self._folder = self._folder, None
            lock, self._lock = self._lock, None
        if folder is not None and lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def count(self, session: str, more: int) -> None:
        """Count bytes that are about to be written.

        Raises:
            TooMuchError: the bytes would exceed a limit; nothing was counted.
        """
        with self._mutex:
            self._settle()
            if self._bytes[session] + more > self._most_session:
                raise TooMuchError(why="session")
            if sum(self._bytes.values()) + more > self._most_all:
                raise TooMuchError(why="all")
            self._bytes[session] += more

    def _settle(self) -> None:
        while self._gone:
            session, size = self._gone.popleft()
            self._bytes[session] -= size
            if self._bytes[session] <= 0:
                del self._bytes[session]

    def _own_folder(self) -> Path:
        with self._mutex:
            if self._folder is None:
                self._folder, self._lock = self._folders.new()
            return self._folder


class Arrival:
    """One file while it arrives. Not thread-safe; :meth:`end` or :meth:`abort` closes it."""

    def __init__(
        self,
        incoming: Incoming,
        session: str,
        descriptor: int,
        path: Path,
        gone: deque[tuple[str, int]],
    ) -> None:
        self._incoming = incoming
        self._session = session
        self._file = open(descriptor, "wb")  # noqa: SIM115 - closed by `end` or `abort`
        self._path = path
        self._size = 0
        self._gone = gone

    def write(self, data: bytes) -> None:
        """Add the next bytes.

        Raises:
            TooMuchError: the bytes would exceed a limit, or the disk is full.
        """
        if self._size + len(data) > self._incoming.most_file:
            raise TooMuchError(why="file")
        self._incoming.count(self._session, len(data))
        self._size += len(data)
        try:
            self._file.write(data)
        except OSError as error:
            raise TooMuchError(why="disk") from error

    def close(self) -> None:
        """Write the last bytes to disk.

        Raises:
            TooMuchError: the disk is full.
        """
        try:
            self._file.close()
        except OSError as error:
            raise TooMuchError(why="disk") from error

    def end(self) -> Held:
        """Close the file and hand it over.

        Raises:
            TooMuchError: the disk is full.
        """
        self.close()
        return Held(self._path, self._size, self._session, self._gone)

    def abort(self) -> None:
        """Delete the bytes so far."""
        with contextlib.suppress(OSError):  # these bytes did not fit on the disk and are not needed
            self._file.close()
        _delete(self._path, self._session, self._size, self._gone)


def _delete(path: Path, session: str, size: int, gone: deque[tuple[str, int]]) -> None:
    path.unlink(missing_ok=True)
    gone.append((session, size))
