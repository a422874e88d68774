"""Uploads that wait for their run: on the disk rather than in memory."""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from kb.errors import StoreError
from ui.arrivals import Upload

_PART_BYTES = 1 << 20


class Spool:
    """One nameless file for the bytes of several uploads.

    The system deletes it when the last upload that refers to it is gone, or the process ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=folder) as file:
                self._descriptor = os.dup(file.fileno())
        except OSError as error:
            raise _no_room(folder, error) from error
        weakref.finalize(self, os.close, self._descriptor)
        self._end = 0

    def add(self, name: str, parts: Iterable[bytes]) -> Upload:
        """Keep the bytes of a file until it is read; its name must be clean.

        Raises:
            StoreError: the disk is full or the folder cannot be written.
        """
        digest = hashlib.sha256()
        start = self._end
        try:
            for part in parts:
                digest.update(part)
                self._write(part)
        except OSError as error:
            raise _no_room(self._folder, error, name=name) from error
        return Upload(
            name=name,
            size=self._end - start,
            content_hash=digest.hexdigest(),
            read=partial(self._read, start, self._end - start),
        )

    def _read(self, start: int, size: int) -> bytes:
        parts: list[bytes] = []
        while size and (part := os.pread(self._descriptor, size, start)):
            parts.append(part)
            start += len(part)
            size -= len(part)
        return b"".join(parts)

    def _write(self, part: bytes) -> None:
        left = memoryview(part)
        while left:
            written = os.pwrite(self._descriptor, left, self._end)
            self._end += written
            left = left[written:]


def _no_room(folder: Path, error: OSError, *, name: str = "") -> StoreError:
    what = f"the upload {name!r}" if name else "uploads"
    return StoreError(f"cannot keep {what} in {folder}: {error}; free disk space")


def parts_of(file: BinaryIO) -> Iterator[bytes]:
    """Give a file's bytes from its beginning, in parts."""
    file.seek(0)
    while part := file.read(_PART_BYTES):
        yield part
