"""The process's one client of a Chroma folder. Only this package imports chromadb.

Three facts about chromadb 1.5.9 shape this file. The embedded client keeps its index in memory and
misses writes of other processes. A second client on the same path shares the first one's stale
state, so each process has one client per path, and closes it to refresh. A client's first use of a
collection loads its index, and rewrites the files of a small one, so it needs the write lock.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kb.errors import StoreError
from kb.vectors.chroma import files, mark
from kb.vectors.chroma.failures import translated
from kb.vectors.chroma.gate import Gate

if TYPE_CHECKING:
    from chromadb.api import ClientAPI  # noqa: TID251 - the one owner
    from chromadb.api.models.Collection import Collection  # noqa: TID251

# Shortest time between two refreshes of a reader, however often another process commits.
REFRESH_INTERVAL_S = 0.5
# Likewise, in multiples of what the last refresh took. To read 100,000 vectors anew takes a second,
# and every search waits for it.
_REFRESH_INTERVAL = 4


class SharedClient:
    """Opens and closes Chroma's client of a folder for all its users in this process.

    :meth:`at` returns it. Callers of methods that may write files hold the write lock.

    Attributes:
        batch_size: most records of one Chroma call; 0 before the client is opened.
        gate: users of a collection pass it together; the one who closes the client passes alone.
        refreshing: held by the thread that refreshes; the others go on with what is in memory.
    """

    _open: ClassVar[dict[Path, tuple[SharedClient, int]]] = {}
    _open_lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def at(
        cls, folder: Path, prepare: Callable[[], None] | None, make_room: Callable[[], bool]
    ) -> SharedClient:
        """Return the client for ``folder``; each call needs its own :meth:`close`.

        Args:
            folder: Chroma's folder.
            prepare: called once, before the first use of the folder.
            make_room: called if Chroma cannot be opened; returns whether it has made room.
        """
        key = folder.resolve()
        with cls._open_lock:
            client, users = cls._open.get(key) or (cls(key, prepare, make_room), 0)
            cls._open[key] = (client, users + 1)
            return client

    def __init__(
        self, folder: Path, prepare: Callable[[], None] | None, make_room: Callable[[], bool]
    ) -> None:
        self.folder = folder
        self.gate = Gate()
        self.batch_size = 0
        self._prepare = prepare
        self._make_room = make_room
        self._client: ClientAPI | None = None
        self._collections: dict[str, Collection] = {}
        self._cleared: set[str] = set()
        self._seen: str | None = None
        self._looked_at = 0.0
        self._rest_s = 0.0
        self.refreshing = threading.Lock()

    def is_loaded(self, collection: str) -> bool:
        """Return whether the collection's index is in memory at this moment."""
        with self.gate.mutex:
            return collection in self._collections

    def is_due(self) -> bool:
        """Return whether another process has written and this client should refresh."""
        rested = time.monotonic() - self._looked_at >= max(REFRESH_INTERVAL_S, self._rest_s)
        return rested and self._seen != mark.read(self.folder)

    def refresh_if_stale(self) -> None:
        """Reopen Chroma if another process has written; call it inside the write lock."""
        self._looked_at = time.monotonic()
        now = mark.read(self.folder)
        if self._seen != now:
            self.shut()
            self._seen = now

    def took(self, seconds: float) -> None:
        """Set how long the last refresh took, on which the time until the next one depends."""
        self._rest_s = _REFRESH_INTERVAL * seconds

    def has_written(self) -> None:
        """Tell other processes that this one has written; call it inside the write lock.

        Raises:
            StoreError: the disk is full or failed.
        """
        with translated(self.folder):
            self._seen = mark.change(self.folder)

    def load(self, collection: str) -> None:
        """Load a collection's index into memory; call it inside the write lock."""
        if self.is_loaded(collection):
            return
        with self.opened() as client:
            target = client.get_collection(collection, embedding_function=None)
            target.count()  # makes Chroma load the index now, and not later outside of the lock
            if collection in files.unwritten(self.folder):
                files.clear_rooms(self.folder)
            with self.gate.mutex:
                self._collections[collection] = target

    def loaded(self, collection: str) -> Collection | None:
        """Return a collection whose index is in memory; call it behind the gate."""
        with self.gate.mutex:
            return self._collections.get(collection)

    def forget(self, collection: str) -> None:
        """Remove a collection from memory."""
        with self.gate.mutex:
            self._collections.pop(collection, None)
            self._cleared.discard(collection)

    def clear_rooms_once(self, collection: str) -> None:
        """Overwrite the unused memory that Chroma has written into the files of a new index."""
        if collection not in self._cleared:
            files.clear_rooms(self.folder)
            self._cleared.add(collection)

    @contextmanager
    def opened(self) -> Iterator[ClientAPI]:
        """Yield Chroma's client, opening it if needed; call it inside the write lock."""
        with self.gate.shared(), translated(self.folder):
            yield self._opened()

    def shut(self) -> None:
        """Close Chroma's client once no call is running; the next call opens a new one."""
        with self.gate.alone():
            self._shut()

    def erase(self) -> None:
        """Delete everything, inside the write lock; all collections must be created again."""
        with self.gate.alone():
            self._client = None  # its files may be too damaged for closing it
            self._shut()
            self._forget_system()
            shutil.rmtree(self.folder, ignore_errors=True)

    def purge(self) -> None:
        """Rewrite files so that they contain no text of deleted records.

        Raises:
            StoreError: the disk is full, or another process uses the files for too long.
        """
        with self.gate.alone():
            self._shut()
            try:
                files.purge(self.folder)
            except (files.FileError, OSError) as error:
                msg = (
                    f"Chroma's files in {self.folder} could not be compacted: {error}. Close "
                    "other programs that use this knowledge base, free disk space, and try again"
                )
                raise StoreError(msg) from error

    def close(self) -> None:
        """Release the files once their last user closes."""
        with SharedClient._open_lock:
            client, users = SharedClient._open.get(self.folder, (self, 1))
            if users > 1:
                SharedClient._open[self.folder] = (client, users - 1)
                return
            SharedClient._open.pop(self.folder, None)
        self.shut()

    def _opened(self) -> ClientAPI:
        import chromadb  # noqa: PLC0415, TID251 - a second that `kb --help` need not pay
        import chromadb.config  # noqa: PLC0415, TID251

        with self.gate.mutex:
            if self._client is None:
                if self._prepare is not None:
                    self._prepare()
                    self._prepare = None
                files.verify(self.folder)
                settings = chromadb.config.Settings(anonymized_telemetry=False)
                while self._client is None:
                    try:
                        self._client = chromadb.PersistentClient(str(self.folder), settings)
                    except BaseException:
                        self._forget_system()
                        if not self._make_room():
                            raise
                self.batch_size = int(self._client.get_max_batch_size())
            return self._client

    def _forget_system(self) -> None:
        # Chroma keeps a failed client, and would give it to the next one on the path.
        from chromadb.api.shared_system_client import (  # noqa: PLC0415, TID251 - the one owner
            SharedSystemClient,
        )

        path = str(self.folder)
        SharedSystemClient._identifier_to_system.pop(path, None)  # noqa: SLF001 - no public way
        SharedSystemClient._identifier_to_refcount.pop(path, None)  # noqa: SLF001

    def _shut(self) -> None:
        self._collections.clear()
        self._cleared.clear()
        client: Any = self._client
        self._client = None
        if client is not None:
            client.close()
