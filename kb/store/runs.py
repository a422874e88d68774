"""Running ingestions, and detection of interrupted ones.

A run holds a locked file of its own for its lifetime. The operating system releases the lock when
its process dies. So a run that is recorded as ``running`` without a lock was interrupted.
:mod:`kb.catalog.runs` keeps the history of runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kb.catalog.numbers import storable
from kb.catalog.runs import RunInfo, RunStatus
from kb.errors import SettingsError
from kb.locked_files import LockedFile
from kb.records import CollectionInfo
from kb.store.store import Store


class RunRecord:
    """A running ingestion. End it with :meth:`end`; if its process dies, it counts as interrupted.

    ``collection`` is its target, even if renamed.
    """

    def __init__(
        self,
        store: Store,
        run_id: int,
        collection: CollectionInfo,
        lock: LockedFile,
        summary: dict[str, Any],
    ) -> None:
        self.id = run_id
        self.collection = collection
        self._store = store
        self._lock = lock
        self._summary = summary

    def end(self, status: RunStatus, summary: Mapping[str, Any]) -> None:
        """Record how the run ended; ``summary`` has the fields of :class:`RunInfo`."""
        with self._store.change_catalog() as change:
            change.end_run(self.id, status, {**self._summary, **summary})
        self.release()

    def release(self) -> None:
        """Release the run; one that has not ended counts as interrupted from now on."""
        self._lock.remove()


def begin(store: Store, collection: CollectionInfo, paths: Sequence[str]) -> RunRecord:
    """Record the start of a run."""
    summary = {"paths": list(paths)}
    with store.lock.hold():
        _settle(store)
        with store.catalog.change() as change:
            run_id = change.begin_run(collection.id, summary)
            # Inside the change: nobody sees the run before it is locked.
            lock = LockedFile.new(_lock_path(store, run_id))
    return RunRecord(store, run_id, collection, lock, summary)


def listed(
    store: Store, *, limit: int | None = None, collections: Sequence[str] | None = None
) -> list[RunInfo]:
    """Return the runs of all collections, or of those of some names, newest first.

    Raises:
        SettingsError: ``limit`` is below 1.
    """
    if limit is not None and limit < 1:
        msg = f"the limit of runs must be 1 or more, but is {storable(limit)}"
        raise SettingsError(msg)
    with store.catalog.reading() as state:
        running = state.running_runs()
    if running and store.snapshot is None:
        with store.lock.hold():
            _settle(store)
    with store.catalog.reading() as state:
        found = state.runs(limit=limit, collections=collections)
    if store.snapshot is None:
        return found
    # Nothing runs in a read-only store.
    return [replace(run, status="interrupted") if run.status == "running" else run for run in found]


def _settle(store: Store) -> None:
    """Mark runs of dead processes as interrupted; call it inside the write lock."""
    with store.catalog.reading() as state:
        running = state.running_runs()
    for run_id in running:
        lock = LockedFile(_lock_path(store, run_id))
        if not lock.take():
            continue
        with store.catalog.change() as change:
            change.interrupt_run(run_id)
        lock.remove()


def _lock_path(store: Store, run_id: int) -> Path:
    return store.folder / f"run-{run_id}.lock"
