"""The watched folders of collections; :mod:`ingest.jobs` follows them.

No method waits for the store's write lock, because none changes searchable data.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from kb.catalog.catalog import Catalog
from kb.catalog.watched_folders import FolderRun, FolderState, WatchedFolder
from kb.errors import SettingsError
from kb.records import CollectionInfo, DocumentInfo, Source

Overlap = Literal["same", "inside", "around"]


class WatchedFolders:
    """The watched folders of a knowledge base. Thread-safe.

    Args:
        catalog: stores them.
        default: the collection if a call names none.

    Raises (every method that changes something):
        StoreError: the data folder is read-only, the disk is full, or the file failed.
    """

    def __init__(self, catalog: Catalog, *, default: str) -> None:
        self._catalog = catalog
        self._default = default

    def listed(self) -> list[WatchedFolder]:
        """Return all watched folders, by collection and path."""
        with self._catalog.reading() as state:
            return state.watched_folders()

    def get(self, folder_id: int) -> WatchedFolder | None:
        """Return a watched folder; None if the id is unknown."""
        with self._catalog.reading() as state:
            return state.watched_folder(folder_id)

    def rereading(self, documents: Iterable[DocumentInfo]) -> list[WatchedFolder]:
        """Return the watched folders from which documents come back after their removal.

        They are the folders of the same collection in which a file of a document still exists.
        """
        folders = self.listed()
        found = {
            folder.id: folder
            for info in documents
            for source in info.sources
            for folder in folders
            if folder.collection == info.collection and _holds(folder, source)
        }
        return list(found.values())

    def is_waiting(self) -> bool:
        """Return whether the run of a watched folder waits for its turn."""
        with self._catalog.reading() as state:
            return state.awaits_folder_turn()

    def add(self, path: Path | str, *, collection: str | None = None) -> WatchedFolder:
        """Keep a collection in step with a folder from now on.

        Args:
            path: an existing folder.
            collection: the collection; None means the settings'. The first run creates it if
                necessary.

        Raises:
            SettingsError: the folder does not exist. Or the collection already follows the folder,
                one around it, or one inside it.
        """
        folder = located(path)
        name = collection or self._default
        with self._catalog.change() as change:
            known = change.find_collection(name)
            for other in change.watched_folders():
                if other.collection == (known.name if known else name):
                    _refuse_overlap(folder, Path(other.path))
            folder_id = change.watch_folder(str(folder), known or name)
            added = change.watched_folder(folder_id)
        assert added is not None  # noqa: S101 - it was added a moment ago
        return added

    def remove(self, folder_id: int) -> bool:
        """Stop watching a folder; its documents stay. Return whether it was watched."""
        with self._catalog.change() as change:
            return change.unwatch_folder(folder_id)

    def pause(self, folder_id: int, *, paused: bool = True) -> bool:
        """Pause or continue following a folder; return whether it is watched."""
        with self._catalog.change() as change:
            return change.pause_folder(folder_id, paused=paused)

    def run_now(self, folder_id: int, *, forced: bool = False) -> bool:
        """Request a run over a folder now, with its failed files; return whether it is watched.

        Args:
            folder_id: the folder.
            forced: remove the documents of missing files even if they are more than half.
        """
        with self._catalog.change() as change:
            return change.want_folder_run(folder_id, forced=forced)

    # -- for the process that follows folders, with the lock held

    def begin(self) -> None:
        """Note that this process watches from now on; withdraw earlier permissions."""
        with self._catalog.change() as change:
            change.withdraw_forced_runs()

    def place(self, folder_id: int, collection: CollectionInfo) -> None:
        """Record the collection of a folder, after a run has created it."""
        with self._catalog.change() as change:
            change.place_folder(folder_id, collection)

    def note(
        self,
        folder_id: int,
        state: FolderState,
        *,
        error: str = "",
        done: int = 0,
        total: int = 0,
    ) -> None:
        """Record the state of a folder."""
        with self._catalog.change() as change:
            change.note_folder(folder_id, state, error=error, done=done, total=total)

    def end_run(self, folder_id: int, run: FolderRun) -> None:
        """Record the results of a run over a folder."""
        with self._catalog.change() as change:
            change.end_folder_run(folder_id, run)


def _holds(folder: WatchedFolder, source: Source) -> bool:
    """Return whether a folder of this computer contains a file that exists."""
    if not source.root.startswith(os.sep):  # an upload, an object
        return False
    path = Path(source.whole)
    return path.is_relative_to(folder.path) and path.is_file()


def located(path: Path | str) -> Path:
    """Return the absolute path of a folder of this computer; a link stays a link.

    Raises:
        SettingsError: the folder does not exist.
    """
    try:
        folder = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - ``..`` goes
        there = folder.is_dir()
        str(folder).encode("utf-8")
    except (OSError, RuntimeError, ValueError) as error:  # an unknown home, a NUL, not Unicode
        msg = f"{os.fspath(path)!r} cannot be watched: {error}; check the path"
        raise SettingsError(msg) from error
    if not there or not str(path).strip():
        msg = f"there is no folder {os.fspath(path)!r}; give the path of a folder of this computer"
        raise SettingsError(msg)
    return folder


def overlap(folder: Path, other: Path) -> Overlap | None:
    """Return a folder's relation to another one: the ``same``, ``inside`` it, or ``around`` it."""
    here, there = folder.resolve(), other.resolve()
    if here == there:
        return "same"
    if here.is_relative_to(there):
        return "inside"
    return "around" if there.is_relative_to(here) else None


def _refuse_overlap(folder: Path, other: Path) -> None:
    """Refuse a folder that shares files with a watched one.

    Raises:
        SettingsError: it shares files.
    """
    messages: dict[Overlap | None, str] = {
        "same": f"{folder} is watched already",
        "inside": f"{folder} is inside {other}, which is watched already",
        "around": (
            f"{other}, inside {folder}, is watched already; stop watching it first, its "
            "documents stay"
        ),
    }
    how = overlap(folder, other)
    if how is not None:
        raise SettingsError(messages[how])
