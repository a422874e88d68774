"""How every part of a store changes its catalog, and tells searches of it."""

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
    """The part of a store that the others stand on.

    Attributes:
        catalog: what is known.
        vectors: what finds it.
        lock: held by whoever changes the catalog, jobs and keys aside (:mod:`kb.queueing`,
            :mod:`kb.api_keys`).
        snapshot: what stands for a folder that is read-only; None for others.
    """

    catalog: Catalog
    vectors: PlacedVectors
    lock: WriteLock
    snapshot: Snapshot | None

    def require_writable(self) -> None:
        """Refuse what would change the store, before any of it is done.

        Raises:
            StoreError: the folder is read-only.
        """
        if self.snapshot:
            raise StoreError(self.snapshot.refusal)

    @contextmanager
    def change_catalog(self) -> Iterator[Change]:
        """Give a change of the catalog inside the write lock.

        Searches that are open are not told of it, and vectors stay as they are.
        """
        with self.lock.hold(), self.catalog.change() as change:
            yield change

    @contextmanager
    def change_searchable(self) -> Iterator[Change]:
        """Give a change of what can be found inside the write lock; all searches are told of it."""
        with self.change_catalog() as change:
            yield change
            change.count_generation()

    def tell_searches(self) -> None:
        """Tell the searches of all processes that what can be found has changed already."""
        with self.change_searchable():
            pass

    @abstractmethod
    def tidy(self) -> None:
        """Do what a change of the catalog leaves to be done in the vector stores."""

    @abstractmethod
    def _give_turn(self) -> None:
        """Let others write."""
