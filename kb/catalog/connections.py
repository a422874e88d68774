"""Connections to the catalog's file: opening, pooling, transactions, and translated errors."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.catalog.migrations import migrate
from kb.catalog.transactions import is_idle, roll_back
from kb.errors import StoreError

BUSY_TIMEOUT_S = 60
# Pages that a connection keeps, in KiB. A search reads a thousand of them; with SQLite's own 2,000
# KiB it took 34 ms of a processor among 100,000 chunks, with these 29, with 64,000 KiB 28.
_CACHE_KIB = 16_000
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_REFUSED = (
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_AUTH,
)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def immutable(path: Path) -> sqlite3.Connection:
    """Connect to a database that nobody changes, without writing any file."""
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro&immutable=1",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )


class Connections:
    """Connections to one file. Thread-safe: every block borrows one of its own.

    Args:
        path: the file, created if missing.
        in_place: whether the file is on a read-only disk, of this release's version and without a
            log.
        original: the path for messages if ``path`` is a copy.

    Raises:
        StoreVersionError: the file is newer than this release.
        StoreError: the file cannot be opened or is damaged.
    """

    def __init__(
        self,
        path: Path,
        *,
        in_place: bool = False,
        original: Path | None = None,
    ) -> None:
        self._path = path
        self._named = original or path
        self._in_place = in_place
        self._idle: list[sqlite3.Connection] = []
        self._mutex = threading.Lock()
        self._closed = False
        with self._translated():
            connection = self._connect()
            try:
                if not in_place:
                    connection.execute("PRAGMA journal_mode = WAL")
                    migrate(connection, path)
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose statements all see one state of the catalog."""
        with self._borrowed() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                roll_back(connection)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection in a transaction: committed at the end, undone on any error.

        Raises:
            StoreError: the disk is full, or the file failed.
        """
        with self._borrowed() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                roll_back(connection)
                raise

    def vacuum(self) -> None:
        """Rewrite the file without the pages of deleted rows, and empty the write-ahead log."""
        with self._borrowed() as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log into the file."""
        with self._mutex:
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    def _connect(self) -> sqlite3.Connection:
        connection = (
            immutable(self._path)
            if self._in_place
            else sqlite3.connect(
                self._path,
                timeout=BUSY_TIMEOUT_S,
                isolation_level=None,  # the methods above begin and end transactions
                check_same_thread=False,  # the pool lends a connection to one thread at a time
            )
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        # Overwrite deleted text instead of only unlinking it from its page.
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        with self._translated():
            with self._mutex:
                if self._closed:
                    msg = "the knowledge base is closed; open it again"
                    raise StoreError(msg)
                connection = self._idle.pop() if self._idle else None
            connection = connection or self._connect()
            try:
                yield connection
            finally:
                with self._mutex:
                    keep = is_idle(connection) and not self._closed
                    if keep:
                        self._idle.append(connection)
                if not keep:
                    connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            msg = f"the catalog {self._named} failed: {error}. {_advice(error, self._named)}"
            raise StoreError(msg) from error


def _advice(error: sqlite3.Error, path: Path) -> str:
    # The lowest byte is the kind of error; the higher bytes are its details.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return (
            f"It is damaged: move {path.parent} away, then ingest your files again or "
            "`kb import` an archive"
        )
    if code in _DISK:
        return "Free disk space if there is none left; `kb doctor` says whether it is sound"
    if code in _REFUSED:
        return "Check the permissions of the file and its folder, or set KB_DATA_DIR to another"
    if code in _BUSY:
        return "Another process has been writing to it for long; wait for that one, then try again"
    if code == sqlite3.SQLITE_CONSTRAINT:
        return "Another process changed it at the same moment; run the same command again"
    return "Run the same command again; `kb doctor` says whether it is sound"
