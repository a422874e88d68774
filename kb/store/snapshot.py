"""A store in a read-only folder, such as a mounted snapshot.

There SQLite opens a database in WAL mode only without a remaining log, and Chroma 1.5.9 does not
open at all. Files that cannot be read in place are copied to a temporary folder, which closing the
store deletes. The store keeps the state of its opening.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kb.catalog import in_place
from kb.catalog.catalog import Catalog
from kb.data_folders import closed
from kb.errors import StoreError
from kb.store.room import LEAST_FREE_BYTES

_log = logging.getLogger(__name__)

CATALOG = "catalog.sqlite3"
# A file that changes while it is copied is copied again, at most so often.
_ATTEMPTS = 5


def is_read_only(folder: Path) -> bool:
    """Return whether the store in a folder can be read but not changed.

    Raises:
        StoreError: this user may not even read it.
    """
    if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
        raise StoreError(closed(folder))
    return folder.is_dir() and not all(
        os.access(path, os.W_OK) for path in (folder, folder / CATALOG) if path.exists()
    )


class Snapshot:
    """Gives access to a store's folder without writing into it.

    Args:
        folder: the store's folder; nothing in it changes.

    Attributes:
        place: a temporary folder for copies and for the locks of this process.
        refusal: why the store is read-only, and what to do.

    Raises:
        StoreError: there is no store, or no temporary folder can be created.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.refusal = (
            f"{folder} is read-only: its contents can be searched, but not changed; mount it "
            "writable, or set KB_DATA_DIR to another folder (`kb export` and `kb import` take a "
            "collection there)"
        )
        if not (folder / CATALOG).is_file():
            msg = (
                f"there is no knowledge base in {folder}, and the folder is read-only; set "
                "KB_DATA_DIR to another"
            )
            raise StoreError(msg)
        try:
            self._temporary = tempfile.TemporaryDirectory(prefix="shelfmark-")
        except OSError as error:
            msg = (
                f"{folder} is read-only, and no temporary folder can be made to read it: {error}; "
                "set TMPDIR to a folder that can be written"
            )
            raise StoreError(msg) from error
        self.place = Path(self._temporary.name)
        self._copied: dict[str, int] = {}

    @property
    def copies(self) -> dict[str, int]:
        """The copied parts so far, with their sizes in bytes."""
        return dict(self._copied)

    def open_catalog(self) -> Catalog:
        """Open the catalog in place, or a copy if a log remains or its version is old.

        Raises:
            StoreError: the catalog is damaged or newer than this release, or the copy has no room.
        """
        catalog = self._folder / CATALOG
        if in_place.readable(catalog):
            return Catalog(catalog, refusal=self.refusal, in_place=True)
        self._copy("catalog", [catalog, *in_place.log_files(catalog)], self.place)
        return Catalog(self.place / CATALOG, refusal=self.refusal, original=catalog)

    def copy_vectors(self, name: str) -> None:
        """Copy a folder of vectors to :attr:`place`.

        Raises:
            StoreError: the copy has no room.
        """
        source = self._folder / name
        files = [file for file in sorted(source.rglob("*")) if file.is_file()]
        self._copy("vectors", files, self.place / name, below=source)

    def close(self) -> None:
        """Delete the copies."""
        self._temporary.cleanup()

    def _copy(
        self, what: str, files: Sequence[Path], target: Path, below: Path | None = None
    ) -> None:
        for file in files:
            if not os.access(file, os.R_OK):
                raise StoreError(closed(file))
        size = sum(file.stat().st_size for file in files)
        free = shutil.disk_usage(self.place).free
        if size + LEAST_FREE_BYTES > free:
            msg = (
                f"{self._folder} is read-only, and its {what} must be copied to be read: "
                f"{size / 2**20:,.1f} MiB, but only {free / 2**20:,.1f} MiB are free in "
                f"{self.place.parent}; free some, or set TMPDIR to a folder with more"
            )
            raise StoreError(msg)
        _log.warning(
            "%s is read-only: copying its %s (%.1f MiB) to %s until the end",
            self._folder,
            what,
            size / 2**20,
            self.place,
        )
        try:
            for _ in range(_ATTEMPTS):
                before = [_state(file) for file in files]
                for file in files:
                    copy = target / file.relative_to(below or file.parent)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, copy)
                if before == [_state(file) for file in files]:
                    self._copied[what] = size
                    return
        except OSError as error:
            msg = (
                f"the {what} in {self._folder} cannot be copied to {self.place}: {error}; check "
                "permissions and free disk space"
            )
            raise StoreError(msg) from error
        msg = f"the {what} in {self._folder} kept changing while being copied; try again"
        raise StoreError(msg)


def _state(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns
