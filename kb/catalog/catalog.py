"""The catalog of a knowledge base: one SQLite file, read in states and changed in changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.catalog.connections import Connections
from kb.catalog.looking_up import LookingUp
from kb.catalog.state import Change, State
from kb.errors import StoreError


class Catalog(LookingUp):
    """Records of collections, documents, chunks, files and runs. Thread-safe.

    All reads in ``with catalog.reading() as state:`` see one state. Changes in ``with
    catalog.change() as change:`` become visible in one step at the end of the block, and any error
    undoes them. For a single read there are methods of the catalog itself.

    Other processes may change the catalog meanwhile. Changes require the store's write lock. Only
    jobs (:mod:`kb.queueing`), watched folders (:mod:`kb.watching`), keys (:mod:`kb.api_keys`),
    saved searches and conversations (:mod:`kb.remembering`) and judgements
    (:mod:`kb.own_questions`) change without it: they affect no search, and cancelling a job or
    revoking a key must not wait for a long commit.

    Args:
        path: the file; created if missing, migrated if an older release wrote it.
        refusal: why the catalog is read-only; empty if it is writable.
        in_place: whether the file is on a read-only disk: see
            :func:`kb.catalog.in_place.readable`.
        original: the path for messages if ``path`` is a copy.

    Attributes:
        path: the file.

    Raises:
        StoreVersionError: a newer release wrote it.
        StoreError: the file cannot be opened or is damaged.
    """

    def __init__(
        self,
        path: Path,
        *,
        refusal: str = "",
        in_place: bool = False,
        original: Path | None = None,
    ) -> None:
        self.path = path
        self._refusal = refusal
        self._connections = Connections(path, in_place=in_place, original=original)
        if in_place:
            return
        try:
            with self.reading() as state:
                current = state.has_current_terms()
            if not current:
                with self._changing() as change:
                    change.renew_terms()
                    change.renew_names()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[State]:
        """Yield reads that share one state of the catalog.

        Raises:
            StoreError: the catalog is closed, or the file failed.
        """
        with self._connections.read() as db:
            yield State(db)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Yield a change: visible in one step at the end of the block, undone on any error.

        Raises:
            StoreError: the folder is read-only, the disk is full, or the file failed.
        """
        if self._refusal:
            raise StoreError(self._refusal)
        with self._changing() as change:
            yield change

    def compact(self) -> None:
        """Rewrite the file without the pages of deleted rows."""
        with self.change() as change:
            change.merge_keyword_indexes()
            change.merge_names()
        self._connections.vacuum()

    def close(self) -> None:
        """Release the file; the last process to do so folds SQLite's log into it."""
        self._connections.close()

    @contextmanager
    def _changing(self) -> Iterator[Change]:
        with self._connections.write() as db:
            yield Change(db)
