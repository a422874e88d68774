"""Bytes that wait for their job: files in the data folder that only its owner can read.

Every job has a folder here, its batch. A process that fills a batch locks it. The operating system
releases the lock when the process ends. So a crash leaves a batch that no job needs and no process
locks. The next process that looks deletes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kb.errors import StoreError
from kb.locked_files import LOCK_NAME, LockedFile, LockedFolders

_PART_BYTES = 1 << 20
# A journaling file system writes the files of several threads to the disk in one step: 1,500 files
# take 0.2 s instead of 6.
_SECURED_AT_ONCE = 8


class Spool:
    """The batches of all processes. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._folders = LockedFolders(folder)

    def batch(self) -> Batch:
        """Make a batch.

        Raises:
            StoreError: the disk is full, or the folder is not writable.
        """
        try:
            return Batch(*self._folders.new())
        except OSError as error:
            raise _no_room(self.folder, error) from error

    def is_empty(self) -> bool:
        """Return whether there is no batch, and so no waiting job."""
        return not any(self._batches())

    def file(self, batch: str, spooled: str) -> Path:
        """Return the path of a file of a batch."""
        return self.folder / batch / spooled

    def is_held(self, batch: str) -> bool:
        """Return whether any process, including this one, has locked a batch."""
        lock = self.hold(batch)
        if lock is not None:
            lock.release()
        return lock is None

    def hold(self, batch: str) -> LockedFile | None:
        """Lock a batch; return None if another process has locked it.

        Raises:
            StoreError: the folder is not writable.
        """
        folder = self.folder / batch
        lock = LockedFile(folder / LOCK_NAME)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return lock if lock.take() else None
        except OSError as error:
            raise _no_room(self.folder, error) from error

    def clean(self, is_wanted: Callable[[str], bool]) -> None:
        """Delete the batches that no process locks and no job needs.

        ``is_wanted`` is called while the batch is locked: by then its process has queued the job,
        or never will.
        """
        if self.folder.is_dir():
            with contextlib.suppress(OSError):
                self._folders.clear(is_wanted)

    def _batches(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from (entry for entry in self.folder.iterdir() if entry.is_dir())


class Batch:
    """The files of one job. The last reference to it deletes them, unless a job takes them.

    Attributes:
        name: the batch's name in its job.
    """

    def __init__(self, folder: Path, lock: LockedFile) -> None:
        self.name = folder.name
        self._folder = folder
        self._lock = lock
        self._files = 0
        self._unwanted = weakref.finalize(self, _delete, folder, lock)

    def add(self, name: str, parts: Iterable[bytes]) -> Upload:
        """Store the bytes of a file until the job reads them; its name must be clean.

        Raises:
            StoreError: the disk is full, or the folder is not writable.
        """
        arriving = self.begin(name)
        try:
            for part in parts:
                arriving.write(part)
            return arriving.end()
        except OSError as error:
            arriving.abort()
            raise _no_room(self._folder.parent, error, name=name) from error
        except BaseException:
            arriving.abort()
            raise

    def begin(self, name: str) -> ArrivingFile:
        """Open a file whose bytes arrive in parts; its name must be clean.

        Raises:
            StoreError: the disk is full, or the folder is not writable.
        """
        spooled = str(self._files)
        self._files += 1
        return ArrivingFile(self, self._folder / spooled, name)

    def path_of(self, upload: Upload) -> Path:
        """Return the path of one of its files."""
        return self._folder / upload.spooled

    def secure(self, spooled: Collection[str]) -> None:
        """Wait until the disk has files: a power cut must not lose a file that the catalog lists.

        Raises:
            StoreError: the disk is full or failed.
        """
        try:
            with ThreadPoolExecutor(_SECURED_AT_ONCE, "secure") as pool:
                for _ in pool.map(_secure, [self._folder / name for name in spooled]):
                    pass
        except OSError as error:
            raise _no_room(self._folder.parent, error) from error

    def keep_only(self, spooled: Collection[str]) -> None:
        """Delete the files that the job does not need."""
        for path in self._folder.iterdir():
            if path.name != LOCK_NAME and path.name not in spooled:
                with contextlib.suppress(OSError):
                    path.unlink()

    def hand_over(self) -> LockedFile:
        """Give the files to their queued job; return the lock, still held."""
        self._unwanted.detach()
        return self._lock

    def discard(self) -> None:
        """Delete the files."""
        self._unwanted()


class ArrivingFile:
    """A file of a batch while its bytes arrive. :meth:`end` or :meth:`abort` closes it.

    Attributes:
        size: bytes so far.

    Raises (every method but :meth:`abort`):
        StoreError: the disk is full, or the folder is not writable.
    """

    def __init__(self, batch: Batch, path: Path, name: str) -> None:
        self.size = 0
        self._batch = batch
        self._path = path
        self._name = name
        self._digest = hashlib.sha256()
        with self._keeping():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(descriptor, "wb")

    def write(self, part: bytes) -> None:
        """Add the next bytes."""
        with self._keeping():
            self._file.write(part)
        self._digest.update(part)
        self.size += len(part)

    def end(self) -> Upload:
        """Finish the file: all bytes have arrived."""
        with self._keeping():
            self._file.close()
        return Upload(
            name=self._name,
            size=self.size,
            content_hash=self._digest.hexdigest(),
            batch=self._batch,
            spooled=self._path.name,
        )

    def abort(self) -> None:
        """Delete the partial file."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _keeping(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _no_room(self._path.parents[1], error, name=self._name) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An uploaded file; ``name`` is cleaned, see :func:`ingest.jobs.sending.clean_name`.

    Its bytes are the file ``spooled`` of ``batch``. They exist as long as something refers to the
    batch, or a job has taken it.
    """

    name: str
    size: int
    content_hash: str
    batch: Batch = field(repr=False)
    spooled: str = field(repr=False)


def _secure(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def parts_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file's bytes from its beginning, in parts."""
    file.seek(0)
    while part := file.read(_PART_BYTES):
        yield part


def _delete(folder: Path, lock: LockedFile) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()


def _no_room(folder: Path, error: Exception, *, name: str = "") -> StoreError:
    what = f"the upload {name!r}" if name else "uploads"
    return StoreError(f"cannot keep {what} in {folder}: {error}; free disk space")
