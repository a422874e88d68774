"""The catalog of a knowledge base: one SQLite file, read as states and changed in changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.catalog.connections import Connections
from kb.catalog.looking_up import LookingUp
from kb.catalog.state import Change, State
from kb.errors import StoreError


class Catalog(LookingUp):
    """What is known of collections, documents, chunks, files and runs. Thread-safe.

    ``with catalog.reading() as state:`` gives reads that all see one state, ``with
    catalog.change() as change:`` changes that become visible in one step at the end of the block
    and are undone by any error in it. Callers with a single question have a method for it.

    Other processes may change the catalog meanwhile. Who changes it holds the store's write lock.
    Only jobs (:mod:`kb.queueing`), keys (:mod:`kb.api_keys`), what people have remembered
    (:mod:`kb.remembering`) and judged (:mod:`kb.own_questions`) change without it: they concern
    nothing that can be found, and who cancels or revokes one must not wait for a long commit.

    Args:
        path: the file; made if it is not there, brought forward if an older release wrote it.
        refusal: why nothing may be changed; empty where it may.
        in_place: the file is on a read-only disk: see :func:`kb.catalog.in_place.readable`.
        original: what messages name where ``path`` is a copy.

    Attributes:
        path: the file.

    Raises:
        StoreVersionError: a newer release wrote it.
        StoreError: it cannot be opened or is damaged.
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
        """Give reads that share one state of the catalog.

        Raises:
            StoreError: the catalog is closed, or the file failed.
        """
        with self._connections.read() as db:
            yield State(db)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Give a change: visible in one step at the end of the block, undone on any error.

        Raises:
            StoreError: the folder is read-only, the disk is full, or the file failed.
        """
        if self._refusal:
            raise StoreError(self._refusal)
        with self._changing() as change:
            yield change

    def compact(self) -> None:
        """Rewrite the file without the pages of what was deleted."""
        with self.change() as change:
            change.merge_keyword_indexes()
            change.merge_names()
        self._connections.vacuum()

    def close(self) -> None:
        """Release the file; the last one to do so folds SQLite's log into it."""
        self._connections.close()

    @contextmanager
    def _changing(self) -> Iterator[Change]:
        with self._connections.write() as db:
            yield Change(db)
