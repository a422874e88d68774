"""Originals uploaded in the browser, kept by content hash."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

from kb.drafts import draft
from kb.errors import StoreError
from kb.hashing import is_content

UPLOADS_ROOT = "uploads"
"""Root of the sources of uploaded files."""


_PART_BYTES = 1 << 20


class Uploads:
    """A folder of originals, named by the SHA-256 of their bytes so that none is kept twice.

    Files keep their extension, because it selects the loader. The catalog has the original name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, name: str, data: bytes) -> Path:
        """Keep the bytes of a file called ``name``; return the path.

        Raises:
            StoreError: the disk is full, or the folder is not writable.
        """
        content_hash = hashlib.sha256(data).hexdigest()
        target = self.path(name, content_hash)
        return target if target.is_file() else self.save_parts(name, content_hash, [data])

    def save_parts(self, name: str, content_hash: str, parts: Iterable[bytes]) -> Path:
        """Keep bytes with a verified SHA-256; return the path.

        Raises:
            StoreError: the disk is full, or the folder is not writable.
        """
        target = self.path(name, content_hash)
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Readers verify the hash first, and waiting for the disk would take 5 ms.
            with draft(target, sync=False) as part, part.open("wb") as file:
                file.writelines(parts)
        except OSError as error:
            msg = f"cannot keep the upload {name!r} in {target.parent}: {error}; free disk space"
            raise StoreError(msg) from error
        return target

    def keep(self, name: str, content_hash: str, file: Path | None) -> Path:
        """Keep a file with a verified SHA-256; return the path.

        No bytes are copied if the file system has hard links. If there is no file, the result is
        the path that it would have.

        Raises:
            StoreError: the disk is full, or the folder is not writable.
        """
        target = self.path(name, content_hash)
        if file is None or target.is_file() or not file.is_file():
            return target
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.hardlink_to(file)
        except FileExistsError:
            return target
        except OSError:  # another disk, or a file system without hard links
            with file.open("rb") as data:
                return self.save_parts(
                    name, content_hash, iter(lambda: data.read(_PART_BYTES), b"")
                )
        return target

    def path(self, name: str, content_hash: str) -> Path:
        """Return the path of the original with this hash, whether or not it exists."""
        suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
        return self._folder / content_hash[:2] / f"{content_hash}{suffix}"

    def is_intact(self, name: str, content_hash: str) -> bool:
        """Return whether the original exists and is unchanged."""
        return is_content(self.path(name, content_hash), content_hash)

    def keep_only(self, kept: Collection[Path]) -> int:
        """Delete all originals but those in ``kept``; return the number of deleted ones."""
        count = 0
        for file in self._folder.glob("??/*"):
            if file.is_file() and file not in kept:
                file.unlink(missing_ok=True)
                count += 1
        return count

    def discard(self, name: str, content_hash: str) -> None:
        """Delete an original if it exists."""
        self.path(name, content_hash).unlink(missing_ok=True)
