"""Changes of a store's catalog that tell searches about themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from kb.catalog.catalog import Catalog
from kb.catalog.state import Change
from kb.errors import StoreError
from kb.store.lock import WriteLock
from kb.store.placing import PlacedVectors
from kb.store.snapshot import Snapshot


class Changing(ABC):
    """The base of all parts of a store.

    Attributes:
        catalog: the catalog.
        vectors: the vectors.
        lock: the write lock, for all changes of the catalog but those of jobs and keys
            (:mod:`kb.queueing`, :mod:`kb.api_keys`).
        snapshot: the snapshot of a read-only folder; None for others.
    """

    catalog: Catalog
    vectors: PlacedVectors
    lock: WriteLock
    snapshot: Snapshot | None

    def require_writable(self) -> None:
        """Refuse a change of the store before any part of it is done.

        Raises:
            StoreError: the folder is read-only.
        """
        if self.snapshot:
            raise StoreError(self.snapshot.refusal)

    @contextmanager
    def change_catalog(self) -> Iterator[Change]:
        """Yield a change of the catalog inside the write lock.

        Open searches are not told of it, and vectors stay as they are.
        """
        with self.lock.hold(), self.catalog.change() as change:
            yield change

    @contextmanager
    def change_searchable(self) -> Iterator[Change]:
        """Yield a change of searchable data inside the write lock; all searches are told of it."""
        with self.change_catalog() as change:
            yield change
            change.count_generation()

    def tell_searches(self) -> None:
        """Tell the searches of all processes that searchable data has changed."""
        with self.change_searchable():
            pass

    @abstractmethod
    def tidy(self) -> None:
        """Do the work that a change of the catalog leaves for the vector stores."""

    @abstractmethod
    def _give_turn(self) -> None:
        """Let other writers have their turn."""
