"""Temporary files of uploads to read: streamed to a folder of their own, counted, deleted."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from kb.locked_files import LockedFolders
from kb.server.errors import RefusalError, busy
from kb.server.loading.naming import SentFile
from kb.server.loading.refusals import too_large

MOST_FILES = 256
"""Most files that are read or wait. A client does not repeat a refused request."""

MOST_BYTES = 4 * 2**30
"""Most bytes of all these files together."""

SILENCE_S = 60.0
"""Seconds that a client may pause."""


class Arrivals:
    """Room for files to read.

    Args:
        folder: their folder; None for the system's folder of temporary files.
        most_file_bytes: limit of one file.
        most_files: limit of files at once.
        most_bytes: limit of all files together.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        most_file_bytes: int,
        most_files: int = MOST_FILES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._folder = folder
        self._most_file_bytes = most_file_bytes
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._files = 0
        self._bytes = 0

    @contextmanager
    def room(self) -> Iterator[Arriving]:
        """Lend room for one file; delete it at the end.

        Raises:
            RefusalError: too many files are here (429).
        """
        if self._files >= self._most_files:
            raise busy(self._most_files, "files to be read")
        self._files += 1
        arriving = Arriving(self)
        try:
            yield arriving
        finally:
            self._files -= 1
            self._bytes -= arriving.size
            arriving.delete()

    def check_length(self, file: SentFile, length: int) -> None:
        """Check the declared length of a file.

        Raises:
            RefusalError: the file is too large (413).
        """
        if length > self._most_file_bytes:
            raise too_large(file.shown, self._most_file_bytes)

    def count(self, part: int, file: SentFile, size: int) -> None:
        """Count a part that arrived; ``size`` is its file's size so far.

        Raises:
            RefusalError: the file is too large (413), or all files together are (429).
        """
        self._bytes += part
        self.check_length(file, size)
        if self._bytes > self._most_bytes:
            raise busy(self._most_bytes >> 20, "MiB of files to be read")

    def make_folder(self) -> tuple[Path, contextlib.ExitStack]:
        """Make a folder for one file; closing the returned object deletes it."""
        with contextlib.ExitStack() as held:
            if self._folder is None:
                folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
            else:
                # The process that clears the folder after a crash spares locked ones.
                folder, lock = LockedFolders(self._folder).new()
                held.callback(lock.release)
                held.callback(shutil.rmtree, folder, ignore_errors=True)
            return folder, held.pop_all()


class Arriving:
    """A file that arrives in parts."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._held = contextlib.ExitStack()
        self.size = 0

    async def receive(self, file: SentFile, parts: AsyncIterator[bytes]) -> Path:
        """Write a file to disk; return its path, under a name of its own.

        Raises:
            RefusalError: the file is too large, too slow, empty, or of an unknown type; or the disk
                is full.
        """
        try:
            folder, self._held = await asyncio.to_thread(self._arrivals.make_folder)
            path = folder / secrets.token_hex(8)
            with path.open("xb") as content:
                await self._write(content, file, parts)
            with path.open("rb") as content:
                return path.rename(path.with_suffix(file.suffix(content)))
        except OSError as error:
            msg = (
                f"{file.shown} cannot be kept while it is read ({error.strerror}); try again later"
            )
            raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, msg, code="no_room") from error

    async def _write(self, content: BinaryIO, file: SentFile, parts: AsyncIterator[bytes]) -> None:
        iterator = aiter(parts)
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    part = await anext(iterator)
            except StopAsyncIteration:
                break
            except TimeoutError:
                msg = f"nothing more of {file.shown} came for {SILENCE_S:.0f} s; send it again"
                raise RefusalError(HTTPStatus.REQUEST_TIMEOUT, msg) from None
            self.size += len(part)
            self._arrivals.count(len(part), file, self.size)
            content.write(part)

    def delete(self) -> None:
        """Delete the file."""
        self._held.close()
