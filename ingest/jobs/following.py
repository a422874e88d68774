"""Follows one watched folder: a run now, then one after every burst of changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ingest.finding.names import as_text
from ingest.mishaps import recorded
from ingest.options import IngestOptions
from ingest.pipeline.report import IngestReport
from ingest.pipeline.sentences import Refining
from ingest.results import FileEvent
from ingest.run import ingest
from ingest.watch import Watcher
from kb.catalog.watched_folders import FolderFailure, FolderRun, FolderState, WatchedFolder
from kb.errors import CollectionGoneError, KnowledgeBaseError, StoreError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo, CollectionRef, Source

Turn = Callable[[threading.Event], AbstractContextManager[bool]]
"""Waits until nobody else ingests; returns False if the event is set before."""

MOST_NAMES = 100
"""Most files of each kind in the record of a run."""

_MISSING_S = 1.0
_SETTLED = frozenset({"stored", "unchanged", "failed"})

_log = logging.getLogger(__name__)


class Follower:
    """The thread that keeps a collection in step with one folder.

    It removes deleted files: those that it saw go at once, and those deleted while nobody watched.
    A run that misses more than half of the folder's files without having seen them go removes none,
    unless the folder is ``forced``.

    Args:
        base: the knowledge base for the documents.
        folder: its state at the beginning.
        turn: see :data:`Turn`.
        retry: let the first run read failed files again.
        refined: receives a collection whose sentences are left for the time between jobs.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        folder: WatchedFolder,
        *,
        turn: Turn,
        retry: bool,
        refined: Callable[[], None],
    ) -> None:
        self.folder = folder
        self.failed = False
        self._base = base
        self._turn = turn
        self._retry = retry
        self._refined = refined
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._state: FolderState = "waiting"
        self._error = ""
        self._files: dict[Source, bool] = {}
        self._began = datetime.now(UTC)
        self._noted: tuple[FolderState, str, int, int] | None = None
        self._thread = threading.Thread(target=self._run, name=f"folder-{folder.id}", daemon=True)

    def start(self) -> None:
        """Begin to follow the folder."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the thread, after the present commit."""
        self._stop.set()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait for the thread's end."""
        self._thread.join(timeout_s)

    def note(self) -> None:
        """Save the folder's state if it has changed.

        Raises:
            StoreError: the state cannot be saved.
        """
        with self._mutex:
            state, error = self._state, self._error
            done, total = sum(self._files.values()), len(self._files)
        if state == "in_step" and not Path(self.folder.path).is_dir():
            state = "missing"
        told = (state, error, done, total)
        if told != self._noted and not self._stop.is_set():
            self._base.watched.note(self.folder.id, state, error=error, done=done, total=total)
            self._noted = told

    def _run(self) -> None:
        try:
            self._follow()
        except CollectionGoneError:
            self.failed = True  # after a re-embedding, another follower fills the new collection
        except KnowledgeBaseError as error:
            self.failed = True
            self._be("failed", str(error))
        except Exception as error:  # noqa: BLE001 - a bug must show, not end the thread unseen
            self.failed = True
            number = recorded("following a folder", error).number
            self._be("failed", f"unexpected error {number}; the log says more under this number")
        try:
            self.note()
        except StoreError as error:
            _log.warning("the state of %s was not written down: %s", self.folder.path, error)

    def _follow(self) -> None:
        path = Path(self.folder.path)
        while not path.is_dir():
            self._be("missing")
            if self._stop.wait(_MISSING_S):
                return
        self._be("waiting")
        Watcher(
            self._base,
            [path],
            collection=self._collection(),
            options=IngestOptions(prune=True, force_prune=self.folder.forced, retry=self._retry),
            on_report=self._on_report,
            on_error=lambda error: self._be("failed", str(error)),
            on_remark=lambda remark: _log.info("%s", remark),
            stop=self._stop,
            ingesting=self._ingest,
        ).run()

    def _collection(self) -> CollectionInfo:
        """Return the folder's collection; create it if necessary.

        Raises:
            CollectionGoneError: it was deleted.
        """
        now = self._base.watched.get(self.folder.id)
        if now is None:
            msg = f"the collection {self.folder.collection!r} was deleted meanwhile"
            raise CollectionGoneError(msg)
        held = self._base.held(now.collection)
        found = self._base.indexing.writable_collection(held)
        if now.collection_id is None:
            self._base.watched.place(now.id, found)
        return found

    def _ingest(
        self, present: Sequence[Path], collection: CollectionRef, options: IngestOptions
    ) -> IngestReport:
        self._be("waiting")
        with self._turn(self._stop) as is_ours:
            if not is_ours:
                return IngestReport(
                    collection=self.folder.collection, files=(), seconds=0, interrupted=True
                )
            with self._mutex:
                self._files.clear()
            self._began = datetime.now(UTC)
            self._be("reading")
            forced, retry = self.folder.forced, self._retry
            # A person's permission or wish is for one run: the folder may differ tomorrow.
            report = ingest(
                self._base,
                present,
                collection=collection,
                options=replace(options, force_prune=forced and options.prune, retry=retry),
                on_event=self._on_event,
                cancel=self._stop,
                refining=Refining(wanted=False),
            )
            if not report.interrupted:
                self.folder, self._retry = replace(self.folder, forced=False), False
            return report

    def _on_event(self, event: FileEvent) -> None:
        with self._mutex:
            done = event.stage in _SETTLED
            self._files[event.source] = done or self._files.get(event.source, False)

    def _on_report(self, report: IngestReport) -> None:
        if report.interrupted:
            return
        self._base.watched.end_run(self.folder.id, _record(report, self._began))
        self._be("in_step")
        if report.unrefined:
            self._refined()

    def _be(self, state: FolderState, error: str = "") -> None:
        with self._mutex:
            self._state, self._error = state, error
            if state != "reading":
                self._files.clear()


def _record(report: IngestReport, began: datetime) -> FolderRun:
    history = report.history()
    left_out = dict(list(history["left_out"].items())[:MOST_NAMES])
    return FolderRun(
        began_at=began,
        ended_at=datetime.now(UTC),
        counts=history["counts"],
        failures=tuple(
            FolderFailure(
                path=as_text(each.source.path), reason=each.reason, reason_code=each.reason_code
            )
            for each in report.failures[:MOST_NAMES]
        ),
        gone=tuple(history["gone"][:MOST_NAMES]),
        gone_count=len(history["gone"]),
        left_out=left_out,
    )
